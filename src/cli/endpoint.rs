//! The address to which the clients send: an HTTP URL that holds no secret.

use std::fmt;
use std::str::FromStr;

use ureq::http::Uri;

/// Path of the raw XML API, taken where the URL names none.
const API_PATH: &str = "/api/xml";

/// Where the API answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    url: String,
    query: Option<String>,
    tls: bool,
    loopback: bool,
}

impl Endpoint {
    /// The URL with its path, and without parameters.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The URL with its parameters, as List takes them: for the caller's own request, not for signing in.
    #[must_use]
    pub fn url_with_query(&self) -> String {
        let query = self.query.as_ref().map(|query| format!("?{query}"));
        self.url.clone() + &query.unwrap_or_default()
    }

    /// The address that paths of the server are put behind; `None` where the URL leads elsewhere than to its raw XML API.
    #[must_use]
    pub fn root(&self) -> Option<&str> {
        self.url.strip_suffix(API_PATH).filter(|_| self.query.is_none())
    }

    /// Whether it is reached under TLS.
    #[must_use]
    pub const fn is_tls(&self) -> bool {
        self.tls
    }

    /// Whether what is sent leaves this machine in clear.
    #[must_use]
    pub const fn is_in_the_open(&self) -> bool {
        !self.tls && !self.loopback
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url)
    }
}

impl FromStr for Endpoint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let uri: Uri = text.parse().map_err(|cause| format!("not a URL: {cause}"))?;
        let scheme = match uri.scheme_str() {
            Some(scheme @ ("http" | "https")) => scheme,
            Some(_) | None => {
                return Err(
                    "a URL such as https://crm.example:8462 or http://127.0.0.1:8462 is expected".to_owned()
                );
            }
        };
        let authority = uri.authority().ok_or("the URL names no host")?;
        if authority.as_str().contains('@') {
            return Err(
                "a URL with a name or password in it is refused: use --user and --password-file".to_owned()
            );
        }
        let path = if uri.path() == "/" { API_PATH } else { uri.path() };
        Ok(Self {
            url: format!("{scheme}://{authority}{path}"),
            query: uri.query().map(str::to_owned),
            tls: scheme == "https",
            loopback: is_loopback(authority.host()),
        })
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let address = bare.parse::<std::net::IpAddr>();
    bare.eq_ignore_ascii_case("localhost") || address.is_ok_and(|ip| ip.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_the_api_is_added_where_none_is_given() {
        for text in ["http://127.0.0.1:8462", "http://127.0.0.1:8462/"] {
            assert_eq!(text.parse::<Endpoint>().unwrap().url(), "http://127.0.0.1:8462/api/xml");
        }
        assert_eq!("http://crm.example/x/api".parse::<Endpoint>().unwrap().url(), "http://crm.example/x/api");
    }

    #[test]
    fn parameters_are_kept_for_the_caller_s_own_request() {
        for (text, path) in
            [("http://h:1?TelSysID=1&A=%2B", "/api/xml"), ("http://h:1/x?TelSysID=1&A=%2B", "/x")]
        {
            let endpoint = text.parse::<Endpoint>().unwrap();
            assert_eq!(endpoint.url(), format!("http://h:1{path}"));
            assert_eq!(endpoint.url_with_query(), format!("http://h:1{path}?TelSysID=1&A=%2B"));
        }
        assert_eq!("http://h:1/x".parse::<Endpoint>().unwrap().url_with_query(), "http://h:1/x");
    }

    #[test]
    fn other_paths_of_the_server_are_put_behind_its_root() {
        for (text, root) in [
            ("http://h:1", Some("http://h:1")),
            ("http://h:1/", Some("http://h:1")),
            ("https://h/crm/api/xml", Some("https://h/crm")),
            ("http://h:1/other", None),
            ("http://h:1?TelSysID=1", None),
        ] {
            assert_eq!(text.parse::<Endpoint>().unwrap().root(), root, "{text}");
        }
    }

    #[test]
    fn https_stays_https() {
        let endpoint = "HTTPS://crm.example".parse::<Endpoint>().unwrap();
        assert_eq!(endpoint.url(), "https://crm.example/api/xml");
        assert!(endpoint.is_tls());
    }

    #[test]
    fn a_password_in_the_url_is_refused_and_not_repeated() {
        let message = "http://admin:cAnArY@127.0.0.1".parse::<Endpoint>().unwrap_err();
        assert!(message.contains("--password-file") && !message.contains("cAnArY"), "{message}");
    }

    #[test]
    fn what_leaves_the_machine_in_clear_is_told_from_the_rest() {
        for (text, expected) in [
            ("http://localhost:1", false),
            ("http://[::1]:1", false),
            ("http://127.8.0.1:1", false),
            ("http://10.0.0.1:1", true),
            ("http://localhost.example:1", true),
            ("https://10.0.0.1:1", false),
        ] {
            assert_eq!(text.parse::<Endpoint>().unwrap().is_in_the_open(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_http_url_is_refused_with_an_example() {
        for text in ["127.0.0.1", "ftp://x", "/api/xml"] {
            assert!(text.parse::<Endpoint>().unwrap_err().contains("http://127.0.0.1:8462"), "{text}");
        }
    }
}
