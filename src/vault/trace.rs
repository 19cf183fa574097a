//! For tests: whether a data key that was whole once can be derived from anything that is left on a disk.

use std::path::{Path, PathBuf};

use crmconf_events::disk::{Disk, read_file};
use crmconf_events::{KeyId, StoreId};

use super::files::without_ending;
use super::layout::parts;
use super::seal::{Kind, Sealer};
use super::tree::Tree;
use super::{MasterKeys, Vault};

/// A data key, and every seed that leads to it.
pub(crate) struct Trace {
    leaf: u16,
    /// The seeds from the uppermost on, and the 64-byte key last.
    secrets: Vec<Vec<u8>>,
}

impl Trace {
    /// What leads to a key that is whole now.
    pub(crate) fn of(vault: &Vault, key: KeyId) -> Self {
        let (leaf, secrets) = vault.secrets_of(key);
        Self { leaf, secrets }
    }

    /// Whether the key or one of these seeds stands in some bytes as they are.
    pub(crate) fn stands_in(&self, bytes: &[u8]) -> bool {
        self.secrets.iter().any(|secret| bytes.windows(secret.len()).any(|window| window == secret))
    }

    /// The files of a vault that the key can be derived from, by whoever has these master keys.
    pub(crate) fn derivable_from(
        &self,
        disk: &dyn Disk,
        vault: &Path,
        store: StoreId,
        keys: &MasterKeys,
    ) -> Vec<PathBuf> {
        let sealer = Sealer::new(keys, store);
        let folders = parts(vault).into_iter().chain([vault.to_owned()]);
        let files = folders.flat_map(|folder| {
            disk.list(&folder).unwrap_or_default().into_iter().map(move |name| folder.join(name))
        });
        files
            .filter(|path| {
                // What is no file is a folder, which is looked into by itself.
                let Ok(bytes) = read_file(disk, path) else { return false };
                self.stands_in(&bytes)
                    || opened(&sealer, path, &bytes).iter().any(|content| self.derives_from(content))
            })
            .collect()
    }

    fn derives_from(&self, content: &[u8]) -> bool {
        let derived = Tree::from_bytes(content).and_then(|tree| tree.derive(self.leaf));
        let derived =
            derived.is_some_and(|key| self.secrets.last().is_some_and(|known| known == key.as_bytes()));
        derived || self.stands_in(content)
    }
}

/// What a file holds, whatever it is said to be: leftovers were sealed under the name of the file that they stand beside.
fn opened(sealer: &Sealer, path: &Path, bytes: &[u8]) -> Vec<Vec<u8>> {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap();
    let names = [path.to_owned(), path.with_file_name(without_ending(name))];
    names
        .iter()
        .flat_map(|name| {
            [Kind::Check, Kind::Credential, Kind::Bucket].map(|kind| sealer.open(kind, name, bytes))
        })
        .filter_map(|content| content.ok().map(|content| content.to_vec()))
        .collect()
}
