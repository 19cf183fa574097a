//! The files of buckets: each is kept twice, and the copies are made to agree at start.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crmconf_events::disk::create_folders;

use crate::vault::error::VaultError;
use crate::vault::files::Doing;
use crate::vault::layout::KEYS_FOLDER;
use crate::vault::seal::Kind;
use crate::vault::sealed::SealedFiles;
use crate::vault::tree::Tree;

/// Endings of the two copies of a bucket, in the order in which they are written.
const COPIES: [&str; 2] = ["a", "b"];
/// How many hexadecimal digits name a bucket: 48 bits, since each covers 16 bits of the key ids.
const NAME_DIGITS: usize = 12;

/// The files of buckets.
pub(in crate::vault) struct Copies<'a>(pub(in crate::vault) &'a SealedFiles);

/// What stands in the folder.
pub(super) struct Found {
    /// Buckets that opened; both copies of each agree now.
    pub(super) trees: BTreeMap<u64, Arc<Tree>>,
    /// Buckets neither copy of which opens, or whose copies contradict each other, and why.
    pub(super) damaged: BTreeMap<u64, VaultError>,
}

/// What became of one copy.
enum Copy {
    Opened(Tree),
    Absent,
    Damaged(VaultError),
}

impl Copies<'_> {
    /// Puts a tree in the place of a bucket's both copies, durably.
    pub(super) fn write(&self, bucket: u64, tree: &Tree) -> Result<(), VaultError> {
        COPIES.iter().try_for_each(|copy| self.write_copy(&self.path(bucket, copy), tree))
    }

    /// Puts a tree in the place of one copy, durably.
    pub(super) fn write_copy(&self, path: &Path, tree: &Tree) -> Result<(), VaultError> {
        self.0.replace(Kind::Bucket, path, &tree.to_bytes())
    }

    /// Reads all buckets. A copy that is missing, damaged or less punctured than the other is written anew from it.
    pub(super) fn read_all(&self) -> Result<Found, VaultError> {
        let mut found = Found { trees: BTreeMap::new(), damaged: BTreeMap::new() };
        for bucket in self.buckets()? {
            match self.read_bucket(bucket)? {
                Ok(tree) => {
                    found.trees.insert(bucket, Arc::new(tree));
                }
                Err(why) => {
                    found.damaged.insert(bucket, why);
                }
            }
        }
        Ok(found)
    }

    /// The buckets of which a file stands in the folder, which is made if it is not there: older vaults have none.
    fn buckets(&self) -> Result<BTreeSet<u64>, VaultError> {
        let folder = self.folder();
        match self.0.disk().list(&folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                create_folders(self.0.disk(), &folder).doing("created", &folder)?;
                Ok(BTreeSet::new())
            }
            // A file of another name is not ours: it is neither read nor removed.
            Err(_) | Ok(_) => {
                Ok(self.0.sweep(Kind::Bucket, &folder)?.iter().filter_map(|name| bucket_of(name)).collect())
            }
        }
    }

    /// One bucket; the inner error when neither copy opens, or nobody can tell which of the two is the right one.
    fn read_bucket(&self, bucket: u64) -> Result<Result<Tree, VaultError>, VaultError> {
        let [a, b] = COPIES.map(|copy| self.path(bucket, copy));
        let tree = match (self.read_copy(&a)?, self.read_copy(&b)?) {
            (Copy::Opened(first), Copy::Opened(second)) => {
                let Some(tree) = first.intersection(&second) else {
                    return Ok(Err(VaultError::CopiesContradict { a, b }));
                };
                for (path, _) in [(a, first), (b, second)].iter().filter(|(_, copy)| *copy != tree) {
                    tracing::warn!(path = %path.display(), "this copy had keys that the other has destroyed; it is put right");
                    self.write_copy(path, &tree)?;
                }
                tree
            }
            (Copy::Opened(tree), lost) => self.restore(&b, lost, tree)?,
            (lost, Copy::Opened(tree)) => self.restore(&a, lost, tree)?,
            (Copy::Damaged(why), Copy::Absent | Copy::Damaged(_)) | (Copy::Absent, Copy::Damaged(why)) => {
                return Ok(Err(why));
            }
            // Both were gone between listing and reading, which nobody but an operator can have done.
            (Copy::Absent, Copy::Absent) => return Ok(Err(VaultError::Damaged { path: a })),
        };
        Ok(Ok(tree))
    }

    /// Writes a copy anew from the other.
    fn restore(&self, path: &Path, lost: Copy, tree: Tree) -> Result<Tree, VaultError> {
        let why = match lost {
            Copy::Damaged(why) => why.to_string(),
            Copy::Absent | Copy::Opened(_) => "it was not there".into(),
        };
        tracing::warn!(path = %path.display(), why, "this copy of a bucket of data keys is restored from the other");
        self.write_copy(path, &tree)?;
        Ok(tree)
    }

    fn read_copy(&self, path: &Path) -> Result<Copy, VaultError> {
        match self.0.open(Kind::Bucket, path) {
            Ok(content) => Ok(match Tree::from_bytes(&content) {
                Some(tree) => Copy::Opened(tree),
                None => Copy::Damaged(VaultError::Damaged { path: path.into() }),
            }),
            Err(VaultError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => Ok(Copy::Absent),
            Err(error @ VaultError::Io { .. }) => Ok(Copy::Damaged(error)),
            Err(error) if error.is_of_the_file() => Ok(Copy::Damaged(error)),
            Err(error) => Err(error),
        }
    }

    fn folder(&self) -> PathBuf {
        self.0.folder().join(KEYS_FOLDER)
    }

    fn path(&self, bucket: u64, copy: &str) -> PathBuf {
        self.folder().join(format!("{bucket:0NAME_DIGITS$x}.{copy}"))
    }
}

/// Which bucket a file of this name is a copy of.
pub(in crate::vault) fn bucket_of(name: &str) -> Option<u64> {
    let (number, copy) = name.split_once('.')?;
    let digits = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let ours = number.len() == NAME_DIGITS && number.bytes().all(digits) && COPIES.contains(&copy);
    u64::from_str_radix(number, 16).ok().filter(|_| ours)
}
