//! Rewrites the password fields in a configuration's JSON text, and leaves every other byte of it alone.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use crate::transport::{PREFIX, Plaintext};

/// A JSON text with its password fields sealed, and which fields those are.
pub(super) struct Sealed {
    /// The text.
    pub(super) json: Zeroizing<String>,
    /// Fields that were left because what they hold is marked as sealed already.
    pub(super) left: Vec<String>,
}

/// The fields that a configuration may have.
#[derive(Default)]
pub(super) struct Fields {
    /// Those that are passwords.
    pub(super) passwords: BTreeSet<String>,
    /// All others.
    others: BTreeSet<String>,
}

impl Fields {
    /// Adds a field. What is a password by one of two tellings, is one.
    pub(super) fn insert(&mut self, name: String, password: bool) {
        if password { &mut self.passwords } else { &mut self.others }.insert(name);
    }

    /// These and those.
    pub(super) fn with(mut self, Self { passwords, others }: Self) -> Self {
        self.passwords.extend(passwords);
        self.others.extend(others);
        self
    }

    fn known(&self, name: &str) -> bool {
        self.passwords.contains(name) || self.others.contains(name)
    }
}

/// Why a JSON text could not be sealed: told without any value that stands in it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NotSealable {
    /// No JSON object; the place of what is wrong, counted from 1.
    NotAnObject { line: usize, column: usize },
    /// This name at its top is no field's: a password under a misspelt name would leave the machine in clear.
    Unknown(String),
    /// None of the password fields stands in it.
    NoneThere,
    /// This password field holds something that is no text.
    NoText(String),
    /// The text in this password field holds a character that XML cannot carry, or half of a surrogate pair.
    NotCarried(String),
    /// The cipher refused.
    Cipher(String),
}

/// Seals each of the `passwords` that stands at the top of the JSON object, however often. JSON `null` stays, since it
/// asks for a removal, and so does a text that is marked as sealed already. A name that no field has is refused, also
/// where the template leaves further fields open: what stands under it cannot be told from a password.
pub(super) fn sealed(
    json: &str,
    fields: &Fields,
    seal: impl Fn(&str, &Plaintext) -> Option<String>,
) -> Result<Sealed, NotSealable> {
    let Members(members) = serde_json::from_str(json)
        .map_err(|error| NotSealable::NotAnObject { line: error.line(), column: error.column() })?;
    let (mut text, mut left, mut done) =
        (Zeroizing::new(String::with_capacity(json.len() * 2)), Vec::new(), 0);
    if let Some((name, _)) = members.iter().find(|(name, _)| !fields.known(name)) {
        return Err(NotSealable::Unknown(name.clone()));
    }
    let passwords: Vec<_> =
        members.into_iter().filter(|(field, _)| fields.passwords.contains(field)).collect();
    if passwords.is_empty() {
        return Err(NotSealable::NoneThere);
    }
    for (field, value) in passwords {
        let written = value.get();
        let Some(given) = given(&field, written)? else { continue };
        if given.starts_with(PREFIX) {
            left.push(field);
            continue;
        }
        let plain = Plaintext::new(&given).map_err(|_| NotSealable::NotCarried(field.clone()))?;
        let value = seal(&field, &plain).ok_or(NotSealable::Cipher(field))?;
        // `written` is a part of `json`: where it begins is told by the addresses of the two.
        let start = written.as_ptr().addr() - json.as_ptr().addr();
        text.push_str(json.get(done..start).unwrap_or_default());
        // The sealed form has no character that JSON would have escaped.
        text.extend(["\"", &value, "\""]);
        done = start + written.len();
    }
    text.push_str(json.get(done..).unwrap_or_default());
    Ok(Sealed { json: text, left })
}

/// The text of a password field; `None` where it is `null`.
fn given(field: &str, written: &str) -> Result<Option<Zeroizing<String>>, NotSealable> {
    if written == "null" {
        return Ok(None);
    }
    if !written.starts_with('"') {
        return Err(NotSealable::NoText(field.to_owned()));
    }
    // The error could quote the text, and is dropped for that reason.
    let text = serde_json::from_str(written).map_err(|_| NotSealable::NotCarried(field.to_owned()))?;
    Ok(Some(Zeroizing::new(text)))
}

/// The members of a JSON object as they are written, in order, those given twice included.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Written;

        impl<'de> Visitor<'de> for Written {
            type Value = Vec<(String, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(members)
            }
        }

        deserializer.deserialize_map(Written).map(Self)
    }
}

