//! Opens the store and starts what answers requests, beside the listener, which says meanwhile how far it is.

use std::sync::Arc;

use crmconf_events::log::LocalOptions;
use tokio::runtime::Handle;

use super::beside::Beside;
use super::watch::{FIRST_LOOK_MAX, InUse, Watch};
use super::{Running, ServerError, expiry, marks, retention};
use crate::http::app::{App, AppParts, Service};
use crate::rotation::KeySources;
use crate::security_log::SecurityLog;
use crate::sessions::SessionLimits;
use crate::settings::Settings;
use crate::store::{self, Founder, Opening, Store, StoreError};
use crate::templates::{TemplateSet, Watched};
use crate::vault::VaultError;
use crate::writer::Writer;

/// Opens the store, which `founder` sets up first where there is none.
pub(super) fn start(
    settings: &Settings,
    founder: Option<Founder>,
    service: &Service,
    runtime: Handle,
    key_sources: KeySources,
) -> Result<Running, ServerError> {
    let options = LocalOptions { sled_cache_bytes: settings.sled_cache_bytes.value, ..LocalOptions::DEFAULT };
    let (data, keys) = (&settings.data.value, settings.master_keys());
    if let Some(founder) = founder
        && !store::exists(data)?
    {
        tracing::info!(data = %data.display(), "setting up a store");
        service.tell("setting up a store".into());
        store::found(data, options, &keys.current, founder)?;
    }
    tracing::info!(data = %data.display(), "opening the store");
    let mut steps = Steps { service, last: None };
    let Store { log, vault, origin } = store::open(data, options, &keys, &mut |opening| steps.tell(opening))?;
    service.metrics().follow(&log);
    // Only now: whoever has the store's lock is alone with the security log too.
    let security_log =
        settings.security_log.file_options().map(SecurityLog::start).transpose()?.unwrap_or_default();
    let views = Arc::clone(&origin.views);
    let store = origin.log.store();
    let queue_commands_max = settings.write_queue_commands_max.value.get();
    let commits = service.metrics().commits.clone();
    let beside = runtime.clone();
    let (writer, thread) = Writer::start_measured(origin, queue_commands_max, commits)?;
    service.tell("reading the templates".into());
    let (templates, watch) = templates(settings)?;
    let app = App::new(AppParts {
        views,
        writer,
        store,
        vault,
        key_sources,
        templates,
        sessions: session_limits(settings),
        security_log,
        runtime,
        body_timeout: settings.body_timeout.value,
    });
    let app = Arc::new(app.map_err(|error| StoreError::from(VaultError::from(error)))?);
    let keep = settings.deleted_key_retention.value;
    let destroying = retention::destroy(Arc::clone(&app.views), app.writer.clone(), keep);
    let recording = marks::record(Arc::clone(&app.templates), Arc::clone(&app.views), app.writer.clone());
    let expiring = expiry::expire(Arc::clone(&app.sessions));
    let beside =
        [Beside::run(destroying, &beside), Beside::run(recording, &beside), Beside::run(expiring, &beside)];
    Ok(Running { app, writer: thread, log, templates: watch, beside })
}

/// The templates in use, and what keeps them so where they may change.
fn templates(settings: &Settings) -> Result<(InUse, Option<Watch>), ServerError> {
    let Some(source) = Watched::of(&settings.templates()) else {
        return Ok((InUse::new(Arc::new(TemplateSet::builtin()).into()), None));
    };
    let in_use = InUse::default();
    let watch = Watch::start(source, Arc::clone(&in_use), FIRST_LOOK_MAX)?;
    Ok((in_use, Some(watch)))
}

/// How long sessions live as it was set; how many there may be is not set.
fn session_limits(settings: &Settings) -> SessionLimits {
    SessionLimits {
        idle: settings.session_idle.value,
        lifetime: settings.session_absolute.value,
        ..SessionLimits::default()
    }
}

/// Tells clients how far opening is, and the operator when another step begins.
struct Steps<'a> {
    service: &'a Service,
    last: Option<store::Step>,
}

impl Steps<'_> {
    fn tell(&mut self, opening: Opening) {
        if self.last != Some(opening.step) {
            self.last = Some(opening.step);
            tracing::info!(step = %opening.step, "opening the store");
        }
        self.service.metrics().opening(opening);
        self.service.tell(opening.to_string());
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::settings::{Environment, Values};

    #[test]
    fn sessions_live_as_long_as_the_settings_say() {
        let minutes = [("CRMCONF_SESSION_IDLE_MINUTES", "7"), ("CRMCONF_SESSION_ABSOLUTE_MINUTES", "90")];
        let environment: Environment =
            minutes.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
        let values = Values::collect(None, &environment, &[]).unwrap();
        let limits = session_limits(&Settings::from_values(&values, false).unwrap());
        assert_eq!(limits.idle, Duration::from_secs(7 * 60));
        assert_eq!(limits.lifetime, Duration::from_secs(90 * 60));
        assert_eq!(limits.authenticated_max, SessionLimits::default().authenticated_max);
    }
}
