//! `DirectoryImport`.

use crmconf_events::Reason;
use crmconf_events::command::{
    Command, ImportCounts, ImportDirectory, ImportMode, ImportProgress, KindCounts, Listing, Request,
};
use crmconf_events::decide::Outcome;
use crmconf_events::event::Context;

use super::told;
use crate::directory::{Faults, Format, READ_BYTES_MAX};
use crate::http::answer::Answer;
use crate::http::app::App;
use crate::http::caller::Caller;
use crate::http::error::ApiError;
use crate::http::fields::{Fields, Spec, require};
use crate::http::operations::{Input, write};
use crate::http::witness::Recorder;
use crate::security_log::{self, Fact};
use crate::writer::{WriteError, Writer};

pub(in crate::http) const SPEC: Spec = Spec {
    properties: &["CSV", "JSON", "Mode", "Reason", "ValidateOnly"],
    containers: &[],
    list: false,
    url_ids: false,
};

/// Answers `DirectoryImport`.
///
/// # Errors
/// The first check that fails. Where a part was applied before, the message tells which.
pub async fn answer(app: &App, caller: &Caller, input: &Input<'_>) -> Result<Answer, ApiError> {
    let administration = caller.administration()?;
    let fields = input.fields(&SPEC)?;
    let mode = mode(&fields)?;
    let reason = fields.text("Reason", Reason::new)?;
    let validate_only = fields.flag("ValidateOnly")?;
    write::refuse_request_key(input)?;
    let (format, text) = require(file(&fields)?, "CSV or JSON")?;
    let bytes = format.memory(text);
    if bytes > READ_BYTES_MAX {
        return Err(ApiError::invalid("The file has too many entries for one request; send it in several."));
    }
    input.hold(bytes)?;
    let directory = caller.whole_view(&administration).directory.entries();
    let listing = format.read(text).listing_for(directory).map_err(|faults| malformed(&faults))?;

    let context = Context { reason, ..caller.context() };
    let recorder = input.witness.recorder();
    let import = Import { writer: app.writer.clone(), context, mode, listing, validate_only, recorder };
    let lost = |error: tokio::task::JoinError| Ended {
        counts: ImportCounts::default(),
        result: Err(WriteError::Unknown(error.to_string())),
    };
    let Ended { counts, result } = write::outlive(input, import.run()).await.unwrap_or_else(lost);
    match result {
        Ok(()) => Ok(Answer::with(told::counts(&counts))),
        // What a dry run would have done was not applied.
        Err(error) if validate_only => Err(told::refusal(error, format, &ImportCounts::default())),
        Err(error) => Err(told::refusal(error, format, &counts)),
    }
}

fn mode(fields: &Fields<'_>) -> Result<ImportMode, ApiError> {
    match fields.trimmed("Mode") {
        None | Some("Merge") => Ok(ImportMode::Merge),
        Some("Replace") => Ok(ImportMode::Replace),
        Some("Remove") => Ok(ImportMode::Remove),
        Some(_) => Err(ApiError::invalid("Mode must be Merge, Replace or Remove.")),
    }
}

/// What is to be imported: exactly one of the two.
fn file<'a>(fields: &Fields<'a>) -> Result<Option<(Format, &'a str)>, ApiError> {
    match (fields.exact("CSV"), fields.exact("JSON")) {
        (Some(_), Some(_)) => Err(ApiError::invalid("CSV and JSON are both given; one of them is read.")),
        (Some(text), None) => Ok(Some((Format::Csv, text))),
        (None, Some(text)) => Ok(Some((Format::Json, text))),
        (None, None) => Ok(None),
    }
}

fn malformed(faults: &Faults) -> ApiError {
    ApiError::invalid(format!("Nothing was imported: {faults}."))
}

/// An import on its way through the writer.
struct Import {
    writer: Writer,
    context: Context,
    mode: ImportMode,
    listing: Listing,
    validate_only: bool,
    recorder: Recorder,
}

/// How an import ended, and what it has done until then.
struct Ended {
    counts: ImportCounts,
    result: Result<(), WriteError>,
}

impl Import {
    /// Submits one portion after another, each when the one before is durable and visible: other changes come between
    /// them. It runs to its end also when its client has left; so what becomes of an import is known here, and only here.
    async fn run(self) -> Ended {
        let ended = self.portions().await;
        self.record(&ended);
        ended
    }

    /// Tells the security log what was done, also where it is a part only.
    fn record(&self, ended: &Ended) {
        let ImportCounts { telsys, partitions, devices, unchanged } = ended.counts;
        let sum = |of: fn(&KindCounts) -> u64| [telsys, partitions, devices].iter().map(of).sum();
        let (added, changed, removed) =
            (sum(|kind| kind.added), sum(|kind| kind.changed), sum(|kind| kind.removed));
        if self.validate_only || (added, changed, removed) == (0, 0, 0) {
            return;
        }
        let mode = match self.mode {
            ImportMode::Merge => security_log::ImportMode::Merge,
            ImportMode::Replace => security_log::ImportMode::Replace,
            ImportMode::Remove => security_log::ImportMode::Remove,
        };
        let counts = security_log::ImportCounts { added, changed, removed, unchanged };
        self.recorder.record(Fact::DirectoryImported { mode, complete: ended.result.is_ok(), counts });
    }

    async fn portions(&self) -> Ended {
        let mut progress = None;
        loop {
            match self.portion(progress.clone()).await {
                Ok((after, done)) => {
                    progress = Some(after);
                    if done {
                        return Ended::at(progress.as_ref(), Ok(()));
                    }
                }
                Err(error) => return Ended::at(progress.as_ref(), Err(error)),
            }
        }
    }

    async fn portion(&self, progress: Option<ImportProgress>) -> Result<(ImportProgress, bool), WriteError> {
        let command = ImportDirectory { mode: self.mode, listing: self.listing.clone(), progress };
        let request = Request {
            context: self.context.clone(),
            validate_only: self.validate_only,
            command: Command::ImportDirectory(command),
        };
        let outcome = self.writer.submit(request).await?.and_then(Outcome::into_import);
        // The decider answers every import in kind.
        let told = outcome.ok_or_else(|| WriteError::Unknown("an import was not answered as one".into()))?;
        Ok((told.progress, told.done))
    }
}

impl Ended {
    fn at(progress: Option<&ImportProgress>, result: Result<(), WriteError>) -> Self {
        Self { counts: progress.map(|progress| *progress.counts()).unwrap_or_default(), result }
    }
}
