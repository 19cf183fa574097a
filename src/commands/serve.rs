//! `crmconf serve`: serves the API until it is told to stop.

use super::Failure;
use crate::cli::{Status, output};
use crate::settings::Settings;
use crate::{demo, server, store, telemetry};

/// Serves the API until it is told to stop.
///
/// # Errors
/// [`Failure`]: what was wrong, where, and what to do.
pub fn run(settings: Settings) -> Result<Status, Failure> {
    telemetry::start(settings.log_format.value, settings.log_level.value)
        .map_err(|error| Failure::new(format!("log lines cannot be written: {error}")))?;
    let is_demo = settings.demo;
    if is_demo && !store::exists(&settings.data.value)? {
        let founder = demo::founder().ok_or_else(|| Failure::new("the demo's own data are invalid"))?;
        store::found(&settings.data.value, super::log_options(), &settings.master_key.value, founder)?;
    }
    let ready = |address| {
        if is_demo {
            // Where nobody reads standard output, nobody waits for the greeting.
            let _ = output::result(&demo::greeting(address));
        }
    };
    actix_web::rt::System::new().block_on(server::serve(settings, ready))?;
    Ok(Status::Done)
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
