//! `Credential`: what one account signs in with, and its bytes inside a sealed file.

use std::fmt;

use crmconf_events::{AccountId, Binary16, NameCommitment, xml_can_carry};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::names::{AccountName, NameError};
use super::password::Verifier;

/// Longest display name, in Unicode scalar values.
pub const DISPLAY_NAME_CHARS_MAX: usize = 256;
/// Room for most credentials' content, so that it is not copied about while it is written, bytes.
const CONTENT_BYTES_USUAL: usize = 2_048;

/// How an account's holder is called in full. Personal data like the name: no output shows it by itself.
#[derive(Clone, PartialEq, Eq)]
pub struct DisplayName(Box<str>);

impl DisplayName {
    /// Takes a display name as typed.
    ///
    /// # Errors
    /// When it is empty, longer than 256 characters, or holds control characters.
    pub fn new(typed: &str) -> Result<Self, NameError> {
        let chars = typed.chars().count();
        if chars == 0 || chars > DISPLAY_NAME_CHARS_MAX {
            Err(NameError::Length { chars, max: DISPLAY_NAME_CHARS_MAX })
        } else if !xml_can_carry(typed) || typed.chars().any(char::is_control) {
            Err(NameError::Character)
        } else {
            Ok(Self(typed.into()))
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for DisplayName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DisplayName(..)")
    }
}

/// What one account signs in with. Never changed: a new name or password is a new credential.
#[derive(Clone)]
pub struct Credential {
    account: AccountId,
    name: AccountName,
    display_name: Option<DisplayName>,
    verifier: Verifier,
    name_salt: Binary16,
}

impl Credential {
    /// A credential with a fresh salt for its name's commitment.
    ///
    /// # Errors
    /// When the operating system gives no random bytes.
    pub fn new(
        account: AccountId,
        name: AccountName,
        display_name: Option<DisplayName>,
        verifier: Verifier,
    ) -> Result<Self, getrandom::Error> {
        let mut salt = [0; 16];
        getrandom::fill(&mut salt)?;
        Ok(Self { account, name, display_name, verifier, name_salt: Binary16::new(salt) })
    }

    /// The same with another password; the name's commitment in the log stays true.
    #[must_use]
    pub fn with_verifier(&self, verifier: Verifier) -> Self {
        Self { verifier, ..self.clone() }
    }

    /// The same under another name, with a fresh salt: equal commitments would tell that a name came back.
    ///
    /// # Errors
    /// When the operating system gives no random bytes.
    pub fn renamed(
        &self,
        name: AccountName,
        display_name: Option<DisplayName>,
    ) -> Result<Self, getrandom::Error> {
        Self::new(self.account, name, display_name, self.verifier.clone())
    }

    /// Whose it is.
    #[must_use]
    pub const fn account(&self) -> AccountId {
        self.account
    }

    /// The account's name.
    #[must_use]
    pub const fn name(&self) -> &AccountName {
        &self.name
    }

    /// How the account's holder is called in full.
    #[must_use]
    pub const fn display_name(&self) -> Option<&DisplayName> {
        self.display_name.as_ref()
    }

    /// What tells the right password.
    #[must_use]
    pub const fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// What the log holds of the name: BLAKE3(salt ‖ name), the name in UTF-8 as [`AccountName::as_str`] has it.
    /// Once the credential is gone with its salt, it can no longer be tested against guesses.
    #[must_use]
    pub fn name_commitment(&self) -> NameCommitment {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.name_salt.as_bytes()).update(self.name.as_str().as_bytes());
        NameCommitment::new(*hasher.finalize().as_bytes())
    }

    /// The content of its file, before sealing.
    pub(super) fn to_content(&self) -> Option<Zeroizing<Vec<u8>>> {
        let Self { account, name, display_name, verifier, name_salt } = self;
        let stored = Stored {
            account: *account,
            name: name.as_str().into(),
            display_name: display_name.as_ref().map(|name| name.as_str().into()),
            verifier: verifier.as_phc().into(),
            name_salt: *name_salt,
        };
        let mut content = Zeroizing::new(Vec::with_capacity(CONTENT_BYTES_USUAL));
        serde_json::to_writer(&mut *content, &stored).ok().map(|()| content)
    }

