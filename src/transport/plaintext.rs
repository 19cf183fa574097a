//! `Plaintext`: the text of a password field while it is open.

use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};
use thiserror::Error;

/// The opened text of a password field: UTF-8 that XML 1.0 can carry. Wiped when it is dropped; it has neither `Display`
/// nor a way to be serialised, and `Debug` shows nothing of it.
#[derive(Clone)]
pub struct Plaintext(SecretString);

/// Some bytes are no text that a password field can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("it is not UTF-8 text that XML 1.0 can carry")]
pub struct NotText;

impl Plaintext {
    /// This text, copied: the caller's copy is for the caller to wipe.
    ///
    /// # Errors
    /// When it holds a character that XML 1.0 cannot carry.
    pub fn new(text: &str) -> Result<Self, NotText> {
        if crmconf_events::xml_can_carry(text) { Ok(Self(SecretString::from(text))) } else { Err(NotText) }
    }

    /// The text that these bytes are, copied.
    ///
    /// # Errors
    /// When they are not UTF-8, or hold a character that XML 1.0 cannot carry.
    pub fn from_utf8(bytes: &[u8]) -> Result<Self, NotText> {
        std::str::from_utf8(bytes).map_err(|_| NotText).and_then(Self::new)
    }

    /// The text itself, for sealing it and for whoever may see it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Plaintext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Plaintext(..)")
    }
}
