//! The client's side of the wire: posts XML over HTTP, and makes the requests that sign in and out.

use std::time::Duration;

use quick_xml::escape::escape;
use ureq::Agent;
use zeroize::Zeroizing;

use super::not_ours;
use super::reply::{Outcome, Reply};
use crate::cli::Endpoint;
use crate::commands::Failure;

/// Time to reach the server.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Time for one request and its response: above the server's own limits, so that it is the one to answer.
const CALL_TIMEOUT: Duration = Duration::from_secs(120);

/// Largest response that is read: above the server's own limit for one.
const RESPONSE_BYTES_MAX: u64 = 80 << 20;

/// Longest session id that is believed; those of this API have 32 characters.
const SESSION_ID_CHARS_MAX: usize = 128;

/// A connection to one server.
pub(in crate::commands) struct Wire<'a> {
    agent: Agent,
    endpoint: &'a Endpoint,
}

/// What came back for a request.
pub(in crate::commands) struct Answer {
    /// HTTP status.
    pub(in crate::commands) status: u16,
    /// The body as it came.
    pub(in crate::commands) body: String,
}

impl<'a> Wire<'a> {
    /// Prepares to speak to this server; nothing is sent yet. Redirects are not followed, and no proxy is taken from
    /// the environment: either would hand the password to a host that nobody named.
    pub(in crate::commands) fn to(endpoint: &'a Endpoint) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .timeout_global(Some(CALL_TIMEOUT))
            .user_agent(concat!("crmconf/", env!("CARGO_PKG_VERSION")))
            .build();
        Self { agent: Agent::new_with_config(config), endpoint }
    }

    /// Posts a request as it is to that URL of the server.
    pub(in crate::commands) fn send(&self, url: &str, request: &str) -> Result<Answer, Failure> {
        let unreachable = |cause: ureq::Error| {
            Failure::new(format!("{} did not answer: {cause}; is the server running there?", self.endpoint))
        };
        let post = self.agent.post(url).content_type("text/xml; charset=utf-8");
        let mut response = post.send(request).map_err(unreachable)?;
        let status = response.status().as_u16();
        let body = response.body_mut().with_config().limit(RESPONSE_BYTES_MAX).read_to_string();
        let body = body.map_err(|cause| {
            Failure::new(format!(
                "the response of {} (HTTP {status}) could not be read: {cause}",
                self.endpoint
            ))
        })?;
        Ok(Answer { status, body })
    }

    /// `CreateSession`: the id of a new session that nobody has signed in to yet.
    pub(in crate::commands) fn create_session(&self) -> Result<Zeroizing<String>, Failure> {
        let session = self.ask("CreateSession", None, &[])?.map(Zeroizing::new);
        session.filter(|id| is_plausible(id)).ok_or_else(|| {
            Failure::new(format!("{} answered CreateSession without a usable SessionID", self.endpoint))
        })
    }

    /// `Authenticate`: binds the account to the session.
    pub(in crate::commands) fn authenticate(
        &self,
        session: &str,
        user: &str,
        password: &str,
    ) -> Result<(), Failure> {
        self.ask("Authenticate", Some(session), &[("UserName", user), ("Password", password)]).map(drop)
    }

    /// `Logout`: ends the session.
    pub(in crate::commands) fn logout(&self, session: &str) -> Result<(), Failure> {
        self.ask("Logout", Some(session), &[]).map(drop)
    }

    /// Sends a request of our own and hands back the session that its success names, if it names one.
    fn ask(
        &self,
        operation: &str,
        session: Option<&str>,
        properties: &[(&str, &str)],
    ) -> Result<Option<String>, Failure> {
        let answer = self.send(self.endpoint.url(), &request(operation, session, properties))?;
        match Reply::read(&answer.body) {
            Some(Reply { outcome: Outcome::Success { session } }) => Ok(session),
            Some(Reply { outcome: Outcome::Fail { code, message } }) => {
                Err(Failure::new(format!("{} refused {operation}: {code} {message}", self.endpoint)))
            }
            None => Err(not_ours(self.endpoint.url(), answer.status)),
        }
    }
}

/// The text of a request with these properties. It may hold a password: it is wiped when it is dropped.
fn request(operation: &str, session: Option<&str>, properties: &[(&str, &str)]) -> Zeroizing<String> {
    let mut payload = Zeroizing::new(String::new());
    for (name, value) in properties {
        push_property(&mut payload, name, value);
    }
    request_with(operation, session, &payload)
}

/// Appends a property to a payload.
pub(in crate::commands) fn push_property(payload: &mut Zeroizing<String>, name: &str, value: &str) {
    payload.push_str("<Property Name=\"");
    payload.push_str(name);
    payload.push_str("\">");
    payload.push_str(&Zeroizing::new(escape(value).into_owned()));
    payload.push_str("</Property>");
}

/// The text of a request with this payload.
pub(in crate::commands) fn request_with(
    operation: &str,
    session: Option<&str>,
    payload: &str,
) -> Zeroizing<String> {
    let mut text =
        Zeroizing::new(format!("<Request Operation=\"{operation}\"><InvokeID>crmconf call</InvokeID>"));
    if let Some(session) = session {
        text.push_str("<SessionID>");
        text.push_str(session);
        text.push_str("</SessionID>");
    }
    text.push_str("<OperationPayload>");
    text.push_str(payload);
    text.push_str("</OperationPayload></Request>");
    text
}

/// Whether an id can be put into a request as it is: a hostile server could answer with markup.
fn is_plausible(id: &str) -> bool {
    (1..=SESSION_ID_CHARS_MAX).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
}
