//! `crmconf replay`: prints the state folded from the journal up to a point.

mod json;

use crmconf_projections::ReadModel;

use super::folded::folded;
use super::{Failure, print};
use crate::cli::moment::rfc3339;
use crate::cli::{ReplayArgs, ReplayFormat, Status, Until, output};

/// Prints the state folded from the journal up to a point. Reads the journal alone and writes nothing.
///
/// # Errors
/// [`Failure`]: what cannot be read, and where.
pub fn run(args: ReplayArgs) -> Result<Status, Failure> {
    let ReplayArgs { data, until, format } = args;
    let projector = folded(&data, until, "replaying commits")?;
    let view = projector.view();
    if let (Some(Until::Sequence(asked)), Some(last)) = (until, view.last)
        && last < asked
    {
        output::note(&format_args!(
            "event {asked} is not there yet: this is the state after event {last}, the last"
        ));
    }
    let text = match format {
        ReplayFormat::Text => as_of(view) + &output::printable(&view.to_string()),
        ReplayFormat::Json => json::render(view),
    };
    print(&text)
}

/// When the state was that of the log, as people read a time.
fn as_of(view: &ReadModel) -> String {
    let time = view.last.and_then(|_| rfc3339(view.time));
    time.map(|time| format!("as of {time}\n")).unwrap_or_default()
}
