//! Certificates for tests, and a client that believes one authority and tells what it was shown.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, SerialNumber, date_time_ymd};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use x509_cert::Certificate;
use x509_cert::der::Decode as _;

/// How long a test waits for an answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Who issues the certificates of a test.
pub struct Authority {
    /// Its own certificate.
    pub pem: String,
    key: String,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate and its key, as PEM.
pub struct Pair {
    pub certificate: String,
    pub key: String,
}

/// A connection of a client that believes its server.
pub type TlsClient = StreamOwned<ClientConnection, TcpStream>;

impl Authority {
    pub fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).unwrap().pem();
        Self { pem, key: key.serialize_pem(), issuer: Issuer::new(params, key) }
    }

    /// Its own certificate and key, as somebody might give them to a server.
    pub fn own(&self) -> Pair {
        Pair { certificate: self.pem.clone(), key: self.key.clone() }
    }

    /// A certificate for `localhost` and 127.0.0.1 that counts now.
    pub fn issue(&self, serial: u64) -> Pair {
        self.issue_for(&["localhost", "127.0.0.1"], serial, 2100)
    }

    /// A certificate for these names that counts up to a year.
    pub fn issue_for(&self, names: &[&str], serial: u64, until: i32) -> Pair {
        let names = names.iter().map(ToString::to_string).collect::<Vec<_>>();
        let mut params = CertificateParams::new(names).unwrap();
        params.serial_number = Some(SerialNumber::from(serial));
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap().pem();
        Pair { certificate, key: key.serialize_pem() }
    }

    /// Writes its own certificate into a folder, for clients.
    pub fn file(&self, folder: &Path) -> PathBuf {
        let path = folder.join("ca.pem");
        fs::write(&path, &self.pem).unwrap();
        path
    }

    /// Connects under TLS.
    pub fn connect(&self, address: SocketAddr) -> std::io::Result<TlsClient> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.pem.as_bytes()).unwrap()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from("localhost").unwrap();
        let connection = ClientConnection::new(Arc::new(config), name).unwrap();
        let tcp = TcpStream::connect(address)?;
        tcp.set_read_timeout(Some(PATIENCE))?;
        let mut client = StreamOwned::new(connection, tcp);
        while client.conn.is_handshaking() {
            client.conn.complete_io(&mut client.sock)?;
        }
        Ok(client)
    }
}

/// The serial number of the certificate that a client was shown.
pub fn shown(client: &TlsClient) -> u64 {
    let first = client.conn.peer_certificates().unwrap().first().unwrap();
    let certificate = Certificate::from_der(first).unwrap();
    let bytes = certificate.tbs_certificate().serial_number().as_bytes();
    bytes.iter().fold(0, |number, byte| (number << 8) | u64::from(*byte))
}

impl Pair {
    /// Writes both files, the key's for its owner alone, each in one move; their paths.
    pub fn write(&self, folder: &Path) -> [PathBuf; 2] {
        let paths = [folder.join("server.pem"), folder.join("server.key")];
        for (path, text) in paths.iter().zip([&self.certificate, &self.key]) {
            let aside = path.with_extension("new");
            fs::write(&aside, text).unwrap();
            fs::set_permissions(&aside, fs::Permissions::from_mode(0o600)).unwrap();
            fs::rename(&aside, path).unwrap();
        }
        paths
    }
}
