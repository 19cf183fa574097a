//! `MasterKey`: the one secret that opens the vault, and how it is brought in.

mod command;

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER, HEXLOWER_PERMISSIVE};
use rustix::fs::OFlags;
use thiserror::Error;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// Size of a master key, bytes.
const KEY_BYTES: usize = 32;
/// Most that is read of a master key file, bytes: room for the key, white space and a stray line end.
const FILE_BYTES_MAX: u64 = 256;
/// What a key file must not grant: anything to group or others.
const MODE_FORBIDDEN: u32 = 0o077;
/// BLAKE3 derive-key context of a key's id.
const KEY_ID_CONTEXT: &str = "crmconf master key id v1";

/// 32 random bytes that open the vault. Wiped from memory when dropped; no output shows it.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct MasterKey([u8; KEY_BYTES]);

/// Names a master key without telling it: eight bytes of a digest, as hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct MasterKeyId([u8; 8]);

/// Why there is no master key.
#[derive(Debug, Error)]
pub enum MasterKeyError {
    /// Reading the file failed.
    #[error("the master key file {path} cannot be read: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Writing a new file failed.
    #[error("the master key file {path} cannot be written: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is a folder, a pipe or a device.
    #[error("the master key file {path} is not a regular file")]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// Others could read the key.
    #[error("the master key file {path} is open to others (mode {mode:04o}); run: chmod 600 {path}")]
    OpenToOthers {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The environment variable is not there.
    #[error("the environment variable {name} holds no master key: it is not set, or not UTF-8")]
    NoVariable {
        /// The variable.
        name: String,
    },
    /// The command could not be run.
    #[error("the master key command {program} cannot be run: {source}")]
    CommandNotRun {
        /// The program.
        program: String,
        /// What the system said.
        source: io::Error,
    },
    /// The command took too long.
    #[error("the master key command {program} did not end within {seconds} s and was stopped")]
    CommandLate {
        /// The program.
        program: String,
        /// How long it was given.
        seconds: u64,
    },
    /// The command failed.
    #[error("the master key command {program} failed ({how}); {said}")]
    CommandFailed {
        /// The program.
        program: String,
        /// How it ended.
        how: String,
        /// The first line of its standard error.
        said: String,
    },
    /// What is there is no key.
    #[error(
        "{place} does not hold a master key: it must be exactly {KEY_BYTES} random bytes in hex or base64 \
         (a passphrase could be guessed); `openssl rand -hex 32` makes one"
    )]
    Malformed {
        /// Which file, variable or command.
        place: String,
    },
    /// The operating system gave no random bytes.
    #[error("the operating system gave no random bytes: {0}")]
    Random(#[from] getrandom::Error),
}

impl MasterKey {
    /// Draws a new key from the operating system.
    ///
    /// # Errors
    /// When the operating system gives no random bytes.
    pub fn generate() -> Result<Self, MasterKeyError> {
        let mut key = Self([0; KEY_BYTES]);
        getrandom::fill(&mut key.0)?;
        Ok(key)
    }

    /// Reads the key from a file that only its owner may read.
    ///
    /// # Errors
    /// When the file cannot be read, grants anything to group or others, or holds something else.
    pub fn from_file(path: &Path) -> Result<Self, MasterKeyError> {
        let failed = |source| MasterKeyError::Read { path: path.into(), source };
        // The mode is asked of the opened file, so that nothing can be exchanged in between.
        // A pipe that nobody writes to is found out without waiting for somebody who would.
        let mut options = OpenOptions::new();
        options.read(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed());
        let file = options.open(path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        if !metadata.is_file() {
            return Err(MasterKeyError::NotAFile { path: path.into() });
        }
        let mode = metadata.mode() & 0o7777;
        if mode & MODE_FORBIDDEN != 0 {
            return Err(MasterKeyError::OpenToOthers { path: path.into(), mode });
        }
        let mut text = Zeroizing::new(String::with_capacity(FILE_BYTES_MAX as usize));
        match file.take(FILE_BYTES_MAX).read_to_string(&mut text) {
            Ok(_) => Self::parse(&text),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => None,
            Err(error) => return Err(failed(error)),
        }
        .ok_or_else(|| MasterKeyError::Malformed { place: format!("the master key file {}", path.display()) })
    }

    /// Reads the key from an environment variable.
    ///
    /// # Errors
    /// When the variable is not set or holds something else.
    pub fn from_env(name: &str) -> Result<Self, MasterKeyError> {
        let text = std::env::var(name)
            .map(Zeroizing::new)
            .map_err(|_| MasterKeyError::NoVariable { name: name.into() })?;
        Self::parse(&text)
            .ok_or_else(|| MasterKeyError::Malformed { place: format!("the environment variable {name}") })
    }

    /// Writes the key as hexadecimal into a new file of mode 0600, durably.
    ///
    /// # Errors
    /// When a file is already there, or writing it or syncing its folder fails.
    pub fn write_new_file(&self, path: &Path) -> Result<(), MasterKeyError> {
        self.write(path).map_err(|source| MasterKeyError::Write { path: path.into(), source })
    }

    fn write(&self, path: &Path) -> io::Result<()> {
        let mut text = Zeroizing::new(String::with_capacity(2 * KEY_BYTES + 1));
        HEXLOWER.encode_append(&self.0, &mut text);
        text.push('\n');
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    }

    /// Whether a text is the written form of a master key, wherever it stands.
    #[must_use]
    pub fn is_written_as(text: &str) -> bool {
        Self::parse(text).is_some()
    }

    /// Whether one of the words of a text is the written form of a master key.
    #[must_use]
    pub fn stands_in(text: &str) -> bool {
        let between = |char: char| char.is_whitespace() || matches!(char, '\'' | '"' | ':' | '=' | ',' | ';');
        Self::is_written_as(text) || text.split(between).any(Self::is_written_as)
    }

    /// The key in a text; white space round it does not count.
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim_ascii();
        let bytes = if text.len() == 2 * KEY_BYTES {
            HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok()
        } else {
            let unpadded = text.strip_suffix('=').unwrap_or(text).as_bytes();
            BASE64_NOPAD.decode(unpadded).or_else(|_| BASE64URL_NOPAD.decode(unpadded)).ok()
        };
        let bytes = Zeroizing::new(bytes?);
        let mut key = Self([0; KEY_BYTES]);
        if bytes.len() != KEY_BYTES {
            return None;
        }
        key.0.copy_from_slice(&bytes);
        Some(key)
    }

    /// The key's id, fit for files and messages.
    #[must_use]
    pub fn id(&self) -> MasterKeyId {
        let mut id = [0; 8];
        self.derive(KEY_ID_CONTEXT, &mut id);
        MasterKeyId(id)
    }

    /// Fills `out` with a key for one purpose, named by a BLAKE3 derive-key context.
    pub(super) fn derive(&self, context: &str, out: &mut [u8]) {
        let mut hasher = blake3::Hasher::new_derive_key(context);
        let mut output = hasher.update(&self.0).finalize_xof();
        output.fill(out);
        output.zeroize();
        hasher.zeroize();
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(..)")
    }
}

impl MasterKeyId {
    /// Wraps the bytes that a vault file names.
    pub(super) const fn new(bytes: [u8; 8]) -> Self {
        Self(bytes)
    }

    /// The bytes, as vault files name them.
    pub(super) const fn as_bytes(&self) -> &[u8; 8] {
        &self.0
    }
}

impl fmt::Display for MasterKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for MasterKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKeyId({self})")
    }
}

#[cfg(test)]
mod tests;
