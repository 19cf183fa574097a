//! Account names: what may be one, and when two are the same.

use std::fmt;

use crmconf_events::xml_can_carry;
use icu_casemap::CaseMapper;
use icu_normalizer::ComposingNormalizer;
use thiserror::Error;

/// Longest account name, in Unicode scalar values after NFC.
pub const NAME_CHARS_MAX: usize = 64;

/// Why a text is no account name. The name itself is not repeated: it is personal data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NameError {
    /// Nothing is there, or too much.
    #[error("must be 1 to {max} characters, but has {chars}")]
    Length {
        /// How long it is.
        chars: usize,
        /// How long it may be.
        max: usize,
    },
    /// It begins or ends with white space, which nobody could see in a list of accounts.
    #[error("must not begin or end with white space")]
    OuterWhiteSpace,
    /// It holds a control character or one that XML cannot carry.
    #[error("must not hold control characters, nor characters that XML 1.0 cannot carry")]
    Character,
}

/// An account's name in NFC, otherwise as it was typed, together with the form in which names are compared.
///
/// Neither `Debug` nor any error shows it: a name may only go where the caller of [`AccountName::as_str`]
/// decides to put it, since it must be possible to forget it.
#[derive(Clone, PartialEq, Eq)]
pub struct AccountName {
    text: Box<str>,
    folded: FoldedName,
}

impl AccountName {
    /// Takes a name as typed.
    ///
    /// # Errors
    /// When it is empty, longer than 64 characters, begins or ends with white space, or holds control characters.
    pub fn new(typed: &str) -> Result<Self, NameError> {
        let text = nfc(typed);
        let chars = text.chars().count();
        if chars == 0 || chars > NAME_CHARS_MAX {
            return Err(NameError::Length { chars, max: NAME_CHARS_MAX });
        }
        if text.trim() != text {
            return Err(NameError::OuterWhiteSpace);
        }
        if !xml_can_carry(&text) || text.chars().any(char::is_control) {
            return Err(NameError::Character);
        }
        let folded = FoldedName::of(&text);
        Ok(Self { text: text.into_boxed_str(), folded })
    }

    /// The name in NFC, otherwise as typed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The form in which names are compared.
    #[must_use]
    pub const fn folded(&self) -> &FoldedName {
        &self.folded
    }
}

impl fmt::Debug for AccountName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccountName(..)")
    }
}

/// The form in which names are compared: NFC, full default case folding, NFC (Unicode, section 3.13).
///
/// Any text has one, also such as can be no name, so that attempts on names that do not exist can be counted.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FoldedName(Box<str>);

impl FoldedName {
    /// Folds a text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        Self(nfc(&CaseMapper::new().fold_string(&nfc(text))).into_boxed_str())
    }

    /// The folded text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for FoldedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FoldedName(..)")
    }
}

fn nfc(text: &str) -> String {
    ComposingNormalizer::new_nfc().normalize(text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_differ_in_case_or_composition_only_are_the_same() {
        for (a, b) in [
            ("Admin", "aDMIN"),
            ("Straße", "STRASSE"),
            ("\u{e9}ric", "E\u{301}RIC"),
            ("Σίσυφος", "ΣΊΣΥΦΟΣ"),
            ("ﬁona", "FIONA"),
        ] {
            assert_eq!(
                AccountName::new(a).unwrap().folded(),
                AccountName::new(b).unwrap().folded(),
                "{a} {b}"
            );
        }
        assert_ne!(FoldedName::of("admin"), FoldedName::of("admin1"));
        assert_ne!(FoldedName::of("I"), FoldedName::of("ı"), "Turkish dotless i is a letter of its own");
    }

    #[test]
    fn a_name_is_kept_as_typed_but_composed() {
        assert_eq!(AccountName::new("E\u{301}ric Smith").unwrap().as_str(), "\u{c9}ric Smith");
    }

    #[test]
    fn what_can_be_no_name_is_refused() {
        for (bad, expected) in [
            ("", NameError::Length { chars: 0, max: 64 }),
            (&*"x".repeat(65), NameError::Length { chars: 65, max: 64 }),
            (" admin", NameError::OuterWhiteSpace),
            ("admin\n", NameError::OuterWhiteSpace),
            ("ad\tmin", NameError::Character),
            ("ad\u{0}min", NameError::Character),
            ("ad\u{fffe}min", NameError::Character),
        ] {
            assert_eq!(AccountName::new(bad), Err(expected), "{bad:?}");
        }
        assert!(AccountName::new(&"ß".repeat(64)).is_ok());
        assert!(AccountName::new(&"e\u{301}".repeat(64)).is_ok(), "length counts after composition");
    }
}
