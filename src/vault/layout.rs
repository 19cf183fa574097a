//! What stands where in a vault's folder, and which files there are its own.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crmconf_events::CredentialId;
use crmconf_events::disk::Disk;
use data_encoding::HEXLOWER;

use super::buckets::bucket_of;
use super::error::VaultError;
use super::files::{Doing, without_ending};
use super::seal::Kind;

/// The file that tells whether master key and store are the right ones.
pub(super) const CHECK_FILE: &str = "check";
/// The folder of the credentials.
pub(super) const CREDENTIALS_FOLDER: &str = "credentials";
/// The folder of the buckets of data keys.
pub(super) const KEYS_FOLDER: &str = "keys";

/// A file of the vault.
pub(super) struct Standing {
    pub(super) kind: Kind,
    pub(super) path: PathBuf,
    /// Whether it is what an interrupted change left of such a file.
    pub(super) leftover: bool,
}

/// The folders within the vault.
pub(super) fn parts(vault: &Path) -> [PathBuf; 2] {
    [CREDENTIALS_FOLDER, KEYS_FOLDER].map(|name| vault.join(name))
}

/// The folders that hold files of a vault, each with the kind of its files; the check file's, which comes last, is the
/// vault's own.
pub(super) fn places(vault: &Path) -> [(Kind, PathBuf); 3] {
    let [credentials, keys] = parts(vault);
    [(Kind::Credential, credentials), (Kind::Bucket, keys), (Kind::Check, vault.into())]
}

/// Whether a file of this kind may have such a name.
pub(super) fn is_name_of(kind: Kind, name: &str) -> bool {
    match kind {
        Kind::Credential => credential_id(name).is_some(),
        Kind::Bucket => bucket_of(name).is_some(),
        Kind::Check => name == CHECK_FILE,
    }
}

/// The files of a vault, leftovers among them, the check file last. Files of other names are not ours.
pub(super) fn files(disk: &dyn Disk, vault: &Path) -> Result<Vec<Standing>, VaultError> {
    let mut files = Vec::new();
    for (kind, folder) in places(vault) {
        list(disk, kind, &folder, &mut files)?;
    }
    Ok(files)
}

fn list(disk: &dyn Disk, kind: Kind, folder: &Path, files: &mut Vec<Standing>) -> Result<(), VaultError> {
    let names = match disk.list(folder) {
        // Vaults made before there were data keys have no folder for them.
        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
        names => names.doing("listed", folder)?,
    };
    for name in names {
        let (path, own) = (folder.join(&name), without_ending(&name));
        let leftover = own != name;
        if is_name_of(kind, own) && (!leftover || disk.is_file(&path).doing("examined", &path)?) {
            files.push(Standing { kind, path, leftover });
        }
    }
    Ok(())
}

/// The id that the name of a credential's file stands for.
pub(super) fn credential_id(file_name: &str) -> Option<CredentialId> {
    let bytes = HEXLOWER.decode(file_name.as_bytes()).ok()?;
    bytes.try_into().ok().map(CredentialId::new)
}
