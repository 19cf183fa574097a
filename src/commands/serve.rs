//! `crmconf serve`: serves the API until it is told to stop.

use std::sync::Arc;

use super::Failure;
use crate::cli::{Status, output};
use crate::settings::{Again, LogFormat, Settings};
use crate::{demo, server, store, telemetry};

/// Serves the API until it is told to stop.
///
/// # Errors
/// [`Failure`]: what was wrong, where, and what to do.
pub fn run(settings: Settings, again: Again) -> Result<Status, Failure> {
    let format = settings.log_format.value;
    telemetry::start(format, settings.log_level.value)
        .map_err(|error| Failure::new(format!("log lines cannot be written: {error}")))?;
    match (serve(settings, again), format) {
        // What reads JSON can read nothing else: the sentence becomes a log line. In text it stands by itself.
        (Err(failure), LogFormat::Json) => {
            tracing::error!("{failure}");
            Ok(Status::Failed)
        }
        (ended, LogFormat::Json | LogFormat::Text) => ended,
    }
}

fn serve(settings: Settings, again: Again) -> Result<Status, Failure> {
    let is_demo = settings.demo;
    let key_sources = Arc::new(move || again.master_keys());
    let founder = if is_demo { Some(founder()?) } else { None };
    let ready = |address| {
        if is_demo {
            // Where nobody reads standard output, nobody waits for the greeting.
            let _ = output::result(&demo::greeting(address));
        }
    };
    actix_web::rt::System::new().block_on(server::serve(settings, key_sources, founder, ready))?;
    Ok(Status::Done)
}

fn founder() -> Result<store::Founder, Failure> {
    demo::founder().ok_or_else(|| Failure::new("the demo's own data are invalid"))
}

impl From<server::ServerError> for Failure {
    fn from(error: server::ServerError) -> Self {
        Self::new(error.to_string())
    }
}

impl From<store::StoreError> for Failure {
    fn from(error: store::StoreError) -> Self {
        Self::new(error.to_string())
    }
}
