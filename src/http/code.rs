//! The one table of error codes: number, meaning, and what a client is told unless a check says more.

/// What 10104 says where a change may have been made or not.
pub const OUTCOME_NOT_KNOWN: &str = "The outcome is not known: the store failed while the change was written. Repeat \
                                     the request with the same RequestKey when the store is back.";

/// The same of an account, whose operations take no RequestKey.
pub const ACCOUNT_OUTCOME_NOT_KNOWN: &str = "The outcome is not known: the store failed while the change was written. Look \
                                             at the account with AccountInfo when the store is back.";

/// The same of the own password: who asks may not be allowed AccountInfo, which does not tell passwords either.
pub const PASSWORD_OUTCOME_NOT_KNOWN: &str = "The outcome is not known: the store failed while the change was written. When \
                                              it is back, sign in with the new password, and else with the old one.";

/// The same of keys, whose operations take no RequestKey either.
pub const KEYS_OUTCOME_NOT_KNOWN: &str = "The outcome is not known: the store failed while the change was written. Repeat \
                                          the request when the store is back: what was done already is not done again.";

/// What 31003 says of a configuration that cannot be shredded.
pub const NOTHING_TO_SHRED: &str = "There is no such CRM Configuration in that scope, or it was deleted and the data key of \
                                    its password fields is destroyed already.";

/// What is said where a change stands and its data key is not destroyed yet.
pub const NOT_DESTROYED: &str = "The change is recorded, but the data key could not be destroyed on the disk yet. The server \
                                 tries again by itself, and at its next start at the latest.";

/// What is said where a change stands and its data key is in a bucket that is not there to be changed.
pub const BUCKET_LACKING: &str = "The change is recorded, but the data key is in a bucket that is missing or damaged in the \
                                  vault. It is destroyed by the first start that finds the bucket put back; until then a \
                                  copy of the bucket's file can still give it.";

/// Declares the codes.
macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $message:literal;)*) => {
        /// An error code of the API. Those up to 10105 have a published meaning; the others are our reading of
        /// their place in the published tables.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code {
            $($(#[$doc])* $name,)*
        }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The number that clients see.
            #[must_use]
            pub const fn number(self) -> u32 {
                match self { $(Self::$name => $number),* }
            }

            /// What a client is told when a check has nothing more precise to say.
            #[must_use]
            pub const fn message(self) -> &'static str {
                match self { $(Self::$name => $message),* }
            }

            /// The same with what a check has to say.
            #[must_use]
            pub fn with(self, detail: impl std::fmt::Display) -> String {
                format!("{}: {detail}.", self.message().trim_end_matches('.'))
            }
        }
    };
}

codes! {
    /// Something failed that should not.
    Unknown = 10000, "An unknown error occurred.";
    /// The API is disabled by configuration.
    Disabled = 10001, "The API is disabled.";
    /// InvokeID is missing or empty.
    InvokeIdMissing = 10101, "InvokeID is missing.";
    /// Operation is missing or unsupported.
    Operation = 10102, "The Operation is missing or not supported.";
    /// An internal resource cannot be resolved.
    Unresolved = 10103, "An internal resource cannot be resolved.";
    /// The store takes no changes, or the outcome is not known.
    StoreUnavailable = 10104, "The store is not available; nothing was changed.";
    /// Starting, draining, or overload.
    Maintenance = 10105, "The service is busy; try again later.";
    /// A compulsory property is missing.
    PropertyMissing = 10107, "A compulsory property is missing.";
    /// A property is invalid.
    PropertyInvalid = 10108, "A property is invalid.";
    /// SessionID is missing.
    SessionMissing = 10301, "SessionID is missing; CreateSession gives one.";
    /// SessionID is unknown or expired.
    SessionUnknown = 10302, "The session is unknown or has expired; create a new one.";
    /// Nobody has signed in to the session.
    NotAuthenticated = 10305, "The session is not authenticated; send Authenticate first.";
    /// Authentication failed, or is no longer valid.
    AuthenticationFailed = 10307, "Authentication failed or is no longer valid; create a new session.";
    /// The operation is not this account's at all.
    OperationForbidden = 10313, "This account may not use this operation.";
    /// No grant for the TelSys.
    NoGrantTelSys = 10511, "This account has no grant for that TelSysID.";
    /// No grant for the Partition.
    NoGrantPartition = 10512, "This account has no grant for that PartIDInTelSys.";
    /// Reserved.
    Reserved = 10514, "This account may not do this.";
    /// No grant to modify there.
    NoGrantModify = 10515, "This account has no grant to modify CRM Configurations there.";
    /// No grant for the every-TelSys scope.
    NoGrantEveryTelSys = 10700, "This account has no grant to modify CRM Configurations of every telephone system.";
    /// No grant for the Device.
    NoGrantDevice = 10701, "This account has no grant for that DeviceNumber.";
    /// No grant for history and audit.
    NoGrantAudit = 10702, "This account has no grant for history and audit there.";
    /// TelSysID is malformed.
    TelSysMalformed = 11012, "TelSysID must be -1 or a number from 1 to 2147483647.";
    /// No such TelSys.
    NoSuchTelSys = 11013, "There is no telephone system with that TelSysID.";
    /// No such Partition.
    NoSuchPartition = 11131, "There is no partition with that PartIDInTelSys in that telephone system.";
    /// No such Device.
    NoSuchDevice = 11161, "There is no device with that DeviceNumber in that partition.";
    /// Same scope, type and description exists.
    Duplicate = 31000, "A CRM Configuration with the same scope, CRMType and Description exists.";
    /// The type's template cannot be loaded now.
    TemplateUnavailable = 31001, "The template of that CRMType cannot be loaded now.";
    /// CRMConfigurationID is missing.
    ConfigurationIdMissing = 31002, "CRMConfigurationID is missing.";
    /// No such configuration in that scope.
    NoSuchConfiguration = 31003, "There is no such CRM Configuration in that scope.";
    /// CRMType is missing.
    CrmTypeMissing = 31004, "CRMType is missing.";
    /// CRMType is unknown.
    CrmTypeUnknown = 31005, "That CRMType is unknown.";
    /// CRMConfiguration is invalid.
    ConfigurationInvalid = 31006, "CRMConfiguration is invalid.";
    /// CRMConfigurationCommon is invalid.
    CommonInvalid = 31007, "CRMConfigurationCommon is invalid.";
    /// Version conflict.
    VersionConflict = 31100, "The CRM Configuration has another version than expected.";
    /// RequestKey reused for another request.
    RequestKeyReused = 31101, "The RequestKey was used for another request.";
    /// The account's name is taken.
    AccountNameTaken = 31200, "The account name is taken.";
    /// No such account.
    NoSuchAccount = 31201, "There is no such account.";
    /// The last enabled Administrator stays.
    LastAdministrator = 31202, "The last enabled Administrator cannot be removed, disabled or demoted.";
    /// The new password is refused.
    PasswordRefused = 31203, "A password must have 8 to 1024 characters.";
    /// The directory entry is in use.
    DirectoryEntryInUse = 31204, "The directory entry is in use.";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn numbers_are_unique_and_messages_are_sentences() {
        let numbers: BTreeSet<_> = Code::ALL.iter().map(|code| code.number()).collect();
        assert_eq!(numbers.len(), Code::ALL.len());
        for code in Code::ALL {
            assert!(code.message().ends_with('.'), "{code:?}");
        }
    }
}
