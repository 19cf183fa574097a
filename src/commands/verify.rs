//! `crmconf verify`: checks that the journal is whole and its hash chain unbroken.

use crmconf_events::log::{Progress as LogProgress, SledReport, verify, verify_sled};
use data_encoding::HEXLOWER;

use super::Failure;
use crate::cli::{Status, VerifyArgs, output};
use crate::progress::Progress;

/// Checks that the journal is whole and its hash chain unbroken; on demand, that sled holds the same.
///
/// # Errors
/// [`Failure`]: the place of the first fault, or why nothing could be checked.
pub fn run(args: VerifyArgs) -> Result<Status, Failure> {
    let VerifyArgs { data, sled } = args;
    let mut bar = Progress::new("checking commits", 0);
    let mut tell = |progress: LogProgress| bar.at(progress.commits);
    let outcome = verify(&data, &mut tell)
        .map_err(|error| Failure::new(format!("{} cannot be read: {error}", data.display())))?;
    let report = outcome.map_err(|fault| Failure::new(fault.to_string()))?;
    let (Some(store), Some(head)) = (report.store, report.head) else {
        return Err(Failure::new(format!("{} holds no commit", data.display())));
    };
    let compared = if sled { Some(verify_sled(&data, &mut tell)?) } else { None };
    bar.finish();
    let events = head.last.map_or(0, crmconf_events::Sequence::get);
    let mut text = format!(
        "store {store}: {} commits, {events} events, chain unbroken\nhead hash {}",
        head.commit,
        HEXLOWER.encode(head.hash.as_bytes())
    );
    if let Some(torn) = report.torn {
        text.push_str(&format!("\nnot acknowledged, cleared away by the next start: {torn}"));
    }
    let status = match compared {
        None => Status::Done,
        Some(SledReport::Same) => {
            text.push_str("\nsled holds the same");
            Status::Done
        }
        Some(SledReport::Behind { commit }) => {
            text.push_str(&format!("\nsled ends at commit {commit}; the next start inserts the rest"));
            Status::Done
        }
        Some(SledReport::Useless { why }) => {
            text.push_str(&format!("\nsled is of no use, the next start rebuilds it: {why}"));
            Status::Failed
        }
    };
    output::result(&text)
        .map_err(|error| Failure::new(format!("the result could not be printed: {error}")))?;
    Ok(status)
}

impl From<crmconf_events::log::OpenError> for Failure {
    fn from(error: crmconf_events::log::OpenError) -> Self {
        Self::new(error.to_string())
    }
}
