//! A start on a disk that is still full: sled is neither blamed nor moved, and with room everything is there.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::filled::Filled;
use crate::harness::{binary, text};

/// Starts where no file may grow beyond so many blocks of 512 bytes, and shows that it refuses and moves nothing.
fn refused_without_room(data: &Path, blocks: u32) {
    // A write past the limit is an error like that of a full disk only where the signal is ignored.
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
    let mut command = Command::new("sh");
    command.args(["-c", &script]).arg(binary()).args(["serve", "--demo", "--listen", "127.0.0.1:0"]);
    let output = command.args(["--data", text(data)]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    for words in ["cannot be opened or filled and was left as it is", "look for a full", "File too large"] {
        assert!(said.contains(words), "{blocks} blocks: {words:?} is not said: {said}");
    }
    for name in ["sled.aside", "sled.opening"] {
        assert!(!data.join(name).exists(), "{blocks} blocks: {name}");
    }
}

/// Refused again and again, whatever sled lacks room for: its marker, its own files, or what it is to be filled with.
fn comes_back_with_room(how: &str, harm: impl Fn(&Path)) {
    for blocks in [0, 1, 100, 2_000] {
        let filled = Filled::new();
        harm(&filled.data);
        for _ in 0..3 {
            refused_without_room(&filled.data, blocks);
        }
        let log = filled.comes_back(&format!("{how}, {blocks} blocks"));
        assert!(!log.contains("rebuilt from the journal"), "{how}, {blocks} blocks: {log}");
    }
}

#[test]
fn a_sled_that_is_whole_is_left_as_it_is() {
    comes_back_with_room("whole", |_| {});
}

#[test]
fn a_sled_that_is_to_be_filled_is_filled_once_there_is_room() {
    comes_back_with_room("gone", |data| fs::remove_dir_all(data.join("sled")).unwrap());
}
