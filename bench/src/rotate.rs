//! How long does sealing the vault anew under another master key take, and what does sealing one value cost?
//!
//! A rotation rewrites files, not keys: what counts is how many buckets there are, and how punctured they are. So each row
//! has as many buckets as a million configurations need, with none, some, or every second of their keys destroyed, and a few
//! credentials. Beside it stands the floor: files of the same number and sizes, each replaced on the same disk with the same
//! syncs and nothing sealed. After each rotation the vault is opened with the new key alone.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::hint::black_box;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crmconf::vault::{AccountName, Bound, Credential, MasterKey, MasterKeys, Password, Vault, Verifier};
use crmconf_events::{AccountId, KeyId, StoreId};

use crate::error::BenchError;
use crate::figures::{Figures, micros};
use crate::machine;

/// Keys in a bucket.
const BUCKET: u64 = 1 << 16;
const STORE: StoreId = StoreId::new([1; 16]);
/// Values sealed and opened for the figure of one.
const VALUES: u64 = 20_000;

/// What is measured, and how often.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Folder on the disk to measure, in which a temporary one is made [default: the system's temporary folder]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Buckets of 65,536 keys; 16 are enough for a million configurations
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u64).range(1..=1_024))]
    buckets: u64,
    /// Accounts with a credential
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u8).range(1..))]
    accounts: u8,
    /// Rotations in each row; the table has the median and the worst
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=999))]
    rounds: u16,
}

/// Runs the whole benchmark and prints its table.
///
/// # Errors
/// When the disk refuses, or the vault does not do what it is asked.
pub(crate) fn run(options: &Options) -> Result<(), BenchError> {
    show(&format!(
        "How long does sealing the vault anew under another master key take?\n\
         Before: {}.\n\
         {} buckets, {} credentials, {} rotations in each row; floor: the same files replaced, nothing sealed.\n\n\
         {:>24} {:>7} {:>10} {:>12} {:>12} {:>12}\n",
        machine::line(),
        options.buckets,
        options.accounts,
        options.rounds,
        "destroyed in each bucket",
        "files",
        "KiB",
        "median ms",
        "worst ms",
        "floor ms"
    ))?;
    for step in [None, Some(64), Some(2)] {
        row(options, step)?;
    }
    show(&format!("After: {}.\n", machine::line()))
}

/// One vault, of whose buckets every `step`th key is destroyed.
fn row(options: &Options, step: Option<usize>) -> Result<(), BenchError> {
    let parent = options.dir.clone().unwrap_or_else(std::env::temp_dir);
    let folder = tempfile::Builder::new()
        .prefix("crmconf-bench-")
        .tempdir_in(&parent)
        .map_err(BenchError::system(format!("{} takes no temporary folder", parent.display())))?;
    let path = folder.path().join("vault");
    let mut key_file = new_key(folder.path(), 0)?;
    let vault = Vault::create(&path, STORE, &MasterKeys::sole(read_key(&key_file)?)).map_err(vault_error)?;
    fill(&vault, options, step)?;
    let mut times = Vec::new();
    for round in 1..=options.rounds {
        let next = new_key(folder.path(), round)?;
        let keys = MasterKeys::new(read_key(&next)?, vec![read_key(&key_file)?]);
        let begun = Instant::now();
        let taken_over = vault.take_over(&keys).map_err(vault_error)?;
        let done = vault.seal_anew(taken_over, &mut |_| {}).map_err(vault_error)?;
        times.push(micros(begun.elapsed()));
        if done.unchanged > 0 || !done.unreadable.is_empty() {
            return Err(BenchError::Vault(format!("a rotation left files: {done:?}")));
        }
        Vault::open(&path, STORE, &MasterKeys::sole(read_key(&next)?)).map_err(vault_error)?;
        key_file = next;
    }
    let worst = times.iter().max().copied().unwrap_or_default();
    let sizes = sizes(&path)?;
    let floor = floor(folder.path(), &sizes)?;
    show(&format!(
        "{:>24} {:>7} {:>10} {:>12.1} {:>12.1} {:>12.1}\n",
        step.map_or(0, |step| 65_536 / step),
        sizes.len(),
        sizes.iter().sum::<usize>() >> 10,
        f64::from(Figures::of(times, Duration::from_secs(1)).p50_us) / 1e3,
        f64::from(worst) / 1e3,
        f64::from(micros(floor)) / 1e3,
    ))?;
    one_value(&vault)
}

