//! Password fields on their way: sealed and opened under a session's key, for the server and for `crmconf call` alike.
//!
//! The form is `enc:v1:` and, in unpadded base64url, the output of AEAD_AES_SIV_CMAC_512 (RFC 5297) over the text in
//! UTF-8, under the session's [`TransportKey`], with one associated-data string: the field's name in UTF-8. So a value
//! opens only in its own session and as its own field. AES-SIV draws nothing by chance: equal texts in one field and one
//! session have equal values, and a value that was seen can be sent again within its session. `docs/api.md` tells those
//! who use the API what that protects and what it does not.

mod plaintext;

#[cfg(test)]
mod tests;

use aes_siv::siv::{Aes256Siv, IV_SIZE};
use aes_siv::{KeyInit as _, Tag};
use data_encoding::BASE64URL_NOPAD;
use thiserror::Error;
use zeroize::Zeroizing;

pub use plaintext::{NotText, Plaintext};

use crate::sessions::TransportKey;

/// What every sealed value begins with: how it is sealed, and the version of that.
pub const PREFIX: &str = "enc:v1:";

/// Why a value could not be sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the value could not be sealed")]
pub struct SealError;

/// Why a value of a password field was refused: worded to follow the field's name, fit for a client, and without
/// anything of the value or the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TransportError {
    /// Not marked as sealed: most often a plain text, which should never have been sent.
    #[error(
        "is a password field, and its value is not sealed for this session: such a value begins with {PREFIX}"
    )]
    NotSealed,
    /// Not base64url, or not in the one spelling that there is of it.
    #[error("is a password field, and what follows {PREFIX} is not base64url without padding")]
    NotBase64Url,
    /// Sealed in another session or for another field, or altered on the way.
    #[error(
        "is a password field, and its value does not open under this session's TransportKey with the field's name"
    )]
    DoesNotOpen,
    /// It opens, and holds what no answer could show.
    #[error("is a password field, and its opened value is not UTF-8 text that XML 1.0 can carry")]
    NotText,
}

/// Seals a password field's text for its way.
///
/// # Errors
/// When the cipher refuses, which it has no reason to: one associated-data string is far below its limit.
pub fn seal(key: &TransportKey, field: &str, plain: &Plaintext) -> Result<String, SealError> {
    seal_bytes(key, field, plain.as_str().as_bytes())
}

/// Seals any bytes in the same way, also those that no receiver may take.
///
/// # Errors
/// As [`seal`].
pub fn seal_bytes(key: &TransportKey, field: &str, plain: &[u8]) -> Result<String, SealError> {
    // Enciphered where it stands, behind the room for the tag: no plain text is left in memory that is not wiped.
    let mut sealed = Zeroizing::new([&[0; IV_SIZE], plain].concat());
    let (tag_place, text) = sealed.split_first_chunk_mut::<IV_SIZE>().ok_or(SealError)?;
    let tag = cipher(key).encrypt_inout_detached([field.as_bytes()], text.into()).map_err(|_| SealError)?;
    *tag_place = tag.into();
    Ok(PREFIX.to_owned() + &BASE64URL_NOPAD.encode(&sealed))
}

/// Opens what stands in a password field. The opened text may be empty: that is a text as any other, and whether a field
/// takes it is for its template to say (`minLength`). An empty *value* is [`TransportError::NotSealed`].
///
/// # Errors
/// When it is not sealed, not for this session and field, or holds no text. Nothing of the value is told.
pub fn open(key: &TransportKey, field: &str, given: &str) -> Result<Plaintext, TransportError> {
    let encoded = given.strip_prefix(PREFIX).ok_or(TransportError::NotSealed)?;
    // This decoding takes one spelling only: no padding, no white space, no bits behind the last byte.
    let sealed = BASE64URL_NOPAD.decode(encoded.as_bytes()).map_err(|_| TransportError::NotBase64Url)?;
    let (tag, text) = sealed.split_first_chunk::<IV_SIZE>().ok_or(TransportError::DoesNotOpen)?;
    let mut text = Zeroizing::new(text.to_vec());
    cipher(key)
        .decrypt_inout_detached([field.as_bytes()], text.as_mut_slice().into(), &Tag::from(*tag))
        .map_err(|_| TransportError::DoesNotOpen)?;
    Plaintext::from_utf8(&text).map_err(|NotText| TransportError::NotText)
}

fn cipher(key: &TransportKey) -> Aes256Siv {
    Aes256Siv::new(key.as_bytes().into())
}
