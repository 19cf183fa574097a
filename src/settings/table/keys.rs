//! Settings: where master keys are.

use super::{Kind, Setting};

/// File that holds the master key.
pub const MASTER_KEY_FILE: Setting = Setting {
    name: "master_key_file",
    env: "CRMCONF_MASTER_KEY_FILE",
    flag: "--master-key-file",
    placeholder: "PATH",
    default: None,
    kind: Kind::Path,
    doc: "File with the master key of the vault, outside the data folder and readable by its owner only. \
          Without this, master_key_env and master_key_command: the data folder's path with .master-key added",
};

/// Environment variable that holds the master key.
pub const MASTER_KEY_ENV: Setting = Setting {
    name: "master_key_env",
    env: "CRMCONF_MASTER_KEY_ENV",
    flag: "--master-key-env",
    placeholder: "VARIABLE",
    default: None,
    kind: Kind::VariableName,
    doc: "Name of the environment variable that holds the master key, in place of a file",
};

/// Command that prints the master key.
pub const MASTER_KEY_COMMAND: Setting = Setting {
    name: "master_key_command",
    env: "CRMCONF_MASTER_KEY_COMMAND",
    flag: "--master-key-command",
    placeholder: "COMMAND",
    default: None,
    kind: Kind::Command,
    doc: "Command that prints the master key, in place of a file: for a key management service. Run without a shell, \
          for 30 seconds at most",
};

/// Where further master keys are.
pub const FURTHER_MASTER_KEYS: Setting = Setting {
    name: "further_master_keys",
    env: "CRMCONF_FURTHER_MASTER_KEYS",
    flag: "--further-master-keys",
    placeholder: "SOURCES",
    default: None,
    kind: Kind::KeySources,
    doc: "Where master keys are that have sealed files of the vault and are not the current one, each as file:PATH, \
          env:NAME or 'command:PROGRAM ARGUMENTS': needed until a rotation is finished",
};

/// All that says where master keys are.
pub static WAYS_TO_KEYS: [&Setting; 4] =
    [&MASTER_KEY_FILE, &MASTER_KEY_ENV, &MASTER_KEY_COMMAND, &FURTHER_MASTER_KEYS];
