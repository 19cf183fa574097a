//! Integration tests: the binary as its users meet it, over HTTP and on disk. One binary, a module per promise.

#![expect(unreachable_pub, reason = "nothing outside this binary uses the harness")]

mod harness;

mod bad_input;
mod canary;
mod errors;
mod order;
mod requests;
mod commands;
mod damage;
mod faults;
mod kill_nine;
mod manners;
mod seed;
mod sessions;
