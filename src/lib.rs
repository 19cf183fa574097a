//! placeholder

pub mod sessions;
pub mod vault;
