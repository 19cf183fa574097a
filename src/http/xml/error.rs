//! Why a document is refused as XML, and where. These texts reach clients: they name rules, never content.

use std::fmt;

use thiserror::Error;

use super::{ATTRIBUTES_MAX, ELEMENT_DEPTH_MAX, ELEMENTS_MAX, NAMESPACES_MAX, PROPERTIES_MAX};

/// How much of a name an error shows, in Unicode scalar values.
const SHOWN_NAME_CHARS_MAX: usize = 64;

/// The name of an element, attribute or property as errors show it: cut off after 64 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownName(String);

impl ShownName {
    /// Cuts the name to what is shown of it.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let mut shown: String = name.chars().take(SHOWN_NAME_CHARS_MAX).collect();
        if shown.len() < name.len() {
            shown.push('…');
        }
        Self(shown)
    }

    /// What is shown.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ShownName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.0)
    }
}

/// A place in a document, for people: both count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The line; CR, LF and CR LF each end one.
    pub line: usize,
    /// The column, in Unicode scalar values.
    pub column: usize,
}

impl Position {
    /// The place of a byte offset in the text. An offset within a character, or past the end, counts as the nearest
    /// place before it.
    pub(super) fn of(text: &str, offset: usize) -> Self {
        let mut end = offset.min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let before = text.get(..end).unwrap_or_default();
        let line_start = before.rfind(['\n', '\r']).map_or(0, |at| at + 1);
        let bytes = before.as_bytes();
        let breaks = bytes
            .iter()
            .enumerate()
            .filter(|&(at, &byte)| byte == b'\n' || (byte == b'\r' && bytes.get(at + 1) != Some(&b'\n')))
            .count();
        let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
        Self { line: breaks + 1, column }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// The rule that a document breaks. None of these names what it broke on: a value that was not escaped reads as markup,
/// and may be a password. Sections are those of XML 1.0 (fifth edition), "NS" of Namespaces in XML 1.0.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum XmlFault {
    /// Bytes that are no UTF-8.
    #[error("the document is not valid UTF-8")]
    NotUtf8,
    /// A byte order mark, a first character or a declaration of another encoding.
    #[error("the document must be encoded in UTF-8; other encodings are not accepted")]
    OtherEncoding,
    /// Outside production `Char` (2.2).
    #[error("a character that XML 1.0 cannot carry")]
    BadCharacter,
    /// No number, or the number of a character outside `Char` (4.1).
    #[error("a character reference that names no character that XML 1.0 can carry")]
    BadCharacterReference,
    /// An entity beyond the five predefined ones (4.6).
    #[error("an unknown entity; only lt, gt, amp, quot and apos are known")]
    UnknownEntity,
    /// A reference without its `;` (4.1).
    #[error("`&` without a complete reference; a plain ampersand is written `&amp;`")]
    BareAmpersand,
    /// Document type declarations are refused.
    #[error("document type declarations (DOCTYPE) are not accepted")]
    Doctype,
    /// Processing instructions are refused.
    #[error("processing instructions are not accepted")]
    ProcessingInstruction,
    /// The XML declaration (2.8, 2.9), with what is wrong.
    #[error("malformed XML declaration: {0}")]
    BadDeclaration(&'static str),
    /// The input ends inside an element or markup.
    #[error("the document ends before it is complete")]
    Truncated,
    /// Nothing but white space and comments.
    #[error("the document has no root element")]
    NoRoot,
    /// More than one root (2.1).
    #[error("a second root element")]
    SecondRoot,
    /// Anything but white space and comments before or after the root (2.1).
    #[error("text outside the root element")]
    TextOutsideRoot,
    /// Not a `QName` (NS 4).
    #[error("an element or attribute name is not a valid XML name")]
    BadName,
    /// A start tag (3.1), with what is wrong.
    #[error("malformed start tag: {0}")]
    BadTag(&'static str),
    /// `<` in an attribute's value (3.1).
    #[error("`<` in the value of an attribute; it is written `&lt;`")]
    LessThanInAttribute,
    /// One attribute twice, by its written or its expanded name (3.1, NS 6.3).
    #[error("an attribute is given twice")]
    DuplicateAttribute,
    /// A prefix that no declaration in scope binds (NS 5).
    #[error("a prefix is not declared")]
    UndeclaredPrefix,
    /// A namespace declaration that is not allowed (NS 3, NS 5), with what is wrong.
    #[error("namespace declaration not allowed: {0}")]
    BadNamespace(&'static str),
    /// An end tag of another name than its start tag (3).
    #[error("an end tag does not match its start tag")]
    MismatchedEnd,
    /// `]]>` in text (2.4).
    #[error("`]]>` in text; it is written `]]&gt;`")]
    CdataEndInText,
    /// `--` in a comment (2.5).
    #[error("`--` inside a comment")]
    BadComment,
    /// `<!` that begins neither a comment nor CDATA.
    #[error("unknown markup after `<`")]
    BadMarkup,
    /// Past [`ELEMENT_DEPTH_MAX`].
    #[error("elements are nested more than {ELEMENT_DEPTH_MAX} deep")]
    TooDeep,
    /// Past [`ELEMENTS_MAX`].
    #[error("more than {ELEMENTS_MAX} elements")]
    TooManyElements,
    /// Past [`ATTRIBUTES_MAX`].
    #[error("an element has more than {ATTRIBUTES_MAX} attributes")]
    TooManyAttributes,
    /// Past [`NAMESPACES_MAX`].
    #[error("more than {NAMESPACES_MAX} namespace declarations in scope")]
    TooManyNamespaces,
    /// Past [`PROPERTIES_MAX`].
    #[error("more than {PROPERTIES_MAX} properties")]
    TooManyProperties,
}

/// A document refused: the rule, and where it is broken.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{position}: {fault}")]
pub struct XmlError {
    /// The rule.
    pub fault: XmlFault,
    /// Where.
    pub position: Position,
}

/// A fault at a byte offset, before the offset is turned into line and column.
#[derive(Debug)]
pub(super) struct FaultAt {
    pub(super) fault: XmlFault,
    pub(super) offset: usize,
}

impl XmlFault {
    /// The fault, at a byte offset.
    pub(super) fn at(self, offset: usize) -> FaultAt {
        FaultAt { fault: self, offset }
    }
}
