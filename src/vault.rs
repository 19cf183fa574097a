//! The vault: what the store must be able to forget, in sealed files beside the log and never in it.
//!
//! It holds credentials (names, password verifiers and salts; the log says which of them count), and data keys, under
//! which the secrets in configurations are sealed. Data keys are not stored one by one but derived: `tree` says how, and why
//! one that was destroyed cannot be derived again. Each file is sealed under a key derived from a master key, names that one,
//! and is bound to its store, kind and name, so that a file copied elsewhere does not open. Several master keys may be known,
//! one of them seals; a rotation seals all files anew while everything goes on. Replacing or removing a file overwrites it
//! first; copy-on-write disks, SSDs and copies of older vaults may still hold it, and only destroying the master key of that
//! time reaches those.
//!
//! `check` says whose vault it is, `credentials/` holds a file for each credential, `keys/` two copies of each bucket of data
//! keys. It is not a key-value store and not a backup: a file that is lost is lost for good.

mod buckets;
mod credential;
mod data_keys;
mod error;
mod files;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod layout;
mod master_key;
mod master_keys;
mod names;
mod password;
mod rotation;
mod seal;
mod sealed;
mod store;
#[cfg(test)]
pub(crate) mod trace;
mod tree;

pub use buckets::{Destroyed, MissingBucket};
pub use credential::{Credential, DISPLAY_NAME_CHARS_MAX, DisplayName};
pub use data_keys::{Bound, DataKeyError, KeyStanding};
pub use error::VaultError;
pub use master_key::{MasterKey, MasterKeyError, MasterKeyId};
pub use master_keys::MasterKeys;
pub use names::{AccountName, FoldedName, NAME_CHARS_MAX, NameError};
pub use password::{
    ARGON2_LANES, ARGON2_MEMORY_KIB, ARGON2_PASSES, PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN, Password,
    PasswordError, Verifier, VerifierError, dummy_verify,
};
pub use rotation::{MasterKeyUse, Rotation, RotationProgress, TakenOver};
pub use store::{NameHeld, NameReservation, Reconciled, Vault};
