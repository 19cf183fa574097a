//! What the decider promises, told as stories: given what has happened, when this is asked for, then that happens.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test: a panic is how it reports")]

mod add;
mod change;
mod create_store;
mod delete;
mod kit;
mod order;
mod request_key;
