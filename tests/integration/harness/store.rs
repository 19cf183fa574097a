//! A store set up by `crmconf init`, and the program's other commands with what they print.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::server::{Server, binary};

/// What a command of the program came to.
#[derive(Debug)]
pub struct Ran {
    /// Its exit status; -1 when a signal ended it.
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    /// Asserts an exit status, and returns everything for more.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:?}");
        self
    }

    /// Asserts that standard error says all of this.
    #[track_caller]
    pub fn says(self, words: &[&str]) -> Self {
        for word in words {
            assert!(self.err.contains(word), "{word:?} is not said: {}", self.err);
        }
        self
    }
}

/// Runs the program to its end with these arguments.
pub fn run(words: &[&str]) -> Ran {
    run_fed(words, "")
}

/// Runs the program to its end with these environment variables besides ours.
pub fn run_with(words: &[&str], environment: &[(&str, &str)]) -> Ran {
    ended(words, environment, "")
}

/// Runs the program to its end with this on its standard input.
pub fn run_fed(words: &[&str], input: &str) -> Ran {
    ended(words, &[], input)
}

fn ended(words: &[&str], environment: &[(&str, &str)], input: &str) -> Ran {
    use std::io::Write as _;
    let mut command = Command::new(binary());
    command.args(words).env("COLUMNS", "100").env_remove("CRMCONF_PASSWORD");
    command.envs(environment.iter().copied());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A program that reads nothing closes it.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A data folder that `crmconf init` set up, in a folder of its own.
pub struct Store {
    pub folder: tempfile::TempDir,
    pub data: PathBuf,
    /// The administrator's, as it was printed.
    pub password: String,
}

impl Store {
    pub fn init() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("store");
        let printed = run(&["init", "--data", text(&data)]).expect(0).out;
        let password = printed.lines().find_map(|line| line.strip_prefix("Password: "));
        let password = password.unwrap_or_else(|| panic!("no password in {printed}")).to_owned();
        Self { folder, data, password }
    }

    /// The master key's file, where `init` puts it.
    pub fn key_file(&self) -> PathBuf {
        self.folder.path().join("store.master-key")
    }

    /// Serves it; what was logged when it does not become ready.
    pub fn serve(&self, extra: &[&str]) -> Result<Server, String> {
        Server::plain_in(&self.data, extra)
    }

    /// Runs `serve`, which is expected to refuse and end by itself.
    pub fn refused(&self, extra: &[&str]) -> Ran {
        let words = ["serve", "--listen", "127.0.0.1:0", "--data", text(&self.data)];
        run(&[&words, extra].concat())
    }
}

/// A path as an argument.
pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Every file below a folder with its content, by its path within: to tell whether anything was written.
pub fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>, std::time::SystemTime)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let (path, metadata) = entry.map(|entry| (entry.path(), entry.metadata().unwrap())).unwrap();
            if metadata.is_dir() {
                folders.push(path);
            } else {
                let content = std::fs::read(&path).unwrap();
                found.push((
                    path.strip_prefix(folder).unwrap().to_owned(),
                    content,
                    metadata.modified().unwrap(),
                ));
            }
        }
    }
    found.sort();
    found
}

/// Waits until nobody has a data folder locked that this process itself has opened: a child that another test starts
/// meanwhile holds the lock as well, from its beginning until it has become its program.
pub fn wait_until_unlocked(data: &Path) {
    let waited = Command::new("flock").args(["--timeout", "30"]).arg(data.join("lock")).arg("true").status();
    assert!(waited.unwrap().success(), "{} stays locked", data.display());
}

/// Copies a folder with everything in it.
pub fn copy_folder(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap();
    assert!(copied.success());
}
