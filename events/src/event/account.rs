//! What happens to an account. Its name and verifier are in the vault, never here.

use serde::{Deserialize, Serialize};

use crate::access::Grant;
use crate::value::{AccountId, CredentialId, KeyId, NameCommitment};

/// An account was created. It holds no grants and is enabled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountCreated {
    /// The account.
    pub account: AccountId,
    /// Binds the account to its name without telling it.
    pub name: NameCommitment,
    /// The file in the vault that holds name and verifier.
    pub credential: CredentialId,
    /// The data key given to the addresses that it is used from. Accounts of stores from before there were such keys have
    /// none, and of their addresses nothing is recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<KeyId>,
}

/// An account got another name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountRenamed {
    /// The account.
    pub account: AccountId,
    /// Binds the account to its new name.
    pub name: NameCommitment,
    /// The file in the vault that counts from now on.
    pub credential: CredentialId,
}

/// An account got another password.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CredentialSet {
    /// The account.
    pub account: AccountId,
    /// The file in the vault that counts from now on.
    pub credential: CredentialId,
}

/// An account got a role on a scope.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrantGiven {
    /// The account.
    pub account: AccountId,
    /// What it got.
    pub grant: Grant,
}

/// An account lost a role on a scope.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrantTaken {
    /// The account.
    pub account: AccountId,
    /// What it lost.
    pub grant: Grant,
}

/// An account may no longer sign in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountDisabled {
    /// The account.
    pub account: AccountId,
}

/// An account may sign in again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountEnabled {
    /// The account.
    pub account: AccountId,
}

/// An account was deleted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountDeleted {
    /// The account.
    pub account: AccountId,
}

/// A deleted account's name and addresses were given up: the vault forgets its credential and its data key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountErased {
    /// The account.
    pub account: AccountId,
    /// The data key of its addresses, which is destroyed, if it had one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<KeyId>,
}
