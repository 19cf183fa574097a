//! Whom a client believes under TLS, and what it says when it does not believe its server or speaks past it.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{CertificateError, Error as TlsError, InvalidMessage};
use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};

use crate::cli::{Endpoint, Reach};
use crate::commands::Failure;
use crate::tls::{Roots, provider};

/// How the verifier calls the certificate of an authority in the place of a server's.
const SELF_SIGNED: &str = "CaUsedAsEndEntity";

/// How TLS is spoken: with the authorities of this file, or of the system.
pub(super) fn tls(ca_file: Option<&Path>) -> Result<TlsConfig, Failure> {
    let roots = ca_file.map_or_else(Roots::of_the_system, Roots::from_file);
    let roots = roots.map_err(|error| Failure::new(error.to_string()))?;
    let certificates = roots.iter().map(|der| Certificate::from_der(der).to_owned()).collect();
    Ok(TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .unversioned_rustls_crypto_provider(provider())
        .root_certs(RootCerts::Specific(Arc::new(certificates)))
        .build())
}

/// What is said of a failure of TLS; `None` where it is another.
pub(super) fn told(endpoint: &Endpoint, reach: &Reach, cause: &ureq::Error) -> Option<String> {
    if let (ureq::Error::Protocol(_), false) = (cause, endpoint.is_tls()) {
        return Some(format!(
            "{endpoint} answered with something that is no HTTP ({cause}): if the server speaks TLS there, its address \
             begins with https://"
        ));
    }
    let cause = if let ureq::Error::Rustls(cause) = cause {
        cause
    } else if let ureq::Error::Io(cause) = cause {
        cause.get_ref()?.downcast_ref::<TlsError>()?
    } else {
        return None;
    };
    let TlsError::InvalidCertificate(fault) = cause else {
        return Some(if matches!(cause, TlsError::InvalidMessage(InvalidMessage::InvalidContentType)) {
            format!(
                "{endpoint} does not speak TLS: if it is a server on this machine, its address begins with http://"
            )
        } else {
            format!("TLS with {endpoint} failed: {cause}")
        });
    };
    Some(format!("the certificate of {endpoint} is not trusted: {}", complaint(reach, fault)))
}

/// Why a certificate is not believed, and the way out.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the library's list may grow, and each of its errors has a text"
)]
fn complaint(reach: &Reach, fault: &CertificateError) -> String {
    match fault {
        // The second: an authority of the same name, and another one.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => match &reach.ca_file {
            Some(file) => format!(
                "none of the authorities in {} has issued it; give the right one with --ca-file",
                file.display()
            ),
            None => "it was issued by an authority that this system does not know; give that authority's certificate \
                     with --ca-file PEM, or add it to the system's"
                .to_owned(),
        },
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "it has expired, or this machine's clock is wrong; the server needs a new one".to_owned()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "it does not count yet, or this machine's clock is wrong".to_owned()
        }
        CertificateError::NotValidForName => "it is for another name; use one of its own in the URL".to_owned(),
        CertificateError::NotValidForNameContext { expected, presented } => format!(
            "it is not for {}, but for {}; use one of its own names in the URL",
            named(expected),
            if presented.is_empty() { "no name at all".to_owned() } else { presented.join(", ") }
        ),
        CertificateError::Other(inner) if format!("{inner:?}").contains(SELF_SIGNED) => {
            "it is that of an authority and not of a server, as `openssl req -x509` makes it by itself; the server \
             needs one that is issued by an authority, or made with -addext basicConstraints=critical,CA:FALSE"
                .to_owned()
        }
        other => format!("{other}; give the certificate of the authority that issued it with --ca-file PEM"),
    }
}

fn named(name: &ServerName<'_>) -> String {
    if let ServerName::IpAddress(address) = name {
        return std::net::IpAddr::from(*address).to_string();
    }
    name.to_str().into_owned()
}
