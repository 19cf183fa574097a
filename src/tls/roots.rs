//! `Roots`: whose certificates a client of ours believes.

use std::fs;
use std::path::{Path, PathBuf};

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use thiserror::Error;

/// The authorities that are believed: at least one.
///
/// Those of the system, and not a list that is built in: this server is one inside a company, whose own authority an
/// administrator puts among the system's (`update-ca-certificates`), and public ones are withdrawn there too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roots(Vec<CertificateDer<'static>>);

/// Why there is nobody to believe.
#[derive(Debug, Error)]
pub enum RootsError {
    /// Reading the file failed.
    #[error("the file of --ca-file, {}, cannot be read: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// There is no certificate in it.
    #[error(
        "the file of --ca-file, {}, holds no certificate that can be used: it must be PEM (BEGIN CERTIFICATE), the \
         certificate of the authority that issued the server's",
        path.display()
    )]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// The system knows of none.
    #[error(
        "this system trusts no certificate authority (are its ca-certificates installed?): give the server's own \
         authority with --ca-file"
    )]
    NoneInTheSystem,
}

impl Roots {
    /// The certificates in a file, and no others.
    ///
    /// # Errors
    /// When it cannot be read, or holds none.
    pub fn from_file(path: &Path) -> Result<Self, RootsError> {
        let text = fs::read(path).map_err(|source| RootsError::Read { path: path.into(), source })?;
        let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
        let none = || RootsError::NoCertificate { path: path.into() };
        Self::usable(found.map_err(|_| none())?).ok_or_else(none)
    }

    /// Those that the system trusts, or that `SSL_CERT_FILE` and `SSL_CERT_DIR` name in their place, as with OpenSSL.
    ///
    /// # Errors
    /// When there is none. What cannot be read among others is passed over, as everywhere.
    pub fn of_the_system() -> Result<Self, RootsError> {
        Self::usable(rustls_native_certs::load_native_certs().certs).ok_or(RootsError::NoneInTheSystem)
    }

    fn usable(found: Vec<CertificateDer<'static>>) -> Option<Self> {
        let mut store = RootCertStore::empty();
        let usable = |root: &CertificateDer<'static>| store.add(root.clone()).is_ok();
        let roots: Vec<_> = found.into_iter().filter(usable).collect();
        (!roots.is_empty()).then_some(Self(roots))
    }

    /// Each, as DER.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(AsRef::as_ref)
    }
}
