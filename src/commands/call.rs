//! `crmconf call`: signs in, sends one request with the session filled in, prints the response, signs out.
//!
//! Neither the password nor the session's id is ever written to standard output, standard error or an error.

mod fill;
pub(super) mod reply;
pub(super) mod secret;
pub(super) mod wire;

#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{self, Read};

use self::fill::Slot;
use self::reply::{Outcome, Reply};
pub(super) use self::reply::{attribute, resolve};
use self::wire::Answer;
pub(super) use self::wire::Wire;
use super::Failure;
use zeroize::Zeroizing;

use crate::cli::{CallArgs, Endpoint, RequestSource, Status, output};
use crate::settings::BODY_BYTES_MAX;

/// Sends the request. The status tells the response's `Result`: done for `Success`, failed for `Fail`.
///
/// # Errors
/// [`Failure`]: the request or the password could not be read, the sign-in was refused, the server could not be
/// reached, or what it answered is no response of this API.
pub fn run(args: &CallArgs) -> Result<Status, Failure> {
    let answer = converse(args)?;
    output::result(&answer.body).map_err(|cause| {
        Failure::new(format!("the response could not be written to standard output: {cause}"))
    })?;
    match Reply::read(&answer.body) {
        Some(Reply { outcome: Outcome::Success { .. } }) => Ok(Status::Done),
        Some(Reply { outcome: Outcome::Fail { .. } }) => Ok(Status::Failed),
        None => Err(not_ours(&args.endpoint.to_string(), answer.status)),
    }
}

/// The whole conversation, up to the response to the caller's own request.
fn converse(args: &CallArgs) -> Result<Answer, Failure> {
    let request = read_request(&args.request)?;
    let slot =
        Slot::find(&request).map_err(|cause| Failure::new(format!("{} {cause}", name(&args.request))))?;
    let password = secret::password(&args.password, args.user.as_str(), std::env::var_os(secret::VARIABLE))?;
    let wire = Wire::to(&args.endpoint);
    let session = sign_in(&wire, &args.endpoint, args.user.as_str(), &password)?;
    let answer = wire.send(&args.endpoint.url_with_query(), &slot.fill(&request, &session));
    sign_out(&wire, &session);
    answer
}

/// A session that is signed in.
pub(super) fn sign_in(
    wire: &Wire<'_>,
    endpoint: &Endpoint,
    user: &str,
    password: &str,
) -> Result<Zeroizing<String>, Failure> {
    if !endpoint.is_loopback() {
        output::note(&format_args!(
            "crmconf: warning: the password and the session cross the network to {endpoint} in clear"
        ));
    }
    let session = wire.create_session()?;
    wire.authenticate(&session, user, password)?;
    Ok(session)
}

/// Ends a session. It would expire by itself; that it could not be ended does not undo what was asked for.
pub(super) fn sign_out(wire: &Wire<'_>, session: &str) {
    if wire.logout(session).is_err() {
        output::note(&"crmconf: the session could not be signed out; it ends by itself after its idle time");
    }
}

fn read_request(source: &RequestSource) -> Result<String, Failure> {
    let limit = BODY_BYTES_MAX as u64;
    let mut bytes = Vec::new();
    let outcome = match source {
        RequestSource::StandardInput => io::stdin().lock().take(limit + 1).read_to_end(&mut bytes),
        RequestSource::File(path) => {
            File::open(path).and_then(|file| file.take(limit + 1).read_to_end(&mut bytes))
        }
    };
    let name = name(source);
    outcome.map_err(|cause| Failure::new(format!("{name} cannot be read: {cause}")))?;
    if bytes.len() as u64 > limit {
        return Err(Failure::new(format!("{name} is larger than 1 MiB, the most that the API takes")));
    }
    String::from_utf8(bytes).map_err(|cause| {
        let place = cause.utf8_error().valid_up_to();
        Failure::new(format!("{name} is not UTF-8: the first wrong byte is number {place}, counted from 0"))
    })
}

fn name(source: &RequestSource) -> String {
    match source {
        RequestSource::StandardInput => "the request on standard input".to_owned(),
        RequestSource::File(path) => format!("the request in {}", path.display()),
    }
}

pub(super) fn not_ours(endpoint: &str, status: u16) -> Failure {
    Failure::new(format!(
        "{endpoint} answered with HTTP status {status} and something that is no response of this API: \
         check that the URL is that of a crmconf server"
    ))
}
