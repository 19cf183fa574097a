//! What is wanted of accounts. Names, passwords and verifiers are in the vault: a command names credentials only.

use crate::access::Grants;
use crate::value::{AccountId, CredentialId, KeyId, NameCommitment};

/// Creates an account.
#[derive(Clone, Debug)]
pub struct CreateAccount {
    /// The id drawn for it.
    pub account: AccountId,
    /// Its credential, already in the vault, or why there is none.
    pub credential: Result<NamedCredential, CredentialFault>,
    /// The data key given to its addresses.
    pub key: Option<KeyId>,
    /// Whether it may sign in.
    pub enabled: bool,
    /// What it may do.
    pub grants: Grants,
}

/// A credential with what binds its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NamedCredential {
    /// Binds the account to its name.
    pub name: NameCommitment,
    /// The credential's file in the vault.
    pub credential: CredentialId,
}

/// Changes an account: what is given replaces, what is not stays.
#[derive(Clone, Debug, Default)]
pub struct ChangeAccount {
    /// The account; `None` when nobody bears the name given.
    pub account: Option<AccountId>,
    /// The version it must have, if given.
    pub expected_version: Option<u64>,
    /// Another name or password, or why it cannot have them.
    pub credential: Option<Result<NewCredential, CredentialFault>>,
    /// Whether it may sign in.
    pub enabled: Option<bool>,
    /// All its grants.
    pub grants: Option<Grants>,
}

/// A credential that takes another's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewCredential {
    /// The credential that it was derived from: still the account's, or what stands in it is no longer true.
    pub base: CredentialId,
    /// Its file in the vault.
    pub credential: CredentialId,
    /// What is another in it.
    pub difference: CredentialDifference,
}

/// What is another in a new credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CredentialDifference {
    /// The name, or how the account's holder is called in full; with what binds the name from now on.
    Name(NameCommitment),
    /// The password.
    Password,
    /// Both.
    NameAndPassword(NameCommitment),
}

/// Why there is no new credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CredentialFault {
    /// The vault holds the name for another account, which may be a deleted one.
    NameTaken,
    /// The password is too short or too long.
    PasswordRefused,
    /// The vault lacks the account's credential, so that nothing can be derived from it.
    Lost,
}

/// Gives an account another password, as its holder may.
#[derive(Clone, Copy, Debug)]
pub struct SetCredential {
    /// The account.
    pub account: AccountId,
    /// The credential that the new one was derived from.
    pub base: CredentialId,
    /// The new one's file in the vault.
    pub credential: CredentialId,
}

/// Deletes an account.
#[derive(Clone, Copy, Debug)]
pub struct DeleteAccount {
    /// The account; `None` when nobody bears the name given.
    pub account: Option<AccountId>,
    /// The version it must have, if given.
    pub expected_version: Option<u64>,
}

/// Gives up an account's name and addresses; a live account is deleted by it.
#[derive(Clone, Copy, Debug)]
pub struct EraseAccount {
    /// The account; `None` when nobody bears the name given, and no deleted account did.
    pub account: Option<AccountId>,
    /// The version it must have, if given; a deleted account has none any more.
    pub expected_version: Option<u64>,
}
