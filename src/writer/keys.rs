//! What the writer asks of the vault: data keys to give out, to seal under, and to destroy.

use std::collections::BTreeSet;

use crmconf_events::{KeyId, SealedValue};

use crate::vault::{Bound, DataKeyError, Destroyed, KeyStanding, Vault, VaultError};

/// Data keys, as the writer uses them. The vault is one; tests bring others, which fail at will.
pub trait DataKeys: Send + Sync {
    /// The id to give out next, not below `next`; its key is durable when this returns.
    ///
    /// # Errors
    /// When there is no key to give now: then no id is given out.
    fn key_to_give(&self, next: KeyId) -> Result<KeyId, VaultError>;

    /// How a key stands.
    fn standing(&self, key: KeyId) -> KeyStanding;

    /// Seals a value. The same value, bound alike, gives the same bytes.
    ///
    /// # Errors
    /// When the key cannot be had.
    fn seal(&self, key: KeyId, bound: &Bound<'_>, plain: &[u8]) -> Result<SealedValue, DataKeyError>;

    /// Destroys keys, durably. Those that are destroyed already change nothing.
    ///
    /// # Errors
    /// When it is to be tried again.
    fn destroy(&self, keys: &BTreeSet<KeyId>) -> Result<Destroyed, VaultError>;
}

impl DataKeys for Vault {
    fn key_to_give(&self, next: KeyId) -> Result<KeyId, VaultError> {
        Self::key_to_give(self, next)
    }

    fn standing(&self, key: KeyId) -> KeyStanding {
        Self::standing(self, key)
    }

    fn seal(&self, key: KeyId, bound: &Bound<'_>, plain: &[u8]) -> Result<SealedValue, DataKeyError> {
        Self::seal(self, key, bound, plain)
    }

    fn destroy(&self, keys: &BTreeSet<KeyId>) -> Result<Destroyed, VaultError> {
        Self::destroy(self, keys)
    }
}
