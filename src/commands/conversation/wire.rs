//! The client's side of the wire: posts XML over HTTP, under TLS where the URL says so, and has the response read.

use std::time::Duration;

use ureq::{Agent, http};
use zeroize::Zeroizing;

use super::reply::Reply;
use super::trust;
use crate::cli::{Endpoint, Reach};
use crate::commands::Failure;
use crate::conformance::{Request, Response};

/// Time to reach the server.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Time for one request and its response: above the server's own limits, so that it is the one to answer.
const CALL_TIMEOUT: Duration = Duration::from_secs(120);

/// Largest response that is read: above the server's own limit for one.
const RESPONSE_BYTES_MAX: u64 = 80 << 20;

/// A connection to one server.
pub(in crate::commands) struct Wire<'a> {
    agent: Agent,
    endpoint: &'a Endpoint,
    reach: &'a Reach,
}

/// What came back for a request.
pub(in crate::commands) struct Answer {
    /// HTTP status.
    pub(in crate::commands) status: u16,
    /// The body as it came. The answer to `Authenticate` holds a key: wiped when dropped.
    pub(in crate::commands) body: Zeroizing<String>,
}

impl<'a> Wire<'a> {
    /// Prepares to speak to this server; nothing is sent yet. Redirects are not followed, and no proxy is taken from
    /// the environment: either would hand the password to a host that nobody named.
    pub(in crate::commands) fn to(endpoint: &'a Endpoint, reach: &'a Reach) -> Result<Self, Failure> {
        let mut config = Agent::config_builder();
        if endpoint.is_tls() {
            config = config.https_only(true).tls_config(trust::tls(reach.ca_file.as_deref())?);
        }
        let config = config
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .timeout_global(Some(CALL_TIMEOUT))
            .user_agent(concat!("crmconf/", env!("CARGO_PKG_VERSION")))
            .build();
        Ok(Self { agent: Agent::new_with_config(config), endpoint, reach })
    }

    /// The server.
    pub(super) const fn endpoint(&self) -> &'a Endpoint {
        self.endpoint
    }

    /// Posts a request as it is to that URL of the server.
    pub(super) fn send(&self, url: &str, request: &str) -> Result<Answer, Failure> {
        let post = self.agent.post(url).content_type("text/xml; charset=utf-8");
        let (head, body) = self.read(post.send(request))?;
        Ok(Answer { status: head.status.as_u16(), body })
    }

    /// Sends any request to that URL of the server.
    pub(in crate::commands) fn exchange(&self, url: &str, request: &Request) -> Result<Response, Failure> {
        let mut builder = http::Request::builder().method(request.method.as_str()).uri(url);
        for (name, value) in &request.headers {
            builder = builder.header(name, value);
        }
        let unfit = |cause| Failure::new(format!("{} {url} cannot be sent: {cause}", request.method));
        let sent = match &request.body {
            Some(body) => self.agent.run(builder.body(body.as_bytes()).map_err(unfit)?),
            None => self.agent.run(builder.body(()).map_err(unfit)?),
        };
        let (head, body) = self.read(sent)?;
        let shown = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        Ok(Response { status: head.status.as_u16(), headers: head.headers.iter().map(shown).collect(), body })
    }

    fn read(
        &self,
        response: Result<http::Response<ureq::Body>, ureq::Error>,
    ) -> Result<(http::response::Parts, Zeroizing<String>), Failure> {
        let unreachable = |cause: ureq::Error| {
            let told = trust::told(self.endpoint, self.reach, &cause);
            Failure::new(told.unwrap_or_else(|| {
                format!("{} did not answer: {cause}; is the server running there?", self.endpoint)
            }))
        };
        let (head, body) = response.map_err(unreachable)?.into_parts();
        let body = body.into_with_config().limit(RESPONSE_BYTES_MAX).read_to_string().map_err(|cause| {
            Failure::new(format!(
                "the response of {} (HTTP {}) could not be read: {cause}",
                self.endpoint,
                head.status.as_u16()
            ))
        })?;
        Ok((head, Zeroizing::new(body)))
    }

    /// Posts a request of ours, and reads the response.
    pub(super) fn ask(&self, request: &str) -> Result<Reply, Failure> {
        let Answer { status, body } = self.send(self.endpoint.url(), request)?;
        Reply::read(&body).ok_or_else(|| not_ours(self.endpoint, status))
    }
}

/// What came back is no response of this API.
pub(in crate::commands) fn not_ours(endpoint: &Endpoint, status: u16) -> Failure {
    Failure::new(format!(
        "{endpoint} answered with HTTP status {status} and something that is no response of this API: \
         check that the URL is that of a crmconf server"
    ))
}

/// What came back is a response, and not that of this operation.
pub(in crate::commands) fn not_understood(operation: &str) -> Failure {
    Failure::new(format!("the server's answer to {operation} cannot be understood"))
}
