//! Settings: where the server listens, and by which certificate.

use super::{Form, Kind, Setting};

/// Where the server listens.
pub const LISTEN: Setting = Setting {
    name: "listen",
    env: "CRMCONF_LISTEN",
    flag: "--listen",
    placeholder: "ADDR",
    default: Some("127.0.0.1:8462"),
    kind: Kind::Address,
    doc: "IP address and port to listen on. Beyond loopback only with tls_certificate or --behind-tls-proxy",
};

/// Whether something in front of the server ends TLS.
pub const BEHIND_TLS_PROXY: Setting = Setting {
    name: "behind_tls_proxy",
    env: "CRMCONF_BEHIND_TLS_PROXY",
    flag: "--behind-tls-proxy",
    placeholder: "true|false",
    default: Some("false"),
    kind: Kind::Switch,
    doc: "A proxy in front of the server ends TLS, and the wire between the two is trusted: \
          allows listening beyond loopback without tls_certificate",
};

/// Whose forwarded addresses count.
pub const TRUSTED_PROXIES: Setting = Setting {
    name: "trusted_proxies",
    env: "CRMCONF_TRUSTED_PROXIES",
    flag: "--trusted-proxies",
    placeholder: "ADDR,NET",
    default: None,
    kind: Kind::Networks,
    doc: "Proxies whose X-Forwarded-For is believed, with behind_tls_proxy: then limits by address and the security \
          log see the clients. Without it all clients have their proxy's address; loopback too is trusted only where \
          it is named",
};

/// Where clients reach the server.
pub const PUBLIC_URL: Setting = Setting {
    name: "public_url",
    env: "CRMCONF_PUBLIC_URL",
    flag: "--public-url",
    placeholder: "URL",
    default: None,
    kind: Kind::Text(Form::Url),
    doc: "Where clients reach the server, as the WSDL names it. Without it the WSDL has the host that the request for it \
          was sent to, with https where there is a tls_certificate or behind_tls_proxy",
};

/// The server's certificate.
pub const TLS_CERTIFICATE: Setting = Setting {
    name: "tls_certificate",
    env: "CRMCONF_TLS_CERTIFICATE",
    flag: "--tls-certificate",
    placeholder: "FILE",
    default: None,
    kind: Kind::Path,
    doc: "File with the server's certificate and those that lead to the root, in PEM: the listener then speaks TLS 1.3 \
          and 1.2, and nothing else. Goes with tls_key; both are taken over within seconds when they change",
};

/// The key of the server's certificate.
pub const TLS_KEY: Setting = Setting {
    name: "tls_key",
    env: "CRMCONF_TLS_KEY",
    flag: "--tls-key",
    placeholder: "FILE",
    default: None,
    kind: Kind::Path,
    doc: "File with the key of that certificate, in PEM, not encrypted and readable by its owner only",
};
