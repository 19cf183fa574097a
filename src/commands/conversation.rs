//! A conversation with a server, as every command has it that speaks to one: signs in, asks, signs out.
//!
//! Neither the password nor the session's id or key is ever written to standard output, standard error or an error.

mod payload;
mod reply;
pub(super) mod secret;
mod trust;
mod wiped;
mod wire;

use zeroize::Zeroizing;

pub(super) use self::payload::{Payload, escaped, escaped_bytes};
use self::reply::Refusal;
pub(super) use self::reply::{Node, Reply};
pub(super) use self::wiped::Wiped;
pub(super) use self::wire::{Answer, Wire, not_ours, not_understood};
use super::Failure;
use crate::cli::{SignInArgs, output};
use crate::http::code::Code;
use crate::sessions::TransportKey;

/// What a server says where a session has ended: it was started again, or the account has changed.
const SESSION_CODES: [Code; 3] = [Code::SessionUnknown, Code::NotAuthenticated, Code::AuthenticationFailed];

/// Longest session id that is believed; those of this API have 32 characters.
const SESSION_ID_CHARS_MAX: usize = 128;

/// A session that someone has signed in to.
pub(super) struct Conversation<'a> {
    wire: Wire<'a>,
    session: Zeroizing<String>,
    user: &'a str,
    transport_key: Option<TransportKey>,
    /// What stands beside everything that is changed in it.
    invoke_id: &'static str,
}

impl<'a> Conversation<'a> {
    /// Signs in. `invoke_id` is recorded with what is changed.
    pub(super) fn open(args: &'a SignInArgs, invoke_id: &'static str) -> Result<Self, Failure> {
        let SignInArgs { endpoint, user, password, reach } = args;
        // First what needs nobody's answer.
        let wire = Wire::to(endpoint, reach)?;
        let password = secret::password(password, user.as_str(), std::env::var_os(secret::VARIABLE))?;
        if endpoint.is_in_the_open() {
            output::note(&format_args!(
                "crmconf: warning: the password and the session cross the network to {endpoint} in clear"
            ));
        }
        let session = create_session(&wire, invoke_id)?;
        let names = Payload::of(&[("UserName", user.as_str()), ("Password", &password)]);
        match wire.ask(&names.request("Authenticate", invoke_id, Some(&session)))? {
            Reply::Success(content) => {
                let transport_key = content.property("TransportKey").and_then(TransportKey::from_base64);
                Ok(Self { wire, session, user: user.as_str(), transport_key, invoke_id })
            }
            Reply::Fail(refusal) => Err(refused(&wire, "Authenticate", &refusal)),
        }
    }

    /// The session's id, for a request that is not written here.
    pub(super) fn session(&self) -> &str {
        &self.session
    }

    /// The session's key for password fields.
    pub(super) fn transport_key(&self) -> Result<&TransportKey, Failure> {
        self.transport_key.as_ref().ok_or_else(|| {
            Failure::new(format!(
                "{} gave {} no TransportKey, without which --seal and --open can do nothing: accounts that are Client, \
                 Editor or Administrator somewhere get one; the request was not sent",
                self.wire.endpoint(),
                self.user
            ))
        })
    }

    /// Sends a request that is not written here to this URL of the server.
    pub(super) fn send(&self, url: &str, request: &str) -> Result<Answer, Failure> {
        self.wire.send(url, request)
    }

    /// Asks for an operation, and returns what its success says.
    pub(super) fn ask(&self, operation: &str, payload: &Payload) -> Result<Node, Failure> {
        match self.answer(operation, payload)? {
            Reply::Success(content) => Ok(content),
            Reply::Fail(refusal) => Err(self.refused(operation, &refusal)),
        }
    }

    /// Asks for an operation. That it fails with this code is an answer as well: `None`.
    pub(super) fn ask_unless(
        &self,
        code: Code,
        operation: &str,
        payload: &Payload,
    ) -> Result<Option<Node>, Failure> {
        match self.answer(operation, payload)? {
            Reply::Success(content) => Ok(Some(content)),
            Reply::Fail(refusal) if refusal.is(code) => Ok(None),
            Reply::Fail(refusal) => Err(self.refused(operation, &refusal)),
        }
    }

    fn answer(&self, operation: &str, payload: &Payload) -> Result<Reply, Failure> {
        self.wire.ask(&payload.request(operation, self.invoke_id, Some(&self.session)))
    }

    fn refused(&self, operation: &str, refusal: &Refusal) -> Failure {
        let told = refused(&self.wire, operation, refusal);
        if !SESSION_CODES.into_iter().any(|code| refusal.is(code)) {
            return told;
        }
        Failure::new(format!(
            "{told} The session has ended, as when the server was started again: run the command again."
        ))
    }

    /// Signs out. The session would end by itself; that it could not be ended now undoes nothing. Where what was done ended
    /// it, as a change of the own account does, there is nothing to say.
    pub(super) fn close(self) {
        let ended = match self.answer("Logout", &Payload::default()) {
            Ok(Reply::Success(_)) => true,
            Ok(Reply::Fail(refusal)) => SESSION_CODES.into_iter().any(|code| refusal.is(code)),
            Err(_) => false,
        };
        if !ended {
            output::note(
                &"crmconf: the session could not be signed out; it ends by itself after its idle time",
            );
        }
    }
}

/// The id of a new session that nobody has signed in to yet.
fn create_session(wire: &Wire<'_>, invoke_id: &str) -> Result<Zeroizing<String>, Failure> {
    let request = Payload::default().request("CreateSession", invoke_id, None);
    let content = match wire.ask(&request)? {
        Reply::Success(content) => content,
        Reply::Fail(refusal) => return Err(refused(wire, "CreateSession", &refusal)),
    };
    match content.property("SessionID") {
        Some(id) if is_plausible(id) => Ok(Zeroizing::new(id.to_owned())),
        Some(_) | None => Err(Failure::new(format!(
            "{} answered CreateSession without a usable SessionID",
            wire.endpoint()
        ))),
    }
}

/// Whether an id can be put into a request as it is: a hostile server could answer with markup.
fn is_plausible(id: &str) -> bool {
    (1..=SESSION_ID_CHARS_MAX).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn refused(wire: &Wire<'_>, operation: &str, Refusal { code, message }: &Refusal) -> Failure {
    Failure::new(format!("{} refused {operation}: {code} {message}", wire.endpoint()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Reach;

    #[test]
    fn a_session_that_has_ended_is_told_with_what_to_do_and_without_its_id() {
        let endpoint = "http://127.0.0.1:1".parse().unwrap();
        let session = Zeroizing::new("5E49".to_owned());
        let reach = Reach::default();
        let wire = Wire::to(&endpoint, &reach).unwrap_or_else(|failure| panic!("{failure}"));
        let conversation =
            Conversation { wire, session, user: "someone", transport_key: None, invoke_id: "crmconf test" };
        let told = |code: &str| {
            let refusal = Refusal { code: code.to_owned(), message: "Why.".to_owned() };
            conversation.refused("Do", &refusal).to_string()
        };
        for code in ["10302", "10305", "10307"] {
            let told = told(code);
            let begin = format!("http://127.0.0.1:1/api/xml refused Do: {code} Why. The session has ended");
            assert!(told.starts_with(&begin) && told.ends_with("run the command again."), "{told}");
            assert!(!told.contains("5E49"), "{told}");
        }
        assert!(told("10313").ends_with("refused Do: 10313 Why."));
    }
}
