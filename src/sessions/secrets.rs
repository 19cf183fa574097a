//! What a session's holder is given: its id, its nonce, its transport key.

use std::fmt;

use crmconf_events::SessionDigest;
use data_encoding::{BASE64, HEXLOWER, HEXUPPER};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// BLAKE3 derive-key context of a session's digest.
const DIGEST_CONTEXT: &str = "crmconf session v1";
/// Size of a session id and of a nonce, bytes.
const ID_BYTES: usize = 16;
/// Size of a transport key, bytes: an AEAD_AES_SIV_CMAC_512 key (RFC 5297).
const TRANSPORT_KEY_BYTES: usize = 64;

/// A session's id: who has it, is the session. Wiped when dropped; no output shows it.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct SessionId([u8; ID_BYTES]);

impl SessionId {
    /// Draws a new id.
    pub(super) fn generate() -> Result<Self, getrandom::Error> {
        let mut id = Self([0; ID_BYTES]);
        getrandom::fill(&mut id.0)?;
        Ok(id)
    }

    /// Reads an id exactly as it was issued; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut id = Self([0; ID_BYTES]);
        let fits = text.len() == HEXUPPER.encode_len(ID_BYTES);
        (fits && HEXUPPER.decode_mut(text.as_bytes(), &mut id.0).is_ok()).then_some(id)
    }

    /// The id as the API writes it, 32 upper-case hexadecimal digits: for its holder alone.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(HEXUPPER.encode(&self.0))
    }

    /// What stands for the session in tables and in the log.
    #[must_use]
    pub fn digest(&self) -> SessionDigest {
        let mut hasher = blake3::Hasher::new_derive_key(DIGEST_CONTEXT);
        SessionDigest::new(*hasher.update(&self.0).finalize().as_bytes())
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionId(..)")
    }
}

/// Random bytes given out with a session; reserved, nothing uses them yet.
#[derive(Clone, Copy)]
pub struct Nonce([u8; ID_BYTES]);

impl Nonce {
    /// Draws a new nonce.
    pub(super) fn generate() -> Result<Self, getrandom::Error> {
        let mut nonce = Self([0; ID_BYTES]);
        getrandom::fill(&mut nonce.0)?;
        Ok(nonce)
    }

    /// The nonce as the API writes it, 32 lower-case hexadecimal digits.
    #[must_use]
    pub fn to_text(&self) -> String {
        HEXLOWER.encode(&self.0)
    }
}

impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Nonce(..)")
    }
}

/// A session's own key for password fields on their way. Wiped when dropped; no output shows it.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct TransportKey([u8; TRANSPORT_KEY_BYTES]);

impl TransportKey {
    /// Draws a new key.
    pub(super) fn generate() -> Result<Self, getrandom::Error> {
        let mut key = Self([0; TRANSPORT_KEY_BYTES]);
        getrandom::fill(&mut key.0)?;
        Ok(key)
    }

    /// The key's bytes, for sealing and opening password fields.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; TRANSPORT_KEY_BYTES] {
        &self.0
    }

    /// Reads a key as the API writes it, at the holder's end; `None` for anything but 64 bytes in base64.
    #[must_use]
    pub fn from_base64(text: &str) -> Option<Self> {
        let bytes = Zeroizing::new(BASE64.decode(text.as_bytes()).ok()?);
        bytes.as_slice().try_into().ok().map(Self)
    }

    /// The key in base64, as the API hands it to the session's holder.
    #[must_use]
    pub fn to_base64(&self) -> Zeroizing<String> {
        Zeroizing::new(BASE64.encode(&self.0))
    }
}

impl fmt::Debug for TransportKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TransportKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_32_upper_case_and_nonces_32_lower_case_hex_digits() {
        let id = SessionId::generate().unwrap().to_text();
        assert_eq!(id.len(), 32);
        assert!(id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'A'..=b'F')), "form of an id");
        let nonce = Nonce::generate().unwrap().to_text();
        assert_eq!(nonce.len(), 32);
        assert!(nonce.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')), "form of a nonce");
        let key = TransportKey::generate().unwrap();
        assert_eq!(key.to_base64().len(), 88);
        assert_eq!(TransportKey::from_base64(&key.to_base64()).unwrap().as_bytes(), key.as_bytes());
        for bad in ["", "AAAA", &"A".repeat(86), &("A".repeat(88) + "AAAA"), &"-".repeat(88)] {
            assert!(TransportKey::from_base64(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn only_the_issued_spelling_of_an_id_is_read() {
        let id = SessionId([0xAB; 16]);
        assert_eq!(SessionId::parse(&id.to_text()).unwrap().digest(), id.digest());
        let lower = id.to_text().to_lowercase();
        for bad in ["", "AB", &lower, &"AB".repeat(17), &"AG".repeat(16), &"ü".repeat(16)] {
            assert!(SessionId::parse(bad).is_none(), "{bad:?}");
        }
    }

    #[test]
    fn the_digest_is_frozen_and_is_not_the_id() {
        let digest = SessionId([0xAB; 16]).digest();
        let expected = blake3::derive_key("crmconf session v1", &[0xAB; 16]);
        assert_eq!(digest.as_bytes(), &expected);
    }

    #[test]
    fn debug_shows_none_of_them() {
        let (id, nonce, key) =
            (SessionId([0xAB; 16]), Nonce([0xAB; 16]), TransportKey([0xAB; TRANSPORT_KEY_BYTES]));
        assert_eq!(format!("{id:?} {nonce:?} {key:?}"), "SessionId(..) Nonce(..) TransportKey(..)");
    }
}
