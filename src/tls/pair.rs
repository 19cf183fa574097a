//! `TlsFiles`: a certificate and its key as files, and `Identity`: what they make together once they are checked.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustls::ServerConfig;
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::CertificateDer;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::version::{TLS12, TLS13};
use x509_cert::Certificate;
use x509_cert::der::Decode as _;
use zeroize::{Zeroize as _, Zeroizing};

use super::{TlsError, pem, provider};

/// What is spoken inside: the listener knows HTTP/1.1 alone. A client that offers others only is refused.
const HTTP_1_1: &[u8] = b"http/1.1";

/// Where a certificate and its key are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// PEM, the server's own certificate first.
    pub certificate: PathBuf,
    /// PEM, readable by its owner only.
    pub key: PathBuf,
}

/// What stood in both files at one time.
pub(super) struct Content {
    certificate: Vec<u8>,
    key: Zeroizing<Vec<u8>>,
}

/// A certificate with its key, ready to be served.
#[derive(Clone)]
pub struct Identity {
    /// What new connections speak with.
    pub config: Arc<ServerConfig>,
    /// When the certificate counts.
    pub validity: Validity,
}

/// When a certificate counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// From here on.
    pub not_before: SystemTime,
    /// Up to here.
    pub not_after: SystemTime,
}

impl TlsFiles {
    /// Reads and checks both files.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn load(&self) -> Result<Identity, TlsError> {
        self.make(&self.read()?)
    }

    /// What stands in both files now.
    pub(super) fn read(&self) -> Result<Content, TlsError> {
        let certificate = pem::read_certificate(&self.certificate)?;
        let key = pem::read_key(&self.key)?;
        Ok(Content { certificate, key })
    }

    /// What these contents of the files make together.
    pub(super) fn make(&self, content: &Content) -> Result<Identity, TlsError> {
        let chain = pem::certificates(&self.certificate, &content.certificate)?;
        let validity = self.validity(&chain)?;
        let mut key = pem::key(&self.key, &content.key)?;
        let signing = any_supported_type(&key);
        key.zeroize();
        let signing = signing.map_err(|_| TlsError::Key { path: self.key.clone() })?;
        let pair = CertifiedKey::new(chain, signing);
        match pair.keys_match() {
            Ok(()) => {}
            Err(rustls::Error::InconsistentKeys(_)) => {
                return Err(TlsError::Mismatch {
                    certificate: self.certificate.clone(),
                    key: self.key.clone(),
                });
            }
            Err(cause) => {
                let (path, cause) = (self.certificate.clone(), cause.to_string());
                return Err(TlsError::Certificate { path, nth: 1, cause });
            }
        }
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&TLS13, &TLS12])?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(pair)));
        config.alpn_protocols = vec![HTTP_1_1.to_vec()];
        Ok(Identity { config: Arc::new(config), validity })
    }

    /// When the first certificate counts. The others need only be certificates.
    fn validity(&self, chain: &[CertificateDer<'_>]) -> Result<Validity, TlsError> {
        let parsed = chain.iter().enumerate().map(|(index, der)| {
            Certificate::from_der(der).map_err(|cause| TlsError::Certificate {
                path: self.certificate.clone(),
                nth: index + 1,
                cause: cause.to_string(),
            })
        });
        let parsed: Vec<_> = parsed.collect::<Result<_, _>>()?;
        let first =
            parsed.first().ok_or_else(|| TlsError::NoCertificate { path: self.certificate.clone() })?;
        let validity = first.tbs_certificate().validity();
        let time = |since: Duration| UNIX_EPOCH + since;
        Ok(Validity {
            not_before: time(validity.not_before.to_unix_duration()),
            not_after: time(validity.not_after.to_unix_duration()),
        })
    }
}

impl Content {
    /// Tells contents apart without keeping them.
    pub(super) fn digest(&self) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&(self.certificate.len() as u64).to_be_bytes());
        hasher.update(&self.certificate).update(&self.key).finalize()
    }
}

impl Validity {
    /// Whether it has ended.
    #[must_use]
    pub fn is_over(&self, now: SystemTime) -> bool {
        now > self.not_after
    }

    /// Why clients refuse the certificate now; `None` where the time is no reason.
    #[must_use]
    pub fn complaint(&self, now: SystemTime) -> Option<String> {
        if self.is_over(now) {
            Some(format!(
                "has expired at {}: clients refuse it; put a new one in its place",
                moment(self.not_after)
            ))
        } else if now < self.not_before {
            let begin = moment(self.not_before);
            Some(format!(
                "counts from {begin} on: clients refuse it until then, or this machine's clock is wrong"
            ))
        } else {
            None
        }
    }
}

impl fmt::Display for Validity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", moment(self.not_after))
    }
}

/// A time as people read it; far beyond what a calendar holds, as it comes.
fn moment(time: SystemTime) -> String {
    jiff::Timestamp::try_from(time).map_or_else(|_| format!("{time:?}"), |time| time.to_string())
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("validity", &self.validity).finish_non_exhaustive()
    }
}
