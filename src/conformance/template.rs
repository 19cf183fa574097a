//! Texts of the corpus with their placeholders, and what fills these in.

use std::collections::BTreeMap;

use zeroize::Zeroizing;

use super::kind::Kind;
use crate::sessions::TransportKey;
use crate::transport;

/// Longest text that is made of one that is repeated.
const REPEATED_BYTES_MAX: usize = 4 << 20;

/// A text with placeholders, in pieces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Template(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    /// Stands for itself.
    Text(String),
    /// The value of this name.
    Value(String),
    /// A text so many times.
    Repeat(usize, String),
    /// A text sealed under the key of this name.
    Seal(Sealed),
    /// A value that opens to a text.
    Opens(Sealed),
    /// Any value of a kind, which gets a name.
    Any(Kind, Option<String>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Sealed {
    key: String,
    field: String,
    text: String,
}

/// The values that have names.
#[derive(Clone, Default)]
pub(super) struct Values(BTreeMap<String, Value>);

#[derive(Clone)]
struct Value {
    text: Zeroizing<String>,
    is_secret: bool,
}

/// What a template says of a value that came.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is as it must be.
    Equal,
    /// So it is, and has this name from here on.
    Named(String, Kind),
    /// It is not; this was expected.
    Differs(String),
}

impl Template {
    /// Reads a text of the corpus.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once("{{") {
            let (inside, after) =
                behind.split_once("}}").ok_or_else(|| "a placeholder is not closed".to_owned())?;
            if !before.is_empty() {
                pieces.push(Piece::Text(before.to_owned()));
            }
            pieces.push(Piece::read(inside).ok_or_else(|| format!("{{{{{inside}}}}} is no placeholder"))?);
            rest = after;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        Ok(Self(pieces))
    }

    /// Whether all of it stands for one value that is not known.
    fn any(&self) -> Option<(&Kind, Option<&str>)> {
        match self.0.as_slice() {
            [Piece::Any(kind, name)] => Some((kind, name.as_deref())),
            _ => None,
        }
    }

    fn opens(&self) -> Option<&Sealed> {
        match self.0.as_slice() {
            [Piece::Opens(sealed)] => Some(sealed),
            _ => None,
        }
    }
}

impl Piece {
    fn read(inside: &str) -> Option<Self> {
        if let Some(rest) = inside.strip_prefix("repeat:") {
            let (count, text) = rest.split_once(':')?;
            let count: usize = count.parse().ok()?;
            return (count.checked_mul(text.len())? <= REPEATED_BYTES_MAX)
                .then(|| Self::Repeat(count, text.to_owned()));
        }
        if let Some(rest) = inside.strip_prefix("seal:") {
            return Sealed::read(rest).map(Self::Seal);
        }
        if let Some(rest) = inside.strip_prefix("opens:") {
            return Sealed::read(rest).map(Self::Opens);
        }
        if inside.starts_with("after:") || inside.starts_with("beyond:") {
            return Some(Self::Any(Kind::named(inside)?, None));
        }
        match inside.split_once('=') {
            Some(("", kind)) => Some(Self::Any(Kind::named(kind)?, None)),
            Some((name, kind)) if is_name(name) => Some(Self::Any(Kind::named(kind)?, Some(name.to_owned()))),
            Some(_) => None,
            None => is_name(inside).then(|| Self::Value(inside.to_owned())),
        }
    }
}

impl Sealed {
    fn read(text: &str) -> Option<Self> {
        let (key, rest) = text.split_once(':')?;
        let (field, text) = rest.split_once(':')?;
        is_name(key).then(|| Self { key: key.to_owned(), field: field.to_owned(), text: text.to_owned() })
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
}

impl Values {
    /// Gives a value a name.
    pub(super) fn insert(&mut self, name: &str, text: &str, is_secret: bool) {
        self.0.insert(name.to_owned(), Value { text: Zeroizing::new(text.to_owned()), is_secret });
    }

    /// Forgets the values whose names are not among these.
    pub(super) fn keep(&mut self, is_kept: impl Fn(&str) -> bool) {
        self.0.retain(|name, _| is_kept(name));
    }

    /// The value of a name.
    pub(super) fn get(&self, name: &str) -> Result<&str, String> {
        let value = self.0.get(name).ok_or_else(|| format!("{name} has no value here"))?;
        Ok(&value.text)
    }

