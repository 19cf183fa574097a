//! Reads the two PEM files: whole, within limits, and the key's only where no one else may read it.

use std::fs::{File, Metadata, OpenOptions};
use std::io::Read as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use rustix::fs::OFlags;
use rustls::pki_types::pem::{Error as PemError, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use zeroize::Zeroizing;

use super::TlsError;

/// How errors call the certificate's file.
const CERTIFICATE: &str = "the certificate file of TLS (tls_certificate)";
/// How errors call the key's file.
const KEY: &str = "the key file of TLS (tls_key)";
/// Most that is read of a certificate file, bytes.
const CERTIFICATE_BYTES_MAX: u64 = 256 << 10;
/// Most that is read of a key file, bytes.
const KEY_BYTES_MAX: u64 = 64 << 10;
/// What a key file must not grant: anything to group or others, as the master key's.
const MODE_FORBIDDEN: u32 = 0o077;
/// What stands in a key file that needs a passphrase: PKCS #8's label, and the header of the older forms.
const ENCRYPTED: [&[u8]; 2] = [b"BEGIN ENCRYPTED PRIVATE KEY", b"Proc-Type: 4,ENCRYPTED"];

/// The bytes of the certificate's file.
pub(super) fn read_certificate(path: &Path) -> Result<Vec<u8>, TlsError> {
    let (file, metadata) = open(CERTIFICATE, path)?;
    let mut bytes = Vec::new();
    read(CERTIFICATE, path, (file, metadata), CERTIFICATE_BYTES_MAX, &mut bytes)?;
    Ok(bytes)
}

/// The bytes of the key's file, wiped when they are dropped.
pub(super) fn read_key(path: &Path) -> Result<Zeroizing<Vec<u8>>, TlsError> {
    // The mode is asked of the opened file, so that nothing can be exchanged in between.
    let (file, metadata) = open(KEY, path)?;
    let mode = metadata.mode() & 0o7777;
    if mode & MODE_FORBIDDEN != 0 {
        return Err(TlsError::OpenToOthers { path: path.into(), mode });
    }
    // Room from the start: a buffer that grew would leave copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(KEY_BYTES_MAX as usize + 64));
    read(KEY, path, (file, metadata), KEY_BYTES_MAX, &mut bytes)?;
    Ok(bytes)
}

fn open(what: &'static str, path: &Path) -> Result<(File, Metadata), TlsError> {
    let failed = |source| TlsError::Read { what, path: path.into(), source };
    // A pipe would keep whoever opens it waiting.
    let nonblocking = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
    let file = OpenOptions::new().read(true).custom_flags(nonblocking).open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if metadata.is_file() {
        Ok((file, metadata))
    } else {
        Err(TlsError::NotAFile { what, path: path.into() })
    }
}

fn read(
    what: &'static str,
    path: &Path,
    (file, metadata): (File, Metadata),
    max: u64,
    bytes: &mut Vec<u8>,
) -> Result<(), TlsError> {
    let too_large = || TlsError::TooLarge { what, path: path.into(), max };
    if metadata.len() > max {
        return Err(too_large());
    }
    file.take(max + 1).read_to_end(bytes).map_err(|source| TlsError::Read {
        what,
        path: path.into(),
        source,
    })?;
    if bytes.len() as u64 > max { Err(too_large()) } else { Ok(()) }
}

/// The certificates in a file, in its order: at least one.
pub(super) fn certificates(path: &Path, text: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let found: Result<Vec<_>, PemError> = CertificateDer::pem_slice_iter(text).collect();
    match found {
        Ok(found) if found.is_empty() => Err(TlsError::NoCertificate { path: path.into() }),
        Ok(found) => Ok(found),
        Err(_) => Err(TlsError::NotPem { what: CERTIFICATE, path: path.into() }),
    }
}

/// The first key in a file.
pub(super) fn key(path: &Path, text: &[u8]) -> Result<PrivateKeyDer<'static>, TlsError> {
    let holds = |words: &[u8]| text.windows(words.len()).any(|window| window == words);
    if ENCRYPTED.iter().any(|words| holds(words)) {
        return Err(TlsError::KeyEncrypted { path: path.into() });
    }
    PrivateKeyDer::from_pem_slice(text).map_err(|error| {
        if matches!(error, PemError::NoItemsFound) {
            TlsError::NoKey { path: path.into() }
        } else {
            TlsError::NotPem { what: KEY, path: path.into() }
        }
    })
}
