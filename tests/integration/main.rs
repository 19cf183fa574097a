//! Integration tests: the binary as its users meet it, over HTTP and on disk. One binary, a module per promise.

#![expect(unreachable_pub, missing_docs, reason = "nothing outside this binary uses the harness")]
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "all of this is test code; clippy takes only functions marked as tests for that"
)]

mod harness;

mod bad_input;
mod canary;
mod errors;
mod order;
mod requests;
mod seed;
mod sessions;
