//! `PublicAddress`: under which address clients reach the server.

use actix_web::HttpRequest;
use actix_web::http::header::HOST;
use actix_web::http::uri::Authority;

/// The address that the settings name, or what a request itself tells of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PublicAddress {
    /// The beginning of every URL, without a slash at its end.
    pub configured: Option<String>,
    /// Whether clients come by TLS, here or at a proxy.
    pub secure: bool,
}

impl PublicAddress {
    /// The beginning of the URLs by which the sender of this request reaches the server; `None` where the request names no
    /// host that is one.
    #[must_use]
    pub fn of(&self, request: &HttpRequest) -> Option<String> {
        if let Some(configured) = &self.configured {
            return Some(configured.clone());
        }
        let scheme = if self.secure { "https" } else { "http" };
        let host = request.headers().get(HOST)?.to_str().ok().and_then(host_and_port)?;
        Some(format!("{scheme}://{host}"))
    }
}

/// A host with its port, written as in a URL (RFC 3986, section 3.2), of letters, digits and what stands between them.
fn host_and_port(text: &str) -> Option<String> {
    let authority: Authority = text.parse().ok()?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
    let port = authority.as_str().strip_prefix(authority.host())?;
    let sound = !authority.host().is_empty()
        && authority.host().bytes().all(plain)
        && (port.is_empty() || authority.port_u16().is_some());
    sound.then(|| authority.to_string())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn address(configured: Option<&str>, secure: bool, host: &str) -> Option<String> {
        let address = PublicAddress { configured: configured.map(str::to_owned), secure };
        address.of(&TestRequest::default().insert_header((HOST, host)).to_http_request())
    }

    #[test]
    fn a_host_that_is_one_is_the_clients_word_for_the_server() {
        for host in ["crm.example", "crm.example:8462", "192.0.2.7", "[2001:db8::7]:443", "crm_1"] {
            assert_eq!(address(None, false, host), Some(format!("http://{host}")));
            assert_eq!(address(None, true, host), Some(format!("https://{host}")));
            assert_eq!(
                address(Some("https://api.example"), false, host).as_deref(),
                Some("https://api.example")
            );
        }
    }

    #[test]
    fn what_is_no_host_is_not_repeated() {
        for host in [
            "",
            "a b",
            "a\"b",
            "a<b",
            "user@crm.example",
            "crm.example/x",
            "a&b",
            "crm.example:x",
            ":80",
            "a'b",
        ] {
            assert_eq!(address(None, false, host), None, "{host}");
        }
    }
}
