//! The operations on the directory of telephone systems, partitions and devices: Administrators' alone.

pub mod import;
pub mod list;
mod told;

pub(in crate::http) use told::{in_use, orphans};
