//! Integration tests: the binary as its users meet it, over HTTP and on disk. One binary, a module per promise.

#![expect(unreachable_pub, reason = "nothing outside this binary uses the harness")]
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "all of this is test code; clippy takes only functions marked as tests for that"
)]

mod harness;
mod inprocess;

mod account_changes;
mod accounts;
mod administration;
mod bad_input;
mod beside_the_body;
mod call_secrets;
mod canary;
mod commands;
mod conformance;
mod credential_crashes;
mod crm_types;
mod damage;
mod directory;
mod errors;
mod export;
mod faults;
mod kill_nine;
mod kill_nine_secrets;
mod large_answers;
mod late_commands;
mod log_lines;
mod manners;
mod metrics;
mod model;
mod operate;
mod order;
mod permissions;
mod requests;
mod secrets;
mod security_log;
mod seed;
mod sessions;
mod shredding;
mod soap;
mod template_folder;
mod template_sources;
mod tls;
mod waiting;
