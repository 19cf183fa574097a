//! A conversation with a server: signs in, asks one thing after another, signs out.
//!
//! Neither the password nor the session's id is ever written to standard output, standard error or an error.

mod content;

use quick_xml::escape::escape;
use zeroize::Zeroizing;

use self::content::Reply;
pub(super) use self::content::{Content, Properties};
use super::Failure;
use super::call::{Wire, not_ours, secret};
use crate::cli::{SignInArgs, output};

/// What a server says where a session has ended: it was started again, or the account has changed.
const SESSION_CODES: [&str; 3] = ["10302", "10305", "10307"];

/// A session that someone has signed in to.
pub(super) struct Conversation<'a> {
    wire: Wire<'a>,
    url: &'a str,
    session: Zeroizing<String>,
    /// The server's address, for errors.
    server: String,
    /// What stands beside everything that is changed in it.
    invoke_id: &'static str,
}

impl<'a> Conversation<'a> {
    /// Signs in. `invoke_id` is recorded with what is changed.
    pub(super) fn open(args: &'a SignInArgs, invoke_id: &'static str) -> Result<Self, Failure> {
        let SignInArgs { endpoint, user, password } = args;
        let password = secret::password(password, user.as_str(), std::env::var_os(secret::VARIABLE))?;
        if !endpoint.is_loopback() {
            output::note(&format_args!(
                "crmconf: warning: the password and the session cross the network to {endpoint} in clear"
            ));
        }
        let wire = Wire::to(endpoint);
        let session = wire.create_session()?;
        wire.authenticate(&session, user.as_str(), &password)?;
        Ok(Self { wire, url: endpoint.url(), session, server: endpoint.to_string(), invoke_id })
    }

    /// Asks for an operation, and returns what its success says.
    pub(super) fn ask(&self, operation: &str, properties: &[(&str, &str)]) -> Result<Content, Failure> {
        match self.answer(operation, properties)? {
            Reply::Success(content) => Ok(content),
            Reply::Fail { code, message } => Err(self.refused(operation, &code, &message)),
        }
    }

    /// Asks for an operation. That it fails with this code is an answer as well: `None`.
    pub(super) fn ask_unless(
        &self,
        code: &str,
        operation: &str,
        properties: &[(&str, &str)],
    ) -> Result<Option<Content>, Failure> {
        match self.answer(operation, properties)? {
            Reply::Success(content) => Ok(Some(content)),
            Reply::Fail { code: found, .. } if found == code => Ok(None),
            Reply::Fail { code, message } => Err(self.refused(operation, &code, &message)),
        }
    }

    fn answer(&self, operation: &str, properties: &[(&str, &str)]) -> Result<Reply, Failure> {
        let answer = self.wire.send(self.url, &self.request(operation, properties))?;
        Reply::read(&answer.body).ok_or_else(|| not_ours(&self.server, answer.status))
    }

    fn refused(&self, operation: &str, code: &str, message: &str) -> Failure {
        let server = &self.server;
        let ended = if SESSION_CODES.contains(&code) {
            " The session has ended, as when the server was started again: run the command again."
        } else {
            ""
        };
        Failure::new(format!("{server} refused {operation}: {code} {message}{ended}"))
    }

    /// Signs out. The session would end by itself; that it could not be ended now undoes nothing.
    pub(super) fn close(self) {
        if self.wire.logout(&self.session).is_err() {
            output::note(
                &"crmconf: the session could not be signed out; it ends by itself after its idle time",
            );
        }
    }

    /// The text of a request. It may hold a password: it is wiped when it is dropped.
    fn request(&self, operation: &str, properties: &[(&str, &str)]) -> Zeroizing<String> {
        let head =
            format!("<Request Operation=\"{operation}\"><InvokeID>{}</InvokeID><SessionID>", self.invoke_id);
        let escaped: Vec<_> =
            properties.iter().map(|(name, value)| (name, Zeroizing::new(escaped(value)))).collect();
        // With its whole room from the beginning, so that no copy is left behind when it grows.
        let values: usize = escaped.iter().map(|(name, value)| name.len() + value.len() + 40).sum();
        let mut text = Zeroizing::new(String::with_capacity(head.len() + self.session.len() + values + 80));
        text.push_str(&head);
        text.push_str(&self.session);
        text.push_str("</SessionID><OperationPayload>");
        for (name, value) in escaped {
            text.push_str("<Property Name=\"");
            text.push_str(name);
            text.push_str("\">");
            text.push_str(&value);
            text.push_str("</Property>");
        }
        text.push_str("</OperationPayload></Request>");
        text
    }
}

/// A text as it stands in XML. A CR is a reference, since XML reads a plain one as a line feed.
pub(super) fn escaped(text: &str) -> String {
    let escaped = escape(text);
    if escaped.contains('\r') { escaped.replace('\r', "&#13;") } else { escaped.into_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Endpoint;

    /// A conversation of which nothing was sent yet.
    fn conversation(endpoint: &Endpoint) -> Conversation<'_> {
        Conversation {
            wire: Wire::to(endpoint),
            url: endpoint.url(),
            session: Zeroizing::new("5E49".to_owned()),
            server: endpoint.to_string(),
            invoke_id: "crmconf test",
        }
    }

    #[test]
    fn a_request_bears_the_session_and_its_properties_escaped() {
        let endpoint = "http://127.0.0.1:1".parse().unwrap();
        let request = conversation(&endpoint).request("Do", &[("A", "x < y"), ("B", "")]);
        assert_eq!(
            *request,
            "<Request Operation=\"Do\"><InvokeID>crmconf test</InvokeID><SessionID>5E49</SessionID><OperationPayload>\
             <Property Name=\"A\">x &lt; y</Property><Property Name=\"B\"></Property></OperationPayload></Request>"
        );
    }

    #[test]
    fn a_session_that_has_ended_is_told_with_what_to_do_and_without_its_id() {
        let endpoint = "http://127.0.0.1:1".parse().unwrap();
        let conversation = conversation(&endpoint);
        for code in SESSION_CODES {
            let told = conversation.refused("Do", code, "Why.").to_string();
            assert!(
                told.starts_with("http://127.0.0.1:1/api/xml refused Do: ") && !told.contains("5E49"),
                "{told}"
            );
            assert!(told.ends_with(
                "Why. The session has ended, as when the server was started again: run the command \
                                    again."
            ));
        }
        assert!(conversation.refused("Do", "10313", "No.").to_string().ends_with("refused Do: 10313 No."));
    }

    #[test]
    fn what_is_escaped_is_read_as_it_was() {
        let text = "a\r\nb\rc \"<&>' \t\n";
        let body = format!(
            "<Response Result='Success'><Success><Property Name='x'>{}</Property></Success></Response>",
            escaped(text)
        );
        let Some(Reply::Success(content)) = Reply::read(&body) else { panic!("{body}") };
        assert_eq!(content.properties.get("x"), Some(text));
        assert!(!escaped(text).contains('\r'));
    }
}
