//! `Fact`: what is recorded. Ids, numbers and words of the program only: there is no place for what a client typed.

use std::net::IpAddr;

use crmconf_events::access::Grant;
use crmconf_events::{AccountId, PartitionId, TelSysId};
use serde::Serialize;

use crate::sessions::FailureCause;

/// What is recorded, by its kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Fact {
    /// The server began to record.
    ServerStarted {
        /// The program's version.
        version: &'static str,
    },
    /// The server ended in order.
    ServerStopped {},
    /// An account signed in.
    SignedIn {
        /// The account.
        account: AccountId,
    },
    /// Nobody was signed in.
    SignInFailed {
        /// The account that bears the name which was given; none where no account does.
        #[serde(skip_serializing_if = "Option::is_none")]
        account: Option<AccountId>,
        /// Why.
        cause: SignInCause,
    },
    /// Nobody was signed in, whatever the password: too many attempts had failed before.
    SignInThrottled {
        /// The account that bears the name which was given; none where no account does.
        #[serde(skip_serializing_if = "Option::is_none")]
        account: Option<AccountId>,
    },
    /// An address was given no session: too many of its sessions waited for somebody to sign in.
    SessionsRefused {},
    /// An account signed out.
    SessionEnded {
        /// The account.
        account: AccountId,
    },
    /// A request came in a session whose account is not the same any more: the session ended.
    SessionRevoked {
        /// The account.
        account: AccountId,
        /// What became of the account.
        cause: RevocationCause,
    },
    /// A request was refused for want of a right.
    Refused {
        /// The account of the session; none where it was not known any more.
        #[serde(skip_serializing_if = "Option::is_none")]
        account: Option<AccountId>,
        /// The code that was answered.
        code: u32,
        /// The telephone system that was asked for.
        #[serde(skip_serializing_if = "Option::is_none")]
        telsys: Option<TelSysId>,
        /// The partition that was asked for. No device: its number is a text, and people paste passwords into texts.
        #[serde(skip_serializing_if = "Option::is_none")]
        partition: Option<PartitionId>,
    },
    /// An account's own password, asked for before a change of it, was wrong or not tried.
    PasswordNotConfirmed {
        /// The account.
        account: AccountId,
        /// Why.
        cause: SignInCause,
    },
    /// An account changed its own password.
    PasswordChanged {
        /// The account.
        account: AccountId,
    },
    /// An account was added.
    AccountAdded {
        /// The account.
        account: AccountId,
        /// Whether it may sign in.
        enabled: bool,
        /// What it may do.
        grants: Vec<Grant>,
    },
    /// An account was changed.
    AccountChanged {
        /// The account.
        account: AccountId,
        /// Whether it got another name.
        renamed: bool,
        /// Whether it got another password.
        password_set: bool,
        /// Whether it may sign in from now on, where that changed.
        #[serde(skip_serializing_if = "Option::is_none")]
        enabled: Option<bool>,
        /// The grants that it got.
        grants_given: Vec<Grant>,
        /// The grants that it lost.
        grants_taken: Vec<Grant>,
    },
    /// An account was deleted.
    AccountDeleted {
        /// The account.
        account: AccountId,
    },
    /// An account's name and addresses were given up, for ever.
    AccountErased {
        /// The account.
        account: AccountId,
    },
    /// An answer carried the values of password fields, under the key of its session.
    SecretsAnswered {
        /// The account that was answered.
        account: AccountId,
        /// Whose password fields.
        configuration: String,
        /// The fields.
        fields: Vec<String>,
    },
    /// The data key of a configuration's password fields was given up, for ever.
    ConfigurationShredded {
        /// The configuration.
        configuration: String,
        /// Whether it is destroyed on the disk; else the server tries that again until it is.
        destroyed: bool,
    },
    /// The vault was sealed anew under another master key.
    MasterKeyRotated {
        /// Names the master key that seals the vault from now on.
        master_key: String,
        /// How many files were sealed anew.
        files: u64,
    },
    /// Somebody confirmed the clock: keys of deleted configurations are destroyed again when their time has come.
    DestructionResumed {},
    /// The directory was imported, or a piece of it.
    DirectoryImported {
        /// How.
        mode: ImportMode,
        /// Whether all of it was; else the counts are those of the part that stands.
        complete: bool,
        /// What became of the entries.
        #[serde(flatten)]
        counts: ImportCounts,
    },
    /// More records of one kind came from one address than are written in a minute.
    RecordsRepeated {
        /// Their kind.
        of: &'static str,
        /// How many were not written.
        count: u64,
        /// When the first of them was made; the record's own time is that of the last.
        since: String,
        /// Where they came from; of IPv6 one address for its /64.
        address: IpAddr,
        /// The account that they were about, where that had signed in.
        #[serde(skip_serializing_if = "Option::is_none")]
        account: Option<AccountId>,
    },
    /// Records were lost: the queue was full, or the disk refused them for long.
    RecordsLost {
        /// How many.
        count: u64,
    },
}

/// Why a password was of no use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SignInCause {
    /// No account bears that name.
    UnknownName,
    /// The account has another password.
    WrongPassword,
    /// The password was right, and the account is disabled.
    AccountDisabled,
    /// The password was right, and the account changed while it was verified.
    AccountChanged,
    /// It was not tried: too many attempts had failed before.
    Throttled,
    /// The client left before it was answered; what would have been wrong was not found out.
    Abandoned,
}

