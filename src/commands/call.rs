//! `crmconf call`: signs in, sends one request with the session filled in, prints the response, signs out.
//!
//! Neither the password nor the session's id is ever written to standard output, standard error or an error. The same
//! holds for what `--seal` seals; what `--open` opens stands in the response on standard output, and nowhere else.

mod fill;
mod open;
mod password_values;
mod places;
mod seal;

#[cfg(test)]
mod tests;

use zeroize::Zeroizing;

use self::fill::Slot;
use self::open::Opened;
use self::seal::Sealing;
use super::conversation::{Answer, Conversation, Reply, not_ours};
use super::{Failure, source};
use crate::cli::{CallArgs, RequestSource, Status, output};
use crate::settings::BODY_BYTES_MAX;

/// What the requests that sign in and out are marked with.
const INVOKE_ID: &str = "crmconf call";

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
        Some(Reply::Success(_)) => Ok(Status::Done),
        Some(Reply::Fail(_)) => Ok(Status::Failed),
        None => Err(not_ours(&args.sign_in.endpoint, answer.status)),
    }
}

/// The whole conversation, up to the response to the caller's own request.
fn converse(args: &CallArgs) -> Result<Answer, Failure> {
    let request = read_request(&args.request)?;
    // What can be found wrong with the request is found before anybody signs in.
    place_of_session(&request, args)?;
    let sealing = args.seal.then(|| Sealing::of(&request, &name(&args.request))).transpose()?;
    let conversation = Conversation::open(&args.sign_in, INVOKE_ID)?;
    let answer = ask(args, &request, sealing.as_ref(), &conversation);
    conversation.close();
    answer
}

/// Sends the request in its final form, and has the answer in its own.
fn ask(
    args: &CallArgs,
    request: &str,
    sealing: Option<&Sealing<'_>>,
    conversation: &Conversation<'_>,
) -> Result<Answer, Failure> {
    let key = args.open.then(|| conversation.transport_key()).transpose()?;
    let sealed = sealing.map(|sealing| sealing.sealed(conversation)).transpose()?;
    let request = sealed.as_ref().map_or(request, |sealed| sealed.as_str());
    let request = place_of_session(request, args)?.fill(request, conversation.session());
    let mut answer = conversation.send(&args.sign_in.endpoint.url_with_query(), &request)?;
    if let Some(key) = key {
        let Opened { body, left } = open::opened(&answer.body, key);
        answer.body = body;
        for field in left {
            output::note(&format_args!(
                "crmconf: what {field} holds does not open under this session's key, and is shown as it came"
            ));
        }
    }
    Ok(answer)
}

fn place_of_session(request: &str, args: &CallArgs) -> Result<Slot, Failure> {
    Slot::find(request).map_err(|cause| Failure::new(format!("{} {cause}", name(&args.request))))
}

fn read_request(source: &RequestSource) -> Result<Zeroizing<String>, Failure> {
    let name = name(source);
    let bytes = source::bytes(source, BODY_BYTES_MAX as u64)
        .map_err(|cause| Failure::new(format!("{name} cannot be read: {cause}")))?
        .ok_or_else(|| Failure::new(format!("{name} is larger than 1 MiB, the most that the API takes")))?;
    let text = std::str::from_utf8(&bytes).map_err(|cause| {
        let place = cause.valid_up_to();
        Failure::new(format!("{name} is not UTF-8: the first wrong byte is number {place}, counted from 0"))
    })?;
    Ok(Zeroizing::new(text.to_owned()))
}

fn name(source: &RequestSource) -> String {
    match source {
        RequestSource::StandardInput => "the request on standard input".to_owned(),
        RequestSource::File(path) => format!("the request in {}", path.display()),
    }
}
