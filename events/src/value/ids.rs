//! Ids: of the store, its replicas, accounts, credentials, configurations and data keys.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::digest::binary;

binary!(
    /// A store's random id: a log and a vault belong together when they name the same one.
    StoreId,
    16
);
binary!(
    /// An account's random, immutable id. Its name is in the vault, never in the log.
    AccountId,
    16
);
binary!(
    /// Names a credential file in the vault.
    CredentialId,
    16
);
binary!(
    /// Binds an account's creation to its name without telling it: BLAKE3(salt ‖ name), the salt in the vault.
    NameCommitment,
    32
);

use super::digest::decode;

/// Which replica of the store made an event; a store of one process is replica 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReplicaId(pub u32);

impl ReplicaId {
    /// The only replica of a store of one process.
    pub const SOLE: Self = Self(1);
}

/// Number of a configuration's data key, given out by the log's own state, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyId(pub u64);

impl KeyId {
    /// The first key that a store gives out.
    pub const FIRST: Self = Self(1);

    /// The key given out after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// A configuration's id in the seed's form, such as `8b421354e7ea58f6:1007bf0b:197cf8dc588:-776e`.
///
/// Compared and ordered as text, by code points.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConfigurationId(Arc<str>);

/// The four numbers that make up a configuration's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdParts {
    /// Which store and replica made it.
    pub node: u64,
    /// Drawn at random at each process start.
    pub process: i32,
    /// Milliseconds since the Unix epoch, at which the counter began.
    pub millis: u64,
    /// Counts up from -8000 (hexadecimal).
    pub counter: i16,
}

/// The text is not a configuration's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not of the form of a CRMConfigurationID")]
pub struct IdError;

impl From<IdParts> for ConfigurationId {
    fn from(parts: IdParts) -> Self {
        let IdParts { node, process, millis, counter } = parts;
        let text = format!("{node:016x}:{}:{millis:x}:{}", signed(process.into()), signed(counter.into()));
        Self(text.into())
    }
}

/// Signed hexadecimal as the seed writes it: `-776e`, without leading zeros.
fn signed(number: i64) -> String {
    let sign = if number < 0 { "-" } else { "" };
    format!("{sign}{:x}", number.unsigned_abs())
}

impl FromStr for ConfigurationId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let mut fields = text.split(':');
        let (Some(node), Some(process), Some(millis), Some(counter), None) =
            (fields.next(), fields.next(), fields.next(), fields.next(), fields.next())
        else {
            return Err(IdError);
        };
        let parts = IdParts {
            node: u64::from_str_radix(node, 16).map_err(|_| IdError)?,
            process: i32::from_str_radix(process, 16).map_err(|_| IdError)?,
            millis: u64::from_str_radix(millis, 16).map_err(|_| IdError)?,
            counter: i16::from_str_radix(counter, 16).map_err(|_| IdError)?,
        };
        let id = Self::from(parts);
        if id.as_str() == text { Ok(id) } else { Err(IdError) }
    }
}

impl ConfigurationId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ConfigurationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for ConfigurationId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ConfigurationId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <std::borrow::Cow<'de, str>>::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// The node part of configuration ids made by a replica of a store.
#[must_use]
pub fn derive_node(store: StoreId, replica: ReplicaId) -> u64 {
    let mut hasher = blake3::Hasher::new_derive_key("crmconf node id v1");
    hasher.update(store.as_bytes()).update(&replica.0.to_be_bytes());
    let mut node = [0; 8];
    hasher.finalize_xof().fill(&mut node);
    u64::from_be_bytes(node)
}

/// The text is not an account's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not of the form of an AccountID")]
pub struct AccountIdError;

/// Reads an account's id exactly as it is written.
impl FromStr for AccountId {
    type Err = AccountIdError;

    fn from_str(text: &str) -> Result<Self, AccountIdError> {
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| AccountIdError)?;
        bytes.try_into().map(Self::new).map_err(|_| AccountIdError)
    }
}

impl CredentialId {
    /// The name of its file in the vault: hexadecimal, so that no file system folds two into one.
    #[must_use]
    pub fn file_name(&self) -> String {
        HEXLOWER.encode(self.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seed_s_ids_are_read_and_written_alike() {
        for id in [
            "8b421354e7ea58f6:1007bf0b:197cf8dc588:-776e",
            "db7e33a7d8b7b1ea:-22ff4bbb:197ea30cca8:-7fa3",
            "054b5e06055eae21:-34894830:197ac9265bf:-7fff",
            "d6d6c5a5f0f90d60:-15617a00:169f533f6d5:5613",
        ] {
            assert_eq!(id.parse::<ConfigurationId>().unwrap().as_str(), id);
        }
    }

    #[test]
    fn other_spellings_of_an_id_are_no_ids() {
        for bad in [
            "",
            "8b421354e7ea58f6:1007bf0b:197cf8dc588",
            "8b421354e7ea58f6:1007bf0b:197cf8dc588:-776e:0",
            "8B421354E7EA58F6:1007bf0b:197cf8dc588:-776e",
            "8b421354e7ea58f6:01007bf0b:197cf8dc588:-776e",
            "8b421354e7ea58f6:1007bf0b:197cf8dc588:-0",
            "8b421354e7ea58f6:1007bf0b:197cf8dc588:+1",
            "b421354e7ea58f6:1007bf0b:197cf8dc588:-776e",
            "8b421354e7ea58f6:ffffffff:197cf8dc588:-776e",
        ] {
            assert_eq!(bad.parse::<ConfigurationId>(), Err(IdError), "{bad:?}");
        }
    }

    #[test]
    fn an_account_s_id_is_read_as_it_is_written_and_in_no_other_spelling() {
        let id = AccountId::new([251; 16]);
        assert_eq!(id.to_string().parse(), Ok(id));
        for bad in ["", "-_v7", "+/v7-_v7-_v7-_v7-_v7-w", &format!("{id}=="), &format!("{id} ")] {
            assert_eq!(bad.parse::<AccountId>(), Err(AccountIdError), "{bad:?}");
        }
    }

    #[test]
    fn the_smallest_counter_reads_minus_8000() {
        let id = ConfigurationId::from(IdParts { node: 1, process: -1, millis: 0, counter: i16::MIN });
        assert_eq!(id.as_str(), "0000000000000001:-1:0:-8000");
    }
}
