//! Integration tests: the binary as its users meet it, over HTTP and on disk. One binary, a module per promise.

#![expect(unreachable_pub, missing_docs, reason = "nothing outside this binary uses the harness")]

mod harness;
mod inprocess;

mod model;
mod permissions;
mod seed;
