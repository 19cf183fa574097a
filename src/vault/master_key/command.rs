//! A master key from a command's output: how a key management service hands it over.

use std::io::{self, Read};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use zeroize::Zeroizing;

use super::{FILE_BYTES_MAX, MasterKey, MasterKeyError};

/// How long a command may take.
const TIME_MAX: Duration = Duration::from_secs(30);
/// How often a command that has closed its output is asked whether it has ended.
const ASKED_EVERY: Duration = Duration::from_millis(5);
/// Most that is read of what a command complains about, bytes.
const COMPLAINT_BYTES_MAX: u64 = 4_096;
/// Most that is shown of it, characters.
const COMPLAINT_CHARS_MAX: usize = 200;

impl MasterKey {
    /// Runs a command, its program and arguments given as words, and reads the key from its standard output. No shell is in
    /// between. It may take 30 seconds. Of an error only the program's name, how it ended and the first line of its standard
    /// error are told; its arguments and its output may be secret. It gets the environment of this process without the
    /// variables that hold other master keys.
    ///
    /// # Errors
    /// When the command cannot be run, takes too long, fails, or prints something else.
    pub fn from_command(words: &[String], key_variables: &[&str]) -> Result<Self, MasterKeyError> {
        Self::from_command_within(words, key_variables, TIME_MAX)
    }

    pub(super) fn from_command_within(
        words: &[String],
        key_variables: &[&str],
        time: Duration,
    ) -> Result<Self, MasterKeyError> {
        let program = words.first().map(String::as_str).unwrap_or_default();
        let failed = |source| MasterKeyError::CommandNotRun { program: program.into(), source };
        let until = Instant::now() + time;
        let mut command = Command::new(program);
        for name in key_variables {
            command.env_remove(name);
        }
        let mut child = command
            .args(words.iter().skip(1))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A group of its own, so that what the command has started itself ends with it.
            .process_group(0)
            .spawn()
            .map_err(failed)?;
        let output = child.stdout.take().map(|pipe| read_aside(pipe, FILE_BYTES_MAX)).transpose();
        let complaint = child.stderr.take().map(|pipe| read_aside(pipe, COMPLAINT_BYTES_MAX)).transpose();
        let ended = match (output, complaint) {
            (Ok(output), Ok(complaint)) => {
                wait(&mut child, output.as_ref(), complaint.as_ref(), until).map_err(failed)
            }
            (Err(error), _) | (_, Err(error)) => Err(failed(error)),
        };
        let Some(Ended { status, output, complaint }) = ended.inspect_err(|_| stop(&mut child))? else {
            stop(&mut child);
            return Err(MasterKeyError::CommandLate { program: program.into(), seconds: time.as_secs() });
        };
        if !status.success() {
            let said = first_line(&complaint);
            return Err(MasterKeyError::CommandFailed { program: program.into(), how: how(status), said });
        }
        let text = std::str::from_utf8(&output).ok();
        text.and_then(Self::parse).ok_or_else(|| MasterKeyError::Malformed {
            place: format!("the output of the master key command {program}"),
        })
    }
}

/// How a command ended, and what it said.
struct Ended {
    status: ExitStatus,
    output: Zeroizing<Vec<u8>>,
    complaint: Zeroizing<Vec<u8>>,
}

/// Waits until a command has ended; `None` when the time was over before.
fn wait(
    child: &mut Child,
    output: Option<&Receiver<Zeroizing<Vec<u8>>>>,
    complaint: Option<&Receiver<Zeroizing<Vec<u8>>>>,
    until: Instant,
) -> io::Result<Option<Ended>> {
    let left = || until.saturating_duration_since(Instant::now());
    let take = |from: Option<&Receiver<_>>| match from.map(|from| from.recv_timeout(left())) {
        Some(Ok(said)) => Some(said),
        Some(Err(RecvTimeoutError::Timeout)) => None,
        Some(Err(RecvTimeoutError::Disconnected)) | None => Some(Zeroizing::default()),
    };
    let Some((output, complaint)) = take(output).zip(take(complaint)) else { return Ok(None) };
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(Ended { status, output, complaint }));
        }
        if left().is_zero() {
            return Ok(None);
        }
        std::thread::sleep(ASKED_EVERY.min(left()));
    }
}

/// Reads a pipe on a thread of its own until its end, and hands on its beginning: what is longer than `max` bytes has one
/// more than that.
fn read_aside(mut pipe: impl Read + Send + 'static, max: u64) -> io::Result<Receiver<Zeroizing<Vec<u8>>>> {
    let (sender, receiver) = sync_channel(1);
    let room = usize::try_from(max).unwrap_or(usize::MAX).saturating_add(1);
    std::thread::Builder::new().name("master key command".into()).spawn(move || {
        let mut kept = Zeroizing::new(vec![0; room]);
        let mut filled = 0;
        while let Some(rest) = kept.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match pipe.read(rest) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        kept.truncate(filled);
        // The rest is of no use, but a command that cannot write it would not end.
        let mut rest = Zeroizing::new([0; 512]);
        while pipe.read(rest.as_mut_slice()).is_ok_and(|read| read > 0) {}
        // Nobody waits for it any more once the time is over.
        sender.send(kept).ok();
    })?;
    Ok(receiver)
}

/// Ends a command and what it has started. That it has ended by itself meanwhile is no error.
fn stop(child: &mut Child) {
    if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        kill_process_group(group, Signal::KILL).ok();
    }
    child.kill().ok();
    child.wait().ok();
}

fn how(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit status {code}"),
        (None, Some(signal)) => format!("ended by signal {signal}"),
        (None, None) => "ended in an unknown way".into(),
    }
}

/// The first line of a complaint, unable to steer the terminal, and without anything that looks like a key.
fn first_line(complaint: &[u8]) -> String {
    let text = Zeroizing::new(String::from_utf8_lossy(complaint).into_owned());
    let line = text.lines().next().unwrap_or_default().trim();
    if line.is_empty() {
        "it said nothing on standard error".into()
    } else if MasterKey::stands_in(line) {
        "what it said looks like a key, and is not shown".into()
    } else {
        let plain = line.chars().map(|char| if char.is_control() { '\u{fffd}' } else { char });
        format!("it said: {}", plain.take(COMPLAINT_CHARS_MAX).collect::<String>())
    }
}

#[cfg(test)]
mod tests;
