//! Texts with a limit: what callers write and the log keeps for ever.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use thiserror::Error;

use super::carried::xml_can_carry;

/// Why a text is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TextError {
    /// Nothing is there.
    #[error("must not be empty")]
    Empty,
    /// Over its limit, in Unicode scalar values.
    #[error("is {chars} characters long, at most {max} are allowed")]
    TooLong {
        /// How long it is.
        chars: usize,
        /// How long it may be.
        max: usize,
    },
    /// It holds a character that XML 1.0 cannot carry, so that no answer could show it.
    #[error("holds a character that XML 1.0 cannot carry")]
    NotForXml,
}

/// Declares a text of limited length.
macro_rules! limited {
    ($(#[$doc:meta])* $name:ident, not_empty: $min:literal, max: $max:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The longest one, in Unicode scalar values.
            pub const CHARS_MAX: usize = $max;

            /// Checks the text's length and characters.
            ///
            /// # Errors
            /// When it is too short, too long, or holds what XML cannot carry.
            pub fn new(text: &str) -> Result<Self, TextError> {
                let chars = text.chars().count();
                if $min && text.is_empty() {
                    Err(TextError::Empty)
                } else if chars > Self::CHARS_MAX {
                    Err(TextError::TooLong { chars, max: Self::CHARS_MAX })
                } else if !xml_can_carry(text) {
                    Err(TextError::NotForXml)
                } else {
                    Ok(Self(text.into()))
                }
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::new(&<std::borrow::Cow<'de, str>>::deserialize(deserializer)?).map_err(D::Error::custom)
            }
        }
    };
}

limited!(
    /// A configuration's `Description`, kept exactly, also its white space.
    Description, not_empty: true, max: 1_024
);
limited!(
    /// The name of a type of CRM, such as `CrmAddin.SugarCrm.SugarCrmAddin`, compared exactly.
    CrmType, not_empty: true, max: 256
);
limited!(
    /// A template's version, in its author's words.
    TemplateVersion, not_empty: true, max: 256
);
limited!(
    /// What a caller names a request with, echoed verbatim.
    InvokeId, not_empty: true, max: 256
);
limited!(
    /// A caller's key that makes a repeated request safe. It stays in the log for ever.
    RequestKey, not_empty: true, max: 128
);
limited!(
    /// Why a change is made, in the caller's words. It stays in the log for ever.
    Reason, not_empty: true, max: 512
);
limited!(
    /// A description or a CMEnvironmentID in the directory.
    DirectoryText, not_empty: false, max: 1_024
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_count_unicode_scalar_values_not_bytes() {
        assert!(Description::new(&"ß".repeat(1_024)).is_ok());
        assert_eq!(
            Description::new(&"ß".repeat(1_025)),
            Err(TextError::TooLong { chars: 1_025, max: 1_024 })
        );
        assert_eq!(Description::new(""), Err(TextError::Empty));
    }

    #[test]
    fn what_xml_cannot_carry_is_refused() {
        for bad in ["\0", "\u{1}", "\u{b}", "\u{fffe}", "\u{ffff}"] {
            assert_eq!(Description::new(bad), Err(TextError::NotForXml), "{bad:?}");
        }
        assert!(Description::new("\t\r\n \u{85}\u{1f600}").is_ok());
    }
}
