//! `Buffer`: bytes that are appended one after the other, and wiped if they hold a secret.

use std::ops::Deref;

use actix_web::web::Bytes;
use zeroize::Zeroize;

/// Bytes that only become more. A secret's are wiped when they are dropped, and also where they move because they have
/// grown.
#[derive(Default)]
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    secret: bool,
}

impl Buffer {
    /// One for what is no secret, with room for this many bytes.
    pub(crate) fn plain(capacity: usize) -> Self {
        Self { bytes: Vec::with_capacity(capacity), secret: false }
    }

    /// One that is wiped, with room for this many bytes.
    pub(crate) fn secret(capacity: usize) -> Self {
        Self { bytes: Vec::with_capacity(capacity), secret: true }
    }

    /// One that is wiped if this one is.
    pub(crate) fn like(&self, capacity: usize) -> Self {
        Self { bytes: Vec::with_capacity(capacity), secret: self.secret }
    }

    /// Appends bytes.
    pub(crate) fn push(&mut self, more: &[u8]) {
        let needed = self.bytes.len().saturating_add(more.len());
        if self.secret && needed > self.bytes.capacity() {
            let mut larger = Vec::with_capacity(needed.max(self.bytes.capacity().saturating_mul(2)));
            larger.extend_from_slice(&self.bytes);
            self.wipe();
            self.bytes = larger;
        }
        self.bytes.extend_from_slice(more);
    }

    /// The same bytes for those who take them in parts. A secret's are wiped when the last part is dropped.
    pub(crate) fn into_shared(mut self) -> Bytes {
        if self.secret { Bytes::from_owner(self) } else { Bytes::from(std::mem::take(&mut self.bytes)) }
    }

    /// Only what was written: room that was never used holds nothing, and would have to be given by the system first.
    fn wipe(&mut self) {
        self.bytes.as_mut_slice().zeroize();
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if self.secret {
            self.wipe();
        }
    }
}

impl Deref for Buffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::Sought;

    /// Pushes a secret, and much behind it, so that it moves several times.
    fn grown(mut buffer: Buffer, secret: &str) -> Buffer {
        for piece in [secret].into_iter().chain(["x"; 5_000]) {
            buffer.push(piece.as_bytes());
        }
        assert!(buffer.starts_with(secret.as_bytes()) && buffer.len() == secret.len() + 5_000);
        buffer
    }

    #[test]
    fn a_secret_stands_nowhere_when_it_has_moved_and_was_dropped() {
        let (secret, mut sought) = Sought::new();
        let buffer = grown(Buffer::secret(0), &secret);
        let like = grown(buffer.like(0), &secret);
        drop((secret, buffer, like));
        assert!(!sought.stands_in_memory());
    }

    #[test]
    fn a_secret_that_was_shared_is_wiped_with_its_last_part() {
        let (secret, mut sought) = Sought::new();
        let mut shared = grown(Buffer::secret(0), &secret).into_shared();
        let part = shared.split_to(secret.len());
        drop(shared);
        assert_eq!(part, secret.as_bytes());
        drop((part, secret));
        assert!(!sought.stands_in_memory());
    }

    #[test]
    fn what_is_no_secret_is_the_same_bytes() {
        let buffer = grown(Buffer::plain(10), "no secret");
        let bytes = buffer.to_vec();
        assert_eq!(buffer.into_shared(), bytes);
    }
}
