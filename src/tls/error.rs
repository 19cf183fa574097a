//! What can be wrong with a certificate and its key, told to the operator: which file, what, and what to do.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why there is no TLS with these files. No message shows anything that a key file holds.
#[derive(Debug, Error)]
pub enum TlsError {
    /// Reading a file failed.
    #[error("{what} {} cannot be read: {source}", path.display())]
    Read {
        /// The setting and what it stands for.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is a folder, a pipe or a device.
    #[error("{what} {} is not a regular file", path.display())]
    NotAFile {
        /// The setting and what it stands for.
        what: &'static str,
        /// The path.
        path: PathBuf,
    },
    /// It cannot be what it is taken for.
    #[error("{what} {} is larger than {} KiB: is it the right file?", path.display(), max >> 10)]
    TooLarge {
        /// The setting and what it stands for.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Most bytes that are read.
        max: u64,
    },
    /// Others could read the key.
    #[error(
        "the key file of TLS (tls_key) {0} is open to others (mode {mode:04o}); run: chmod 600 {0}",
        path.display()
    )]
    OpenToOthers {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A PEM file that is broken.
    #[error(
        "{what} {} is broken PEM: a block that begins or ends wrongly, or holds what is no base64; copy the file anew",
        path.display()
    )]
    NotPem {
        /// The setting and what it stands for.
        what: &'static str,
        /// The file.
        path: PathBuf,
    },
    /// No certificate where one belongs.
    #[error(
        "the certificate file of TLS (tls_certificate) {} holds no certificate: it must be PEM, the server's own \
         certificate (BEGIN CERTIFICATE) first, then those that lead to the root",
        path.display()
    )]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// A certificate that cannot be used.
    #[error(
        "the certificate file of TLS (tls_certificate) {} cannot be used: its certificate number {nth} is no X.509 \
         certificate of version 3 that this program understands ({cause})",
        path.display()
    )]
    Certificate {
        /// The file.
        path: PathBuf,
        /// Which certificate of the file, from 1.
        nth: usize,
        /// What the library said.
        cause: String,
    },
    /// No key where one belongs.
    #[error(
        "the key file of TLS (tls_key) {} holds no private key: it must be PEM (BEGIN PRIVATE KEY, BEGIN RSA PRIVATE \
         KEY or BEGIN EC PRIVATE KEY)",
        path.display()
    )]
    NoKey {
        /// The file.
        path: PathBuf,
    },
    /// A key that needs a passphrase.
    #[error(
        "the key file of TLS (tls_key) {0} is encrypted, and the server has nobody to ask for a passphrase; decrypt it \
         into a file of mode 600: (umask 077; openssl pkey -in {0} -out NEW)",
        path.display()
    )]
    KeyEncrypted {
        /// The file.
        path: PathBuf,
    },
    /// A key of another kind.
    #[error(
        "the key file of TLS (tls_key) {} holds a key that cannot be used: RSA of 2,048 to 4,096 bits, ECDSA on P-256 \
         or P-384, or Ed25519 is needed",
        path.display()
    )]
    Key {
        /// The file.
        path: PathBuf,
    },
    /// Two files that do not belong together.
    #[error(
        "the key in {} (tls_key) does not fit the first certificate in {} (tls_certificate): give the key that this \
         certificate was made for, and put the server's own certificate first",
        key.display(),
        certificate.display()
    )]
    Mismatch {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
    },
    /// The library refuses.
    #[error("TLS cannot be set up: {0}")]
    Library(#[from] rustls::Error),
}
