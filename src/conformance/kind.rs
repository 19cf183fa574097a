//! What kinds of values a response may hold in the place of one that nobody can foresee.

use crmconf_events::ConfigurationId;

use crate::sessions::TransportKey;

/// A kind of value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Session,
    Nonce,
    Key,
    Configuration,
    Account,
    MasterKey,
    Version,
    Count,
    Message,
    Text,
    /// A message that has this in it.
    MessageWith(String),
    /// A version greater than that of this name.
    After(String),
    /// A value greater than that of this name, by code points.
    Beyond(String),
}

impl Kind {
    /// As the corpus names it.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "session" => Self::Session,
            "nonce" => Self::Nonce,
            "key" => Self::Key,
            "configuration" => Self::Configuration,
            "account" => Self::Account,
            "masterkey" => Self::MasterKey,
            "version" => Self::Version,
            "count" => Self::Count,
            "message" => Self::Message,
            "text" => Self::Text,
            _ => match name.split_once(':')? {
                ("after", known) => Self::After(known.to_owned()),
                ("beyond", known) => Self::Beyond(known.to_owned()),
                ("message", text) => Self::MessageWith(text.to_owned()),
                _ => return None,
            },
        })
    }

    /// The name whose value it has to be greater than.
    pub(super) fn known(&self) -> Option<&str> {
        match self {
            Self::After(name) | Self::Beyond(name) => Some(name),
            Self::Session
            | Self::Nonce
            | Self::Key
            | Self::Configuration
            | Self::Account
            | Self::MasterKey
            | Self::Version
            | Self::Count
            | Self::Message
            | Self::MessageWith(_)
            | Self::Text => None,
        }
    }

    /// Whether a value is of the kind. `known` is what it has to be greater than.
    pub(super) fn holds(&self, value: &str, known: Option<&str>) -> bool {
        let digits = |count: usize, of: fn(u8) -> bool| value.len() == count && value.bytes().all(of);
        match self {
            Self::Session => digits(32, |byte| matches!(byte, b'0'..=b'9' | b'A'..=b'F')),
            Self::Nonce => digits(32, is_lower_hex),
            Self::Key => TransportKey::from_base64(value).is_some(),
            Self::Configuration => value.parse::<ConfigurationId>().is_ok(),
            Self::Account => digits(22, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')),
            Self::MasterKey => digits(16, is_lower_hex),
            Self::Version => number(value).is_some_and(|version| version > 0),
            Self::Count => number(value).is_some(),
            Self::Message => !value.trim().is_empty(),
            Self::MessageWith(text) => value.contains(text.as_str()),
            Self::Text => true,
            Self::After(_) => known.and_then(number).is_some_and(|before| number(value) > Some(before)),
            Self::Beyond(_) => known.is_some_and(|before| value > before),
        }
    }

    /// Whether what is of the kind is never to be shown.
    pub(super) const fn is_secret(&self) -> bool {
        matches!(self, Self::Session | Self::Nonce | Self::Key)
    }

    /// One of the kind, for examples.
    #[cfg(test)]
    pub(super) const fn sample(&self) -> &'static str {
        match self {
            Self::Session => "5E4924352BA7E2038339957559C2DA75",
            Self::Nonce => "a3f1c20b9d8e47561c0e2b7f5d6a9843",
            Self::Key => {
                "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw=="
            }
            Self::Configuration | Self::Beyond(_) => "8b421354e7ea58f6:1007bf0b:197cf8dc588:-776e",
            Self::Account => "J8rJXhmXdrvXdU8Gv4Zg0w",
            Self::MasterKey => "498136b7272a2c3f",
            Self::Version | Self::After(_) => "61",
            Self::Count => "9",
            Self::Message | Self::MessageWith(_) | Self::Text => "…",
        }
    }

    /// What is said to have been expected.
    pub(super) fn told(&self) -> String {
        match self {
            Self::Session => "the id of a session".to_owned(),
            Self::Nonce => "a nonce".to_owned(),
            Self::Key => "a TransportKey".to_owned(),
            Self::Configuration => "the ID of a CRM Configuration".to_owned(),
            Self::Account => "an AccountID".to_owned(),
            Self::MasterKey => "the id of a master key".to_owned(),
            Self::Version => "a version".to_owned(),
            Self::Count => "a number".to_owned(),
            Self::Message => "a text that is not empty".to_owned(),
            Self::MessageWith(text) => format!("a message with {text:?} in it"),
            Self::Text => "any text".to_owned(),
            Self::After(name) => format!("a version greater than that of {name}"),
            Self::Beyond(name) => format!("a value greater than that of {name}, by code points"),
        }
    }
}

fn is_lower_hex(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

/// A number in the one way to write it.
fn number(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}