impl From<FailureCause> for SignInCause {
    fn from(cause: FailureCause) -> Self {
        match cause {
            FailureCause::UnknownName => Self::UnknownName,
            FailureCause::WrongPassword => Self::WrongPassword,
            FailureCause::AccountDisabled => Self::AccountDisabled,
            FailureCause::AccountChanged => Self::AccountChanged,
            FailureCause::Throttled => Self::Throttled,
        }
    }
}

/// What became of a session's account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RevocationCause {
    /// It was deleted.
    AccountDeleted,
    /// It was disabled.
    AccountDisabled,
    /// Its name, password or grants changed, or it was disabled and enabled again.
    AccountChanged,
}

/// How a directory was imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportMode {
    /// Nothing was removed.
    Merge,
    /// What was missing was removed.
    Replace,
    /// What was listed was removed.
    Remove,
}

/// What became of the entries of an import.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ImportCounts {
    /// Added.
    pub added: u64,
    /// Changed.
    pub changed: u64,
    /// Removed.
    pub removed: u64,
    /// There already, just so.
    pub unchanged: u64,
}

impl Fact {
    /// The word for its kind in the file. A word that was released keeps its meaning.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::ServerStarted { .. } => "server_started",
            Self::ServerStopped {} => "server_stopped",
            Self::SignedIn { .. } => "sign_in",
            Self::SignInFailed { .. } => "sign_in_failed",
            Self::SignInThrottled { .. } => "sign_in_throttled",
            Self::SessionsRefused {} => "sessions_refused",
            Self::SessionEnded { .. } => "session_ended",
            Self::SessionRevoked { .. } => "session_revoked",
            Self::Refused { .. } => "refused",
            Self::PasswordNotConfirmed { .. } => "password_not_confirmed",
            Self::PasswordChanged { .. } => "password_changed",
            Self::AccountAdded { .. } => "account_added",
            Self::AccountChanged { .. } => "account_changed",
            Self::AccountDeleted { .. } => "account_deleted",
            Self::AccountErased { .. } => "account_erased",
            Self::SecretsAnswered { .. } => "secrets_answered",
            Self::ConfigurationShredded { .. } => "configuration_shredded",
            Self::MasterKeyRotated { .. } => "master_key_rotated",
            Self::DestructionResumed {} => "destruction_resumed",
            Self::DirectoryImported { .. } => "directory_imported",
            Self::RecordsRepeated { .. } => "records_repeated",
            Self::RecordsLost { .. } => "records_lost",
        }
    }

    /// Whether it says what was done to accounts, keys or the directory: its record names who did it.
    #[must_use]
    pub const fn is_administrative(&self) -> bool {
        match self {
            Self::AccountAdded { .. }
            | Self::AccountChanged { .. }
            | Self::AccountDeleted { .. }
            | Self::AccountErased { .. }
            | Self::ConfigurationShredded { .. }
            | Self::MasterKeyRotated { .. }
            | Self::DestructionResumed {}
            | Self::DirectoryImported { .. } => true,
            Self::ServerStarted { .. }
            | Self::ServerStopped {}
            | Self::SignedIn { .. }
            | Self::SignInFailed { .. }
            | Self::SignInThrottled { .. }
            | Self::SessionsRefused {}
            | Self::SessionEnded { .. }
            | Self::SessionRevoked { .. }
            | Self::Refused { .. }
            | Self::PasswordNotConfirmed { .. }
            | Self::PasswordChanged { .. }
            | Self::SecretsAnswered { .. }
            | Self::RecordsRepeated { .. }
            | Self::RecordsLost { .. } => false,
        }
    }

    /// Whether anybody can have many of them recorded: then some room in the queue is kept from it.
    pub(super) const fn waits_for_others(&self) -> bool {
        self.repetition().is_some() || matches!(self, Self::SecretsAnswered { .. })
    }

    /// Under which account its repetitions are counted: one that has proved who it is, so that nobody can make as many
    /// as there are names. `None` where each of them is written.
    pub(super) const fn repetition(&self) -> Option<Option<AccountId>> {
        match self {
            Self::SignInFailed { .. } | Self::SignInThrottled { .. } | Self::SessionsRefused {} => Some(None),
            Self::SignedIn { account }
            | Self::SessionEnded { account }
            | Self::SessionRevoked { account, .. }
            | Self::PasswordNotConfirmed { account, .. }
            | Self::PasswordChanged { account } => Some(Some(*account)),
            Self::Refused { account, .. } => Some(*account),
            Self::ServerStarted { .. }
            | Self::ServerStopped {}
            | Self::AccountAdded { .. }
            | Self::AccountChanged { .. }
            | Self::AccountDeleted { .. }
            | Self::AccountErased { .. }
            | Self::SecretsAnswered { .. }
            | Self::ConfigurationShredded { .. }
            | Self::MasterKeyRotated { .. }
            | Self::DestructionResumed {}
            | Self::DirectoryImported { .. }
            | Self::RecordsRepeated { .. }
            | Self::RecordsLost { .. } => None,
        }
    }
}
