//! Text that may hold a password: it shows its length only, and is wiped from memory when dropped.

use std::fmt;

use zeroize::Zeroize;

/// Text that no log, error or debug output may show. Wiped when dropped.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SecretText(String);

impl SecretText {
    /// Takes the text over.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text itself. What is copied from it is the caller's to protect.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Appends; when the memory must grow, what is left behind is wiped.
    pub(super) fn push_str(&mut self, piece: &str) {
        let needed = self.0.len() + piece.len();
        if needed > self.0.capacity() {
            let capacity = if self.0.is_empty() { needed } else { needed.max(2 * self.0.capacity()) };
            let mut grown = String::with_capacity(capacity);
            grown.push_str(&self.0);
            self.0.zeroize();
            self.0 = grown;
        }
        self.0.push_str(piece);
    }

    /// The plain text, when it turned out to be no secret.
    pub(super) fn into_public(mut self) -> String {
        std::mem::take(&mut self.0)
    }
}

impl Drop for SecretText {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{} bytes>", self.0.len())
    }
}

/// A SessionID as a request carries it, not yet known to belong to a session: whoever has it, is the session.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionIdText(SecretText);

impl SessionIdText {
    /// Takes the text over.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(SecretText(text.to_owned()))
    }

    /// The id itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Debug for SessionIdText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
