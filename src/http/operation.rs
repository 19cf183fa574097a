//! The operations by name.

/// Declares the operations with the names that requests call them by.
macro_rules! operations {
    ($(#[doc = $doc:literal] $name:ident = $text:literal;)*) => {
        /// An operation of the API.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Operation {
            $(#[doc = $doc] $name,)*
        }

        impl Operation {
            /// Every operation.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The name that requests call it by.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }

            /// What it does, in a sentence.
            #[must_use]
            pub const fn description(self) -> &'static str {
                match self { $(Self::$name => $doc.trim_ascii()),* }
            }
        }
    };
}

operations! {
    /// Creates a session.
    CreateSession = "CreateSession";
    /// Signs an account in to a session.
    Authenticate = "Authenticate";
    /// Ends a session.
    Logout = "Logout";
    /// Adds a CRM Configuration.
    ConfigurationAdd = "CRMConfigurationAdd";
    /// Changes a CRM Configuration.
    ConfigurationChange = "CRMConfigurationChange";
    /// Deletes a CRM Configuration.
    ConfigurationDelete = "CRMConfigurationDelete";
    /// Destroys the data key of a CRM Configuration, live or deleted.
    ConfigurationShred = "CRMConfigurationShred";
    /// Shows a CRM Configuration.
    ConfigurationInfo = "CRMConfigurationInfo";
    /// Lists the CRM Configurations that the account may see.
    ConfigurationList = "CRMConfigurationList";
    /// Adds an account.
    AccountAdd = "AccountAdd";
    /// Changes an account.
    AccountChange = "AccountChange";
    /// Deletes an account.
    AccountDelete = "AccountDelete";
    /// Gives up an account's name and addresses.
    AccountErase = "AccountErase";
    /// Shows an account.
    AccountInfo = "AccountInfo";
    /// Lists accounts.
    AccountList = "AccountList";
    /// Gives the account that asks another password.
    PasswordChange = "PasswordChange";
    /// Lists the master keys that the vault needs.
    MasterKeyList = "MasterKeyList";
    /// Seals the vault anew under the current master key.
    MasterKeyRotate = "MasterKeyRotate";
    /// Has keys destroyed again when their time has come.
    DestructionResume = "DestructionResume";
    /// Imports into the directory.
    DirectoryImport = "DirectoryImport";
    /// Lists the directory.
    DirectoryList = "DirectoryList";
    /// Lists the types that have templates.
    CrmTypeList = "CRMTypeList";
    /// Shows a type's template.
    CrmTypeInfo = "CRMTypeInfo";
}

impl Operation {
    /// The operation of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|operation| operation.name() == name)
    }
}