    /// The template's text, for a request's body: what is filled in is text there, and no markup.
    pub(super) fn body(&self, template: &Template) -> Result<Zeroizing<String>, String> {
        self.fill(template, |value, text| value.push_str(&quick_xml::escape::escape(text)))
    }

    /// The template's text, for anything else.
    pub(super) fn text(&self, template: &Template) -> Result<Zeroizing<String>, String> {
        self.fill(template, |value, text| value.push_str(text))
    }

    fn fill(
        &self,
        Template(pieces): &Template,
        add: impl Fn(&mut String, &str),
    ) -> Result<Zeroizing<String>, String> {
        let mut filled = Zeroizing::new(String::new());
        for piece in pieces {
            match piece {
                Piece::Text(text) => filled.push_str(text),
                Piece::Value(name) => add(&mut filled, self.get(name)?),
                Piece::Repeat(count, text) => filled.push_str(&text.repeat(*count)),
                Piece::Seal(sealed) => filled.push_str(&self.seal(sealed)?),
                Piece::Opens(_) | Piece::Any(..) => {
                    return Err("a placeholder for what is not known has no place here".to_owned());
                }
            }
        }
        Ok(filled)
    }

    /// Holds a value that came against what was expected.
    pub(super) fn judge(&self, template: &Template, came: &str) -> Result<Verdict, String> {
        let verdict = |holds: bool, expected: &dyn Fn() -> String| {
            if holds { Verdict::Equal } else { Verdict::Differs(expected()) }
        };
        if let Some((kind, name)) = template.any() {
            let known = kind.known().map(|name| self.get(name)).transpose()?;
            return Ok(match name {
                Some(name) if kind.holds(came, known) => Verdict::Named(name.to_owned(), kind.clone()),
                _ => verdict(kind.holds(came, known), &|| kind.told()),
            });
        }
        if let Some(sealed) = template.opens() {
            let key = self.key(&sealed.key)?;
            let opened = transport::open(&key, &sealed.field, came);
            let holds = opened.is_ok_and(|plain| plain.as_str() == sealed.text);
            let expected = || format!("a value that opens to {:?} under {}", sealed.text, sealed.key);
            return Ok(verdict(holds, &expected));
        }
        let expected = self.text(template)?;
        Ok(verdict(*expected == came, &|| format!("{:?}", self.shown(&expected))))
    }

    /// A text that may be shown: one with a secret in it may not.
    pub(super) fn shown(&self, text: &str) -> String {
        if self.hold_secret_of(text) { "(a secret, not shown)".to_owned() } else { text.to_owned() }
    }

    /// Whether the value of a session, a key or a password stands in a text.
    pub(super) fn hold_secret_of(&self, text: &str) -> bool {
        let mut secrets = self.0.values().filter(|value| value.is_secret && !value.text.is_empty());
        secrets.any(|secret| text.contains(secret.text.as_str()))
    }

    /// The template's text with samples in the place of all that differs from run to run: `message` is that of messages.
    #[cfg(test)]
    pub(super) fn sample(&self, Template(pieces): &Template, message: &str) -> String {
        let value =
            |name: &str| self.get(name).unwrap_or_else(|why| panic!("samples.json: {why}")).to_owned();
        let mut text = String::new();
        for piece in pieces {
            text.push_str(&match piece {
                Piece::Text(text) => text.clone(),
                Piece::Value(name) | Piece::Any(_, Some(name)) => value(name),
                Piece::Repeat(_, repeated) => format!("{repeated}…"),
                Piece::Seal(sealed) | Piece::Opens(sealed) => {
                    self.seal(sealed).unwrap_or_else(|why| panic!("samples.json: {why}"))
                }
                Piece::Any(Kind::Message | Kind::MessageWith(_), None) => message.to_owned(),
                Piece::Any(kind, None) => kind.sample().to_owned(),
            });
        }
        text
    }

    fn seal(&self, sealed: &Sealed) -> Result<String, String> {
        // Also what no server may take: how it refuses that is part of the contract.
        transport::seal_bytes(&self.key(&sealed.key)?, &sealed.field, sealed.text.as_bytes())
            .map_err(|_| "the text could not be sealed".to_owned())
    }

    fn key(&self, name: &str) -> Result<TransportKey, String> {
        TransportKey::from_base64(self.get(name)?).ok_or_else(|| format!("{name} is no TransportKey"))
    }
}
