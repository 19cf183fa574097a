//! Destroys the data keys of configurations that were deleted long enough ago.

#[cfg(test)]
mod tests;

use std::time::Duration;

use crmconf_events::command::{Command, DestroyRetired, Request};
use crmconf_events::decide::{Outcome, Rejection};
use crmconf_events::event::{Actor, Context};
use crmconf_events::{ConfigurationId, Timestamp};
use crmconf_projections::Retired;
use tokio::time::sleep;

use crate::writer::{self, Views, WriteError, Writer};

/// How long the process must have run before it destroys a key: whoever starts a server with a wrong clock, or on a copy of
/// the store that was put back, has this time to see it.
const FIRST_AFTER: Duration = Duration::from_secs(60 * 60);
/// How often it is looked whether a key's time has come.
const LOOK_EVERY: Duration = Duration::from_secs(5 * 60);
/// How far the clock may be behind a deletion before the operator is told: so far apart the clock is in doubt.
const BEHIND_MICROS_MAX: i64 = 24 * 60 * 60 * 1_000_000;

/// When it is looked.
#[derive(Clone, Copy, Debug)]
struct Pace {
    first_after: Duration,
    every: Duration,
}

/// Looks every few minutes for ever, once the process has run an hour.
pub(super) async fn destroy(views: Views, writer: Writer, retention: Duration) {
    let pace = Pace { first_after: FIRST_AFTER, every: LOOK_EVERY };
    look_again_and_again(views, writer, retention, pace).await;
}

async fn look_again_and_again(views: Views, writer: Writer, retention: Duration, pace: Pace) {
    sleep(pace.first_after).await;
    let mut told = 0;
    loop {
        tell_ahead(&views.load().retired, writer::clock(), &mut told);
        match destroy_due(&views, &writer, retention, writer::clock).await {
            Ok(0) => {}
            Ok(keys) => {
                tracing::info!(keys, "data keys of configurations deleted long enough ago are destroyed");
            }
            // The engine has said so, and why; this is what it was asked for.
            Err(WriteError::Rejected(Rejection::DestructionHeld)) => {
                tracing::warn!("data keys are due, and none is destroyed while the clock is in doubt");
            }
            Err(error) => {
                tracing::warn!(%error, "data keys that are due could not be destroyed; they are tried again later");
            }
        }
        sleep(pace.every).await;
    }
}

/// Destroys the keys whose time has come, as many as a commit has room for at a time; returns how many.
async fn destroy_due(
    views: &Views,
    writer: &Writer,
    retention: Duration,
    clock: impl Fn() -> Timestamp,
) -> Result<usize, WriteError> {
    let mut destroyed = 0_usize;
    loop {
        let clock = clock();
        let configurations = due(&views.load().retired, clock, retention);
        if configurations.is_empty() {
            return Ok(destroyed);
        }
        let command = Command::DestroyRetired(DestroyRetired { configurations, clock });
        let request = Request { context: Context::of(Actor::System), validate_only: false, command };
        match writer.submit(request).await? {
            Some(Outcome::Destruction(keys)) if keys > 0 => destroyed = destroyed.saturating_add(keys),
            // Somebody else was faster. Were it not so, this would go round for ever: the next look is early enough.
            Some(Outcome::Destruction(_) | Outcome::Configuration(_) | Outcome::Account { .. })
            | Some(Outcome::DirectoryImport(_))
            | None => return Ok(destroyed),
        }
    }
}

/// Tells the operator of keys that stand far longer than their retention, whenever there are others than were told.
fn tell_ahead(retired: &Retired, clock: Timestamp, told: &mut usize) {
    let keys = ahead(retired, clock);
    if keys > 0 && keys != *told {
        tracing::warn!(
            keys,
            "a commit was made by a clock far ahead, and the times of commits never go back: the retention of \
             these keys of deleted configurations begins only in the future. Shred by hand (CRMConfigurationShred) what must go \
             sooner"
        );
    }
    *told = keys;
}

/// How many keys wait whose retention begins only when the clock has come much further.
fn ahead(retired: &Retired, clock: Timestamp) -> usize {
    retired.retained_after(Timestamp::from_micros(clock.as_micros().saturating_add(BEHIND_MICROS_MAX)))
}

/// The configurations whose key is to be destroyed now, those deleted first at first: none while that is held. The time of one
/// that was deleted before the clock was confirmed runs from then.
fn due(retired: &Retired, clock: Timestamp, retention: Duration) -> Vec<ConfigurationId> {
    if retired.held() {
        return Vec::new();
    }
    let retention = i64::try_from(retention.as_micros()).unwrap_or(i64::MAX);
    let until = Timestamp::from_micros(clock.as_micros().saturating_sub(retention));
    retired.retained_since(until).take(DestroyRetired::MAX).map(|retired| retired.id.clone()).collect()
}