    /// Reads the content of a file that opened; `None` when it is not what this version writes.
    pub(super) fn from_content(content: &[u8]) -> Option<Self> {
        let Stored { account, name, display_name, verifier, name_salt } =
            serde_json::from_slice(content).ok()?;
        Some(Self {
            account,
            name: AccountName::new(&name).ok()?,
            display_name: display_name.map(|name| DisplayName::new(&name)).transpose().ok()?,
            verifier: Verifier::parse(&verifier).ok()?,
            name_salt,
        })
    }
}

/// Names whose credential it is, and nothing that could not be forgotten.
impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential").field("account", &self.account).finish_non_exhaustive()
    }
}

/// The content's shape, compact JSON; a new shape is a new format of the file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored<'a> {
    account: AccountId,
    #[serde(borrow)]
    name: std::borrow::Cow<'a, str>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    display_name: Option<std::borrow::Cow<'a, str>>,
    #[serde(borrow)]
    verifier: std::borrow::Cow<'a, str>,
    name_salt: Binary16,
}

#[cfg(test)]
mod tests {
    use super::super::password::Password;
    use super::*;

    fn credential() -> Credential {
        let name = AccountName::new("Éric \"canary\"").unwrap();
        let display = DisplayName::new("Éric of the canaries").unwrap();
        let verifier = Verifier::of(&Password::given("demo-admin")).unwrap();
        Credential::new(AccountId::new([1; 16]), name, Some(display), verifier).unwrap()
    }

    #[test]
    fn content_is_read_back_whole() {
        let written = credential();
        let read = Credential::from_content(&written.to_content().unwrap()).unwrap();
        assert_eq!(read.account(), written.account());
        assert_eq!(read.name(), written.name());
        assert_eq!(read.display_name(), written.display_name());
        assert_eq!(read.verifier().as_phc(), written.verifier().as_phc());
        assert_eq!(read.name_commitment(), written.name_commitment());
    }

    /// The log keeps commitments for ever, so that the way to them may never change.
    #[test]
    fn the_commitment_of_a_salt_and_a_name_is_frozen() {
        let credential = Credential { name_salt: Binary16::new([7; 16]), ..credential() };
        let expected = "b2e74da6184f994ab4724889adfc1bfa0637461b833926976138c9f1b0f7595d";
        let found = credential.name_commitment();
        assert_eq!(data_encoding::HEXLOWER.encode(found.as_bytes()), expected);
    }

    #[test]
    fn the_commitment_outlives_a_password_and_hides_a_returning_name() {
        let first = credential();
        let verifier = Verifier::of(&Password::given("demo-other")).unwrap();
        assert_eq!(first.with_verifier(verifier).name_commitment(), first.name_commitment());
        let again = first.renamed(first.name().clone(), None).unwrap();
        assert_ne!(again.name_commitment(), first.name_commitment());
        let expected = blake3::hash(&[first.name_salt.as_bytes(), "Éric \"canary\"".as_bytes()].concat());
        assert_eq!(first.name_commitment().as_bytes(), expected.as_bytes());
    }

    #[test]
    fn debug_shows_no_name() {
        let shown = format!("{:?} {:?}", credential(), credential().display_name());
        assert!(!shown.contains("canar") && !shown.contains("argon2"), "{shown}");
    }

    #[test]
    fn display_names_have_1_to_256_characters() {
        for (text, ok) in
            [("", false), ("Ann Example", true), (&*"x".repeat(256), true), (&*"x".repeat(257), false)]
        {
            assert_eq!(DisplayName::new(text).is_ok(), ok, "{text:?}");
        }
        assert!(DisplayName::new("a\u{7}b").is_err());
    }
}
