//! Events, commands, the pure decider, commits and the hash-chained log of crmconf.

pub mod value;

pub use value::*;
