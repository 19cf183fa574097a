//! Has libFuzzer call the target `vault` of `crmconf::fuzzing`, which says what must hold.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| crmconf::fuzzing::run("vault", data));