fn fill(vault: &Vault, options: &Options, step: Option<usize>) -> Result<(), BenchError> {
    for bucket in 0..options.buckets {
        vault.key_to_give(KeyId((bucket * BUCKET).max(1))).map_err(vault_error)?;
        let keys = bucket * BUCKET..(bucket + 1) * BUCKET;
        let due: BTreeSet<_> =
            step.into_iter().flat_map(|step| keys.clone().step_by(step)).map(KeyId).collect();
        vault.destroy(&due).map_err(vault_error)?;
    }
    let verifier = Verifier::of(&Password::given("bench-password")).map_err(vault_error)?;
    for number in 0..options.accounts {
        let name = AccountName::new(&format!("account{number}")).map_err(vault_error)?;
        let account = AccountId::new([number; 16]);
        let credential = Credential::new(account, name, None, verifier.clone()).map_err(vault_error)?;
        vault.store_credential(&credential).map_err(vault_error)?;
    }
    Ok(())
}

/// What sealing and opening one value costs.
fn one_value(vault: &Vault) -> Result<(), BenchError> {
    let bound = Bound::Address { account: AccountId::new([1; 16]) };
    // No step that the rows know destroys odd ids.
    let ids = || (0..VALUES).map(|n| KeyId((n * 2_654_435_761 % BUCKET) | 1));
    let begun = Instant::now();
    let sealed = ids()
        .map(|id| vault.seal(id, &bound, black_box(b"bench-secret")))
        .collect::<Result<Vec<_>, _>>()
        .map_err(vault_error)?;
    let sealing = begun.elapsed();
    let begun = Instant::now();
    for (id, value) in ids().zip(&sealed) {
        black_box(vault.unseal(id, &bound, value).map_err(vault_error)?);
    }
    let each = |whole: Duration| micros(whole * 10) as f64 / 10.0 / VALUES as f64;
    show(&format!(
        "{:>24} seal {:.2} us, unseal {:.2} us\n",
        "one value:",
        each(sealing),
        each(begun.elapsed())
    ))
}

/// Replaces as many files of these sizes, with the syncs that the vault makes.
fn floor(folder: &Path, sizes: &[usize]) -> Result<Duration, BenchError> {
    let folder = folder.join("floor");
    std::fs::create_dir(&folder).map_err(BenchError::system("the floor's folder"))?;
    let write = |path: &Path, size: usize| {
        let mut file = std::fs::File::create(path)?;
        file.write_all(&vec![7; size])?;
        file.sync_data()
    };
    let sync = || std::fs::File::open(&folder)?.sync_all();
    let replace = |path: &Path, size: usize| -> std::io::Result<()> {
        let (new, old) = (path.with_extension("new"), path.with_extension("old"));
        write(&new, size)?;
        std::fs::hard_link(path, &old)?;
        sync()?;
        std::fs::rename(&new, path)?;
        sync()?;
        let mut file = std::fs::File::options().write(true).open(&old)?;
        file.write_all(&vec![0; size])?;
        file.sync_data()?;
        std::fs::remove_file(&old)?;
        sync()
    };
    let paths: Vec<_> = (0..sizes.len()).map(|number| folder.join(number.to_string())).collect();
    let failed = || BenchError::system("the floor's files");
    for (path, size) in paths.iter().zip(sizes) {
        write(path, *size).map_err(failed())?;
    }
    let begun = Instant::now();
    for (path, size) in paths.iter().zip(sizes) {
        replace(path, *size).map_err(failed())?;
    }
    Ok(begun.elapsed())
}

/// The sizes of the vault's files.
fn sizes(vault: &Path) -> Result<Vec<usize>, BenchError> {
    let failed = || BenchError::system("the vault's folders cannot be read");
    let mut sizes = Vec::new();
    for folder in [vault.to_owned(), vault.join("keys"), vault.join("credentials")] {
        for entry in std::fs::read_dir(folder).map_err(failed())? {
            let metadata = entry.and_then(|entry| entry.metadata()).map_err(failed())?;
            if metadata.is_file() {
                sizes.push(usize::try_from(metadata.len()).unwrap_or(usize::MAX));
            }
        }
    }
    Ok(sizes)
}

fn new_key(folder: &Path, number: u16) -> Result<PathBuf, BenchError> {
    let path = folder.join(format!("key{number}"));
    MasterKey::generate().and_then(|key| key.write_new_file(&path)).map_err(vault_error)?;
    Ok(path)
}

fn read_key(path: &Path) -> Result<MasterKey, BenchError> {
    MasterKey::from_file(path).map_err(vault_error)
}

fn vault_error(error: impl Display) -> BenchError {
    BenchError::Vault(error.to_string())
}

fn show(text: &str) -> Result<(), BenchError> {
    std::io::stdout().write_all(text.as_bytes()).map_err(BenchError::system("the figures cannot be printed"))
}
