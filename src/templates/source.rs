//! `SourceState`: how the source of the templates stands, for whoever watches over the server.

use std::time::SystemTime;

/// How the source stands. Part of a set of templates, so that both are of one instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SourceState {
    /// Types whose template can be used.
    pub usable: usize,
    /// Documents that were refused as they stand, also those of which an earlier version goes on serving.
    pub refused: usize,
    /// Whether the source could be read when it was last looked at.
    pub reachable: bool,
    /// When a change of the source was last taken over; `None` before the first, and for the built-in templates.
    pub taken: Option<SystemTime>,
}
