//! Commands that print a key, and all that they may do instead.

use std::time::Instant;

use super::*;

const KEY: &str = "5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c";

fn shell(script: &str) -> Vec<String> {
    ["sh", "-c", script].map(str::to_owned).to_vec()
}

fn refused(script: &str) -> String {
    let error = MasterKey::from_command(&shell(script), &[]).unwrap_err();
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains(KEY) && !shown.contains("canary"), "{shown}");
    error.to_string()
}

#[test]
fn a_key_is_read_from_a_command_s_output() {
    let expected = MasterKey::parse(KEY).unwrap().id();
    for script in
        [format!("echo {KEY}"), format!("printf %s {KEY}"), format!("echo noise >&2; sleep 0.1; echo {KEY}")]
    {
        assert_eq!(MasterKey::from_command(&shell(&script), &[]).unwrap().id(), expected, "{script}");
    }
}

#[test]
fn a_command_gets_the_environment_without_the_variables_that_hold_keys() {
    // `PATH` stands for one of them: every process has it, and `sh` sets another of its own but does not export that.
    let words = [
        "/bin/sh",
        "-c",
        &format!("test -n \"$HOME\" && ! /usr/bin/env | /bin/grep -q ^PATH= && echo {KEY}"),
    ]
    .map(str::to_owned);
    let error = MasterKey::from_command(&words, &[]).unwrap_err();
    assert!(matches!(error, MasterKeyError::CommandFailed { .. }), "{error}");
    assert!(MasterKey::from_command(&words, &["PATH", "NOT_SET"]).is_ok());
}

#[test]
fn words_reach_the_program_as_they_are() {
    let words = ["printf", "%s%s", KEY.split_at(32).0, KEY.split_at(32).1].map(str::to_owned);
    assert!(MasterKey::from_command(&words, &[]).is_ok());
    let words = ["echo", "$HOME", "|", "cat"].map(str::to_owned);
    let error = MasterKey::from_command(&words, &[]).unwrap_err();
    assert!(matches!(error, MasterKeyError::Malformed { .. }), "{error}");
}

#[test]
fn a_failing_command_is_told_with_the_first_line_of_its_complaint_and_never_its_output() {
    let told = refused(&format!("echo {KEY}; echo 'no such key' >&2; echo canary >&2; exit 3"));
    assert_eq!(told, "the master key command sh failed (exit status 3); it said: no such key");
    assert!(
        refused(&format!("echo 'key: {KEY}' >&2; exit 1")).contains("looks like a key, and is not shown")
    );
    assert!(refused("exit 1").contains("said nothing"));
    assert!(refused("kill -9 $$").contains("ended by signal 9"));
    assert!(refused("printf 'a\\033[2Jb\\n' >&2; exit 1").ends_with("it said: a\u{fffd}[2Jb"));
    assert!(refused("head -c 100000 /dev/zero | tr '\\0' x >&2; exit 1").len() < 300);
}

#[test]
fn what_is_no_key_is_refused_without_quoting_it() {
    for script in
        ["true", "echo canary", &format!("echo {KEY}{KEY}"), &format!("echo {KEY}; head -c 100000 /dev/zero")]
    {
        let told = refused(script);
        assert!(
            told.starts_with("the output of the master key command sh does not hold a master key"),
            "{told}"
        );
    }
}

#[test]
fn a_program_that_is_not_there_is_named() {
    let words = ["/nowhere/kms", "canary"].map(str::to_owned);
    let error = MasterKey::from_command(&words, &[]).unwrap_err().to_string();
    assert!(error.starts_with("the master key command /nowhere/kms cannot be run: "), "{error}");
    assert!(!error.contains("canary"));
    assert!(MasterKey::from_command(&[], &[]).is_err());
}

#[test]
fn a_command_that_does_not_end_is_stopped_with_all_that_it_started() {
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("trace");
    for script in
        ["sleep 20", "exec >&- 2>&-; sleep 20", &format!("(sleep 1; touch {}) & echo {KEY}", trace.display())]
    {
        let begun = Instant::now();
        let error =
            MasterKey::from_command_within(&shell(script), &[], Duration::from_millis(300)).unwrap_err();
        assert!(matches!(error, MasterKeyError::CommandLate { .. }), "{script}: {error}");
        assert!(begun.elapsed() < Duration::from_secs(5), "{script}");
    }
    std::thread::sleep(Duration::from_millis(1_200));
    assert!(!trace.exists(), "what it had started in the background was stopped too");
}
