//! Why a text is no JSON of ours: the rule and the place, never the text.

use std::fmt;

use thiserror::Error;

use super::JSON_DEPTH_MAX;
use super::number::NumberError;

/// Longest part of a key that an error shows, in Unicode scalar values.
const KEY_CHARS_SHOWN_MAX: usize = 64;

/// The rule that a JSON text breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum JsonRule {
    /// The text ends within a value.
    #[error("the text ends too early")]
    Incomplete,
    /// No value begins here.
    #[error("a JSON value is expected here")]
    ValueExpected,
    /// An object's key or its end is missing.
    #[error("a key in double quotes, or the object's end, is expected here")]
    KeyExpected,
    /// The colon after a key is missing.
    #[error("a colon is expected after the key")]
    ColonExpected,
    /// Neither a comma nor the end of the array or object.
    #[error("a comma, or the end of the array or object, is expected here")]
    CommaExpected,
    /// Something follows the value.
    #[error("nothing may follow the JSON value")]
    Trailing,
    /// One key twice in one object.
    #[error("the key is given twice")]
    DuplicateKey,
    /// Arrays and objects nest too deep.
    #[error("arrays and objects nest deeper than {JSON_DEPTH_MAX}")]
    TooDeep,
    /// A control character stands in a string without an escape.
    #[error("a control character in a string must be escaped")]
    ControlCharacter,
    /// A backslash that begins no escape of JSON.
    #[error("the string holds an escape that JSON does not know")]
    Escape,
    /// Half of a surrogate pair.
    #[error("the string holds half of a surrogate pair")]
    LoneSurrogate,
    /// A character that no answer could show.
    #[error("the string or key holds a character that XML 1.0 cannot carry")]
    NotForXml,
    /// A number that is none, or that has no normal form.
    #[error(transparent)]
    Number(#[from] NumberError),
}

/// A step on the way to a place in a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The value of a key.
    Key(String),
    /// An item of an array, from 0.
    Index(usize),
}

/// A text that is no JSON, or has no normal form. It never quotes a value: the value may be a password.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{rule} ({place})")]
pub struct JsonError {
    rule: JsonRule,
    place: Place,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    pointer: String,
    line: usize,
    column: usize,
}

impl JsonError {
    /// An error of the document's rest, after `before`.
    pub(super) fn new(rule: JsonRule, before: &str, path: &[Step]) -> Self {
        let line = before.matches('\n').count().saturating_add(1);
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count().saturating_add(1);
        Self { rule, place: Place { pointer: pointer(path), line, column } }
    }

    /// The rule that the text breaks.
    #[must_use]
    pub const fn rule(&self) -> JsonRule {
        self.rule
    }

    /// Line of the place, from 1.
    #[must_use]
    pub const fn line(&self) -> usize {
        self.place.line
    }

    /// Column of the place, from 1, in Unicode scalar values.
    #[must_use]
    pub const fn column(&self) -> usize {
        self.place.column
    }

    /// The keys that lead to the place, as a JSON pointer (RFC 6901), long keys cut; empty at the top.
    #[must_use]
    pub fn pointer(&self) -> &str {
        &self.place.pointer
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.pointer.is_empty() {
            write!(f, "at {}, ", self.pointer)?;
        }
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

fn pointer(path: &[Step]) -> String {
    path.iter().fold(String::new(), |mut text, step| {
        text.push('/');
        match step {
            Step::Index(index) => text.push_str(&index.to_string()),
            Step::Key(key) => {
                let shown: String = key.chars().take(KEY_CHARS_SHOWN_MAX).collect();
                text.push_str(&shown.replace('~', "~0").replace('/', "~1"));
            }
        }
        text
    })
}
