//! What is wanted of data keys: to be given up, so that what was sealed under them never opens again.

use crate::value::{ConfigurationId, Scope, Timestamp};

/// Gives up the data key of a configuration, live or deleted.
#[derive(Clone, Debug)]
pub struct ShredConfiguration {
    /// The configuration's id; `None` when the text given is no id, and so of no configuration.
    pub id: Option<ConfigurationId>,
    /// The scope that it has or had.
    pub scope: Scope,
}

/// Gives up the data keys of configurations that were deleted long enough ago.
#[derive(Clone, Debug)]
pub struct DestroyRetired {
    /// Which; [`DestroyRetired::MAX`] at most. Those whose key is destroyed already are passed over.
    pub configurations: Vec<ConfigurationId>,
    /// What the clock showed when they were found to be due: a clock that is in doubt destroys nothing, also where it is right
    /// again by the time of the decision.
    pub clock: Timestamp,
}

impl DestroyRetired {
    /// How many may be named at once, so that their events fit a commit with room to spare.
    pub const MAX: usize = 512;
}

/// Destroys no more keys because their time has come: the clock is in doubt.
#[derive(Clone, Copy, Debug)]
pub struct HoldDestruction {
    /// What the clock says.
    pub clock: Timestamp,
    /// When the log's last commit was made.
    pub head: Timestamp,
}
