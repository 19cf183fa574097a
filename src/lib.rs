//! placeholder

pub mod http;
pub mod sessions;
pub mod vault;
