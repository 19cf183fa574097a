//! `MasterKeys`: the master keys that are known at once, one of which seals.

use super::master_key::{MasterKey, MasterKeyId};

/// The master keys that a vault is opened with: files are sealed under the current one, and opened under whichever of them
/// sealed them. More than one are needed from the first step of a rotation until it is finished.
#[derive(Debug)]
pub struct MasterKeys {
    current: MasterKey,
    further: Vec<MasterKey>,
}

impl MasterKeys {
    /// A current key, and those that sealed what it has not sealed anew yet. The same key twice counts once.
    #[must_use]
    pub fn new(current: MasterKey, further: Vec<MasterKey>) -> Self {
        let mut keys = Self { current, further: Vec::with_capacity(further.len()) };
        for key in further {
            if !keys.ids().any(|id| id == key.id()) {
                keys.further.push(key);
            }
        }
        keys
    }

    /// One key alone.
    #[must_use]
    pub const fn sole(current: MasterKey) -> Self {
        Self { current, further: Vec::new() }
    }

    /// The key that seals.
    #[must_use]
    pub const fn current(&self) -> &MasterKey {
        &self.current
    }

    /// The ids of all of them, the current one's first.
    pub fn ids(&self) -> impl Iterator<Item = MasterKeyId> + '_ {
        self.all().map(MasterKey::id)
    }

    /// All of them, the current one first.
    pub(super) fn all(&self) -> impl Iterator<Item = &MasterKey> + '_ {
        std::iter::once(&self.current).chain(&self.further)
    }
}
