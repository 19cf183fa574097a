//! `SessionLimits`: how many sessions there may be, and how long they live.

use std::time::Duration;

/// Longest time that any limit may be set to: what is longer could not be added to a moment.
const DURATION_MAX: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// How many sessions there may be, and how long they live. The defaults are the API's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionLimits {
    /// How long a session may exist without being signed in.
    pub unauthenticated_lifetime: Duration,
    /// Sessions not signed in, in all; beyond, the oldest gives way.
    pub unauthenticated_max: usize,
    /// Sessions not signed in from one address; beyond, none is created.
    pub unauthenticated_per_address_max: usize,
    /// Sessions signed in, in all; beyond, nobody signs in.
    pub authenticated_max: usize,
    /// Sessions signed in of one account; beyond, the least recently used gives way.
    pub authenticated_per_account_max: usize,
    /// How long a session lives without being used.
    pub idle: Duration,
    /// How long a session lives however much it is used, from its creation.
    pub lifetime: Duration,
    /// Ended sessions that are remembered as such; beyond, the one soonest forgotten gives way.
    pub revoked_max: usize,
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self {
            unauthenticated_lifetime: Duration::from_secs(60),
            unauthenticated_max: 1_000,
            unauthenticated_per_address_max: 20,
            authenticated_max: 10_000,
            authenticated_per_account_max: 100,
            idle: Duration::from_secs(30 * 60),
            lifetime: Duration::from_secs(12 * 60 * 60),
            revoked_max: 10_000,
        }
    }
}

impl SessionLimits {
    /// The same with times of a year at most, so that adding them to a moment cannot overflow.
    #[must_use]
    pub(super) fn bounded(self) -> Self {
        Self {
            unauthenticated_lifetime: self.unauthenticated_lifetime.min(DURATION_MAX),
            idle: self.idle.min(DURATION_MAX),
            lifetime: self.lifetime.min(DURATION_MAX),
            ..self
        }
    }
}
