//! `Json`: a configuration part's JSON in normal form, the only form in which it is compared, hashed and stored.
//!
//! Normal form (`log.md`): object keys in byte order, each once; a number whose value is a 64-bit integer as that
//! integer, any other as the shortest text that reads back as the same f64, formatted as RFC 8785 (JCS) does; strings
//! with the fewest escapes (RFC 8785, 3.2.2.2); no white space. It is made here and not by `serde_json::Value`, whose
//! order of keys and whose numbers change with the features that other crates switch on.
//!
//! Values can be secrets: [`fmt::Debug`] shows kinds and sizes only, and no error quotes the text. [`fmt::Display`]
//! writes the normal text.

use std::collections::{BTreeMap, btree_map};
use std::fmt;

mod error;
mod number;
mod parse;
mod stored;
mod write;

#[cfg(test)]
mod tests;

pub use error::{JsonError, JsonRule};
pub use number::{Number, NumberError};

/// How deep arrays and objects may nest; a scalar alone has depth 0.
pub const JSON_DEPTH_MAX: usize = 32;

/// A JSON value in normal form. Two are equal when their normal texts are.
#[derive(Clone, PartialEq, Eq)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number in normal form.
    Number(Number),
    /// A text. [`Json::parse`] lets in only what XML can carry.
    String(String),
    /// Values in order.
    Array(Vec<Self>),
    /// Values by key.
    Object(Object),
}

impl Json {
    /// Reads strict JSON (RFC 8259).
    ///
    /// # Errors
    /// When the text is no JSON, or JSON that has no normal form here: a key twice, nesting beyond
    /// [`JSON_DEPTH_MAX`], an integer outside 64 bits, a number that would lose digits, a lone surrogate, or a
    /// character that XML 1.0 cannot carry. The error names rule and place, and never quotes a value.
    pub fn parse(text: &str) -> Result<Self, JsonError> {
        parse::document(text)
    }

    /// The normal text; what [`fmt::Display`] writes.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.to_string()
    }

    /// How many bytes the normal text has.
    #[must_use]
    pub fn text_bytes(&self) -> usize {
        let mut counted = write::Counted(0);
        // Counting does not fail.
        let _ = fmt::Write::write_fmt(&mut counted, format_args!("{self}"));
        counted.0
    }

    /// The text, if this is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        if let Self::String(text) = self { Some(text) } else { None }
    }

    /// The items, if this is an array.
    #[must_use]
    pub fn as_array(&self) -> Option<&[Self]> {
        if let Self::Array(items) = self { Some(items) } else { None }
    }

    /// The object, if this is one.
    #[must_use]
    pub const fn as_object(&self) -> Option<&Object> {
        if let Self::Object(object) = self { Some(object) } else { None }
    }

    /// The value of a key, if this is an object that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.as_object()?.get(key)
    }

    /// What JSON calls a value of this kind.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Number(_) => "number",
            Self::String(_) => "string",
            Self::Array(_) => "array",
            Self::Object(_) => "object",
        }
    }
}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null | Self::Bool(_) | Self::Number(_) => f.write_str(self.kind()),
            Self::String(text) => write!(f, "string({} bytes)", text.len()),
            Self::Array(items) => write!(f, "array({} items)", items.len()),
            Self::Object(object) => write!(f, "object({} keys)", object.len()),
        }
    }
}

impl From<bool> for Json {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

impl From<Number> for Json {
    fn from(number: Number) -> Self {
        Self::Number(number)
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<Object> for Json {
    fn from(object: Object) -> Self {
        Self::Object(object)
    }
}

/// The keys and values of a JSON object, in byte order of the keys.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Object(BTreeMap<String, Json>);

impl Object {
    /// An object without keys.
    #[must_use]
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Json> {
        self.0.get(key)
    }

    /// Whether the key is there.
    #[must_use]
    pub fn contains_key(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    /// Sets a key and returns the value it had.
    pub fn insert(&mut self, key: impl Into<String>, value: Json) -> Option<Json> {
        self.0.insert(key.into(), value)
    }

    /// Takes a key out and returns its value.
    pub fn remove(&mut self, key: &str) -> Option<Json> {
        self.0.remove(key)
    }

    /// Keys and values, in byte order of the keys.
    pub fn iter(&self) -> btree_map::Iter<'_, String, Json> {
        self.0.iter()
    }

    /// Keys and values that can be changed, in byte order of the keys.
    pub fn iter_mut(&mut self) -> btree_map::IterMut<'_, String, Json> {
        self.0.iter_mut()
    }

    /// The keys, in byte order.
    pub fn keys(&self) -> btree_map::Keys<'_, String, Json> {
        self.0.keys()
    }

    /// How many keys there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "object({} keys)", self.len())
    }
}

impl FromIterator<(String, Json)> for Object {
    fn from_iter<I: IntoIterator<Item = (String, Json)>>(entries: I) -> Self {
        Self(entries.into_iter().collect())
    }
}

impl IntoIterator for Object {
    type Item = (String, Json);
    type IntoIter = btree_map::IntoIter<String, Json>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Object {
    type Item = (&'a String, &'a Json);
    type IntoIter = btree_map::Iter<'a, String, Json>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}