impl fmt::Display for NotSealable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAnObject { line, column } => {
                write!(f, "it is no JSON object (line {line}, column {column} of the JSON)")
            }
            Self::Unknown(name) => write!(
                f,
                "{name:?} is no field of the type, and none that is stored: is it misspelt? What stands under it would be \
                 sent in clear"
            ),
            Self::NoneThere => f.write_str("it has none of the type's password fields"),
            Self::NoText(field) => write!(f, "the password field {field} holds something that is no text"),
            Self::NotCarried(field) => {
                write!(f, "the password field {field} holds a character that XML 1.0 cannot carry")
            }
            Self::Cipher(field) => write!(f, "the password field {field} could not be sealed"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// P and Q are passwords, and some others none.
    fn fields() -> Fields {
        let mut fields = Fields::default();
        for (name, password) in [("P", true), ("Q", true), ("a", false), ("n", false), ("o", false)] {
            fields.insert(name.to_owned(), password);
        }
        // Another telling, as where a value is sealed that the template marks no more.
        fields.insert("Q".to_owned(), false);
        fields
    }

    /// Seals P and Q into a form that shows what was sealed.
    fn shown(json: &str) -> Result<(String, Vec<String>), NotSealable> {
        let shown =
            |field: &str, plain: &Plaintext| Some(format!("{field}={}", plain.as_str().to_uppercase()));
        sealed(json, &fields(), shown).map(|sealed| (sealed.json.to_string(), sealed.left))
    }

    #[test]
    fn password_fields_are_sealed_and_every_other_byte_stays() {
        let json = " {\n\t\"a\" : \"P\", \"P\" :  \"x\\u0079\\n\\\"\" ,\"n\":1.50e1, \"o\": {\"P\":\"deep\"}, \"Q\":\"\"}\r\n";
        let expected = " {\n\t\"a\" : \"P\", \"P\" :  \"P=XY\n\"\" ,\"n\":1.50e1, \"o\": {\"P\":\"deep\"}, \"Q\":\"Q=\"}\r\n";
        assert_eq!(shown(json), Ok((expected.to_owned(), vec![])));
    }

    #[test]
    fn null_stays_and_so_does_what_is_marked_as_sealed() {
        let json = r#"{"P":null,"Q":"enc:v1:AAAA"}"#;
        assert_eq!(shown(json), Ok((json.to_owned(), vec!["Q".to_owned()])));
        assert_eq!(shown(r#"{"P": null , "a":1}"#), Ok((r#"{"P": null , "a":1}"#.to_owned(), vec![])));
    }

    #[test]
    fn a_field_given_twice_or_written_with_escapes_is_sealed_as_well() {
        let json = r#"{"P":"a","\u0050":"b"}"#;
        assert_eq!(shown(json), Ok((r#"{"P":"P=A","\u0050":"P=B"}"#.to_owned(), vec![])));
    }

    #[test]
    fn what_cannot_be_sealed_is_refused_without_being_quoted() {
        let no_text = || NotSealable::NoText("P".to_owned());
        let not_carried = || NotSealable::NotCarried("P".to_owned());
        for (json, expected) in [
            ("{\n\"P\":\"cAnArY", NotSealable::NotAnObject { line: 2, column: 11 }),
            ("[\"cAnArY\"]", NotSealable::NotAnObject { line: 1, column: 0 }),
            ("\"cAnArY\"", NotSealable::NotAnObject { line: 1, column: 8 }),
            ("{\"a\":\"cAnArY\"}", NotSealable::NoneThere),
            ("{\"p\":\"cAnArY\"}", NotSealable::Unknown("p".to_owned())),
            ("{\"P\":\"x\",\"q\":\"cAnArY\"}", NotSealable::Unknown("q".to_owned())),
            ("{\"\\u0071\":\"cAnArY\",\"P\":7}", NotSealable::Unknown("q".to_owned())),
            ("{\"P\":7}", no_text()),
            ("{\"P\":true}", no_text()),
            ("{\"P\":[\"cAnArY\"]}", no_text()),
            ("{\"P\":{\"cAnArY\":1}}", no_text()),
            ("{\"P\":\"cAnArY\\u0000\"}", not_carried()),
            ("{\"P\":\"cAnArY\\ud800\"}", not_carried()),
        ] {
            let error = shown(json).unwrap_err();
            assert!(!error.to_string().contains("cAnArY"), "{error}");
            assert_eq!(error, expected, "{json}");
        }
    }
}
