//! Sealing values under data keys: what they are bound to, how they are padded, and what can go wrong.

use std::fmt;

use aes_siv::{KeyInit, siv::Aes256Siv};
use crmconf_events::{AccountId, ConfigurationId, KeyId, SealedValue};
use thiserror::Error;
use zeroize::Zeroizing;

use super::store::Vault;
use super::tree::DataKey;

/// Plaintexts are padded to a multiple of this, so that a ciphertext does not tell how long a password is, bytes.
const PADDED_TO: usize = 32;
/// First byte of the padding (ISO/IEC 7816-4); zeros follow.
const PADDING: u8 = 0x80;
/// What stands in a field's place where an account's address is sealed.
const ADDRESS: &[u8] = b"address";

/// What a sealed value is bound to beside its key's id: moved elsewhere it does not open.
///
/// The two kinds cannot be mistaken for each other: a configuration's id has at least 22 bytes, an account's 16.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound<'a> {
    /// A password field of a configuration.
    Password {
        /// The configuration.
        configuration: &'a ConfigurationId,
        /// The field's name.
        field: &'a str,
    },
    /// A client's address, sealed under a key of the account that came from there.
    Address {
        /// The account.
        account: AccountId,
    },
}

/// Why a value was not sealed or opened. None of these carries what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DataKeyError {
    /// The key was destroyed, for ever.
    #[error("the data key was destroyed")]
    Destroyed,
    /// The key's bucket is missing or damaged, or was not made yet.
    #[error("the data key is in bucket {bucket}, which the vault lacks; put it back from the vault's backup")]
    Unavailable {
        /// The bucket's number.
        bucket: u64,
    },
    /// It is not what was sealed there under this key.
    #[error(
        "the sealed value does not open: it was changed, or was sealed elsewhere or under another data key"
    )]
    DoesNotOpen,
}

/// How a data key stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyStanding {
    /// It can be derived.
    Whole,
    /// It was destroyed, for ever.
    Destroyed,
    /// Its bucket is missing or damaged, or was not made yet.
    Missing,
}

impl Vault {
    /// Seals a value: padded, then AES-SIV under the data key. The same value, bound alike, gives the same bytes.
    ///
    /// # Errors
    /// When the key was destroyed or its bucket is not there. Nothing is ever sealed under a key that is not durable.
    pub fn seal(&self, key: KeyId, bound: &Bound<'_>, plain: &[u8]) -> Result<SealedValue, DataKeyError> {
        let data_key = self.data_key(key)?;
        seal(&data_key, key, bound, plain).map(SealedValue::from_ciphertext).ok_or(DataKeyError::DoesNotOpen)
    }

    /// Opens a sealed value.
    ///
    /// # Errors
    /// When the key was destroyed, its bucket is not there, or the value is not what was sealed there.
    pub fn unseal(
        &self,
        key: KeyId,
        bound: &Bound<'_>,
        sealed: &SealedValue,
    ) -> Result<Zeroizing<Vec<u8>>, DataKeyError> {
        let data_key = self.data_key(key)?;
        let mut plain = Zeroizing::new(sealed.ciphertext().to_vec());
        let opened = cipher(&data_key)
            .and_then(|mut cipher| bound.with(key, |bound| cipher.decrypt_in_place(bound, &mut *plain).ok()));
        let length = opened.and_then(|()| unpadded(&plain)).ok_or(DataKeyError::DoesNotOpen)?;
        plain.truncate(length);
        Ok(plain)
    }
}

/// The sealed bytes of a value: the synthetic initialisation vector, then the ciphertext of the padded value.
fn seal(data_key: &DataKey, key: KeyId, bound: &Bound<'_>, plain: &[u8]) -> Option<Vec<u8>> {
    let padded = pad(plain);
    let mut cipher = cipher(data_key)?;
    bound.with(key, |bound| cipher.encrypt(bound, padded.as_slice()).ok())
}

impl Bound<'_> {
    /// Hands on the associated data, in the order in which it is frozen.
    fn with<T>(&self, key: KeyId, work: impl FnOnce([&[u8]; 3]) -> T) -> T {
        let id = key.0.to_be_bytes();
        match self {
            Self::Password { configuration, field } => {
                work([configuration.as_str().as_bytes(), field.as_bytes(), &id])
            }
            Self::Address { account } => work([account.as_bytes(), ADDRESS, &id]),
        }
    }
}

fn cipher(key: &DataKey) -> Option<Aes256Siv> {
    Aes256Siv::new_from_slice(key.as_bytes()).ok()
}

/// The value with its padding: at least one byte, so that every value can be told from its padding.
fn pad(plain: &[u8]) -> Zeroizing<Vec<u8>> {
    let length = plain.len().saturating_add(1).next_multiple_of(PADDED_TO);
    let mut padded = Zeroizing::new(Vec::with_capacity(length));
    padded.extend_from_slice(plain);
    padded.push(PADDING);
    padded.resize(length, 0);
    padded
}

/// How long the value before the padding is; `None` when it is padded in another way than [`pad`] does.
fn unpadded(padded: &[u8]) -> Option<usize> {
    let length = padded.iter().rposition(|byte| *byte != 0)?;
    let one_way = padded.len() == length.saturating_add(1).next_multiple_of(PADDED_TO);
    (one_way && padded.get(length) == Some(&PADDING)).then_some(length)
}

impl fmt::Display for KeyStanding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Whole => "whole",
            Self::Destroyed => "destroyed",
            Self::Missing => "missing",
        })
    }
}

#[cfg(test)]
mod tests;
