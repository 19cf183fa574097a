//! `crmconf verify`: checks that the journal is whole and its hash chain unbroken.

use crmconf_events::log::{Progress as LogProgress, SledReport, Witness, verify, verify_sled};

use super::{Failure, unreadable};
use crate::cli::{Status, VerifyArgs, output};
use crate::progress::Progress;

/// Checks that the journal is whole and its hash chain unbroken; on demand, that sled holds the same.
///
/// # Errors
/// [`Failure`]: the place of the first fault, or why nothing could be checked.
pub fn run(args: VerifyArgs) -> Result<Status, Failure> {
    let VerifyArgs { data, sled } = args;
    let outcome = shown("checking commits", |done| matches!(done, Ok(Ok(_))), |tell| verify(&data, tell))
        .map_err(|error| unreadable(&data, &error))?;
    let report = outcome.map_err(|fault| Failure::new(fault.to_string()))?;
    let (Some(store), Some(head)) = (report.store, report.head) else {
        return Err(Failure::new(format!("{} holds no commit", data.display())));
    };
    let compare = || shown("comparing sled", Result::is_ok, |tell| verify_sled(&data, tell));
    let compared = if sled { Some(compare()?) } else { None };
    let events = head.last.map_or(0, crmconf_events::Sequence::get);
    let mut text = format!(
        "store {store}: {} commits, {events} events, chain unbroken\nhead hash {}",
        head.commit, head.hash
    );
    text.push('\n');
    text.push_str(&told(report.witness));
    if let Some(torn) = report.torn {
        // Whether sled knows it is known once sled was compared: had it known it, that would have been an error.
        let what = if sled {
            "half written and never acknowledged, cleared away by the next start"
        } else {
            "half written, or being written; the next start clears it away unless sled knows it (--sled tells)"
        };
        text.push_str(&format!("\n{what}: {torn}"));
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

/// What `journal/head` says of the journal's end.
fn told(witness: Witness) -> String {
    match witness {
        Witness::Names { commit } => format!("journal/head names commit {commit}, which is there"),
        Witness::Damaged | Witness::Missing => doubt(witness).unwrap_or_default().to_owned(),
    }
}

/// Why it is not known whether commits were lost at the end; `None` where `journal/head` tells.
pub(super) fn doubt(witness: Witness) -> Option<&'static str> {
    match witness {
        Witness::Names { .. } => None,
        Witness::Damaged => Some(
            "journal/head is damaged and was compared with nothing: whether commits are missing at the end is not \
             known. The journal being whole, the file may be removed",
        ),
        Witness::Missing => {
            Some("there is no journal/head: whether commits are missing at the end is not known")
        }
    }
}

/// Shows how far a piece of work is, of which the first step tells how much there is.
fn shown<T>(
    title: &str,
    whole: impl Fn(&T) -> bool,
    work: impl FnOnce(&mut dyn FnMut(LogProgress)) -> T,
) -> T {
    let mut bar = None;
    let done = work(&mut |progress| {
        let total = progress.of.unwrap_or(0);
        bar.get_or_insert_with(|| Progress::new(title, total)).at(progress.commits);
    });
    if let Some(bar) = bar {
        if whole(&done) { bar.finish() } else { bar.stop() }
    }
    done
}

impl From<crmconf_events::log::OpenError> for Failure {
    fn from(error: crmconf_events::log::OpenError) -> Self {
        Self::new(error.to_string())
    }
}
