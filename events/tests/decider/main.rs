//! What the decider promises, told as stories: given what has happened, when this is asked for, then that happens.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test: a panic is how it reports, and what it printed before tells where"
)]

mod account;
mod add;
mod change;
mod create_store;
mod delete;
mod import_directory;
mod keys;
mod kit;
mod order;
mod record_template;
mod request_key;
