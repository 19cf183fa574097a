//! Events, commands, the pure decider, commits and the hash-chained log of crmconf.

pub mod access;
pub mod command;
pub mod commit;
pub mod decide;
pub mod disk;
pub mod event;
pub mod json;
pub mod log;
pub mod state;
pub mod template;
pub mod value;

pub use value::*;
