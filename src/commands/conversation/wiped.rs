//! `Wiped`: a text that leaves no copy of itself behind as it grows.

use std::ops::Deref;

use zeroize::Zeroizing;

use super::payload::escaped;

/// A text that is wiped when it is dropped, and also where it moves because it has grown.
#[derive(Default)]
pub(in crate::commands) struct Wiped(Zeroizing<String>);

impl Wiped {
    /// Has room for this many bytes more.
    pub(super) fn reserve(&mut self, bytes: usize) {
        let needed = self.0.len().saturating_add(bytes);
        if needed > self.0.capacity() {
            let mut larger = Zeroizing::new(String::with_capacity(needed.saturating_mul(2)));
            larger.push_str(&self.0);
            self.0 = larger;
        }
    }

    pub(in crate::commands) fn push(&mut self, text: &str) {
        self.reserve(text.len());
        self.0.push_str(text);
    }

    pub(super) fn push_all(&mut self, texts: &[&str]) {
        texts.iter().for_each(|text| self.push(text));
    }

    pub(super) fn push_escaped(&mut self, text: &str) {
        for part in escaped(text) {
            self.push(part);
        }
    }

    /// The text, which does not grow any more.
    pub(super) fn into_text(self) -> Zeroizing<String> {
        self.0
    }
}

impl Deref for Wiped {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}
