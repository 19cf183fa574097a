//! The demo server as a process of its own, on a free port and in a folder of its own.

use std::fs::{File, OpenOptions};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use super::CANARY;
use super::client::{Reply, get, post};
use super::session::Session;

/// How long a start or a stop may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// What is asked for a free port with, and where nobody listens.
const NOWHERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// The program under test: the one that cargo built, or another that `CRMCONF_BIN` names.
pub fn binary() -> PathBuf {
    std::env::var_os("CRMCONF_BIN").map_or_else(|| env!("CARGO_BIN_EXE_crmconf").into(), PathBuf::from)
}

/// One server for those tests of a module that run at the same time; it ends with the last of them.
pub struct Shared {
    server: Mutex<Weak<Server>>,
    start: fn() -> Server,
}

impl Shared {
    /// A server that is started when a test first asks for it.
    pub const fn new(start: fn() -> Server) -> Self {
        Self { server: Mutex::new(Weak::new()), start }
    }

    /// The server.
    pub fn get(&self) -> Arc<Server> {
        let mut shared = self.server.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let server = Arc::new((self.start)());
            *shared = Arc::downgrade(&server);
            server
        })
    }
}

/// How the server is started, each time.
#[derive(Clone, Debug, Default)]
struct Launch {
    demo: bool,
    extra: Vec<String>,
    environment: Vec<(String, String)>,
    /// Largest file that it may write, in blocks of 512 bytes.
    file_blocks_max: Option<u32>,
}

/// A running server; killed when dropped.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
    pub data: PathBuf,
    log: PathBuf,
    launch: Launch,
    _folder: Option<tempfile::TempDir>,
}

impl Server {
    /// The demo in a folder of its own.
    pub fn demo() -> Self {
        Self::demo_with(&[])
    }

    /// The demo with more arguments.
    pub fn demo_with(extra: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = Self::demo_in(&folder.path().join("data"), extra).unwrap_or_else(|log| panic!("{log}"));
        server.keeping(folder)
    }

    /// The server with the folder that goes away with it.
    pub fn keeping(mut self, folder: tempfile::TempDir) -> Self {
        self._folder = Some(folder);
        self
    }

    /// The demo in this folder; what it logged when it does not become ready.
    pub fn demo_in(data: &Path, extra: &[&str]) -> Result<Self, String> {
        Self::start(data, Launch { demo: true, extra: owned(extra), ..Launch::default() })
    }

    /// A store that was set up before; what it logged when it does not become ready.
    pub fn plain_in(data: &Path, extra: &[&str]) -> Result<Self, String> {
        Self::plain_under(data, extra, &[])
    }

    /// A store that was set up before, under these environment variables besides ours.
    pub fn plain_under(data: &Path, extra: &[&str], environment: &[(&str, &str)]) -> Result<Self, String> {
        let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let launch = Launch { extra: owned(extra), environment: environment.collect(), ..Launch::default() };
        Self::start(data, launch)
    }

    fn start(data: &Path, launch: Launch) -> Result<Self, String> {
        let log = data.with_extension("log");
        let (child, address) = spawn(data, &log, &launch);
        let mut server = Self { child, address, data: data.into(), log, launch, _folder: None };
        server.wait_ready()?;
        Ok(server)
    }

    /// From the next start on, no file may grow beyond this many blocks of 512 bytes, as on a full disk.
    pub fn limit_files(&mut self, blocks: Option<u32>) {
        self.launch.file_blocks_max = blocks;
    }

    /// Starts again after a kill.
    pub fn restart(&mut self) {
        self.try_restart().unwrap_or_else(|log| panic!("{log}"));
    }

    /// Starts again; what it logged when it does not become ready.
    pub fn try_restart(&mut self) -> Result<(), String> {
        self.begin_restart();
        self.wait_ready()
    }

    /// Starts again, and waits for no more than that it listens.
    pub fn begin_restart(&mut self) {
        (self.child, self.address) = spawn(&self.data, &self.log, &self.launch);
    }

    /// Puts a pipe in the place of the store's lock: whoever opens the store waits until the pipe is opened to be read.
    /// Returns the pipe, which the test removes.
    pub fn hold_up_opening(&self) -> PathBuf {
        let lock = self.data.join("lock");
        std::fs::remove_file(&lock).unwrap();
        assert!(Command::new("mkfifo").arg(&lock).status().unwrap().success());
        lock
    }

    fn wait_ready(&mut self) -> Result<(), String> {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if self.child.try_wait().unwrap().is_some() {
                return Err(self.log_text());
            }
            if self.is_ready() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Err(format!("not ready in time: {}", self.log_text()))
    }

    /// What it answers where anyone may ask, and what it says where it answers under TLS alone.
    fn is_ready(&self) -> bool {
        if self.launch.extra.iter().any(|word| word == "--tls-certificate") {
            return self.log_text().contains("serving");
        }
        get(self.address, "/readyz").is_some_and(|reply| reply.status == 200)
    }

    /// Waits for what is to happen soon.
    pub fn wait_until(&self, happened: impl Fn() -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !happened() {
            assert!(Instant::now() < deadline, "it does not happen: {}", self.log_text());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// `kill -9`.
    pub fn kill_nine(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM, and how it ended.
    pub fn terminate(&mut self) -> ExitStatus {
        self.signal("TERM");
        self.wait()
    }

    /// Sends a signal.
    pub fn signal(&self, name: &str) {
        Command::new("kill").args(["-s", name]).arg(self.child.id().to_string()).status().unwrap();
    }

    /// Waits until it ended by itself, and tells how.
    pub fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "does not stop: {}", self.log_text());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn process_id(&self) -> u32 {
        self.child.id()
    }

    /// Everything that the process wrote to standard output and error, over all its starts.
    pub fn log_text(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    /// The state that the journal adds up to, as `replay` prints it.
    pub fn dump(&self) -> String {
        let output = self.run(&["replay"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Posts a body to the API.
    pub fn post(&self, body: &str) -> Reply {
        self.post_bytes(body.as_bytes(), &[]).expect("an answer")
    }

    /// Posts bytes with headers; `None` when the connection is closed without an answer.
    pub fn post_bytes(&self, body: &[u8], headers: &[(&str, &str)]) -> Option<Reply> {
        post(self.address, "/api/xml", headers, body)
    }

    /// Signs a demo account in.
    pub fn session(&self, user: &str) -> Session {
        Session::sign_in(self.address, user, &format!("demo-{user}"))
    }

    /// Signs an account in with its password.
    pub fn session_of(&self, user: &str, password: &str) -> Session {
        Session::sign_in(self.address, user, password)
    }

    /// Runs another command of the program on this server's data folder.
    pub fn run(&self, words: &[&str]) -> std::process::Output {
        Command::new(binary()).args(words).arg("--data").arg(&self.data).output().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if !std::thread::panicking() {
            assert!(!self.log_text().contains(CANARY), "a password is in the log: {}", self.log_text());
        }
    }
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(ToString::to_string).collect()
}

/// Starts the program, which finds a free port itself, and waits until it told where it listens; the address that
/// nobody listens at when it ended before.
fn spawn(data: &Path, log: &Path, launch: &Launch) -> (Child, SocketAddr) {
    std::fs::create_dir_all(log.parent().unwrap()).unwrap();
    let out: File = OpenOptions::new().create(true).append(true).open(log).unwrap();
    let before = usize::try_from(out.metadata().unwrap().len()).unwrap();
    let mut child = program(launch)
        .args(["serve", "--listen", &NOWHERE.to_string(), "--data"])
        .arg(data)
        .args(launch.demo.then_some("--demo"))
        .args(&launch.extra)
        .envs(launch.environment.iter().cloned())
        .stdin(Stdio::null())
        .stdout(out.try_clone().unwrap())
        .stderr(out)
        .spawn()
        .unwrap();
    let deadline = Instant::now() + PATIENCE;
    loop {
        let ended = child.try_wait().unwrap().is_some();
        let told = std::fs::read(log).unwrap();
        match told_address(&String::from_utf8_lossy(&told[before..])) {
            Some(address) => return (child, address),
            None if ended || Instant::now() > deadline => return (child, NOWHERE),
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    }
}

/// The address in the whole line that says where the server listens, be that text or JSON.
fn told_address(log: &str) -> Option<SocketAddr> {
    let whole = log.split_inclusive('\n').filter(|line| line.ends_with('\n'));
    let (_, address) = whole.filter_map(|line| line.split_once("listening")).next()?;
    let start = address.find("127.0.0.1:")?;
    let end = address[start..].find(|c: char| !c.is_ascii_digit() && c != '.' && c != ':')?;
    address[start..start + end].parse().ok()
}

fn program(launch: &Launch) -> Command {
    let Some(blocks) = launch.file_blocks_max else { return Command::new(binary()) };
    let mut shell = Command::new("sh");
    // A write past the limit is an error like that of a full disk only where the signal is ignored.
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
    shell.args(["-c", &script]).arg(binary());
    shell
}

/// How often tests with `kill -9` kill the server: as often as `CRMCONF_TEST_KILL_ROUNDS` says, or 20 times.
pub fn kill_rounds() -> u64 {
    const DEFAULT: u64 = 20;
    std::env::var("CRMCONF_TEST_KILL_ROUNDS").map_or(DEFAULT, |rounds| rounds.parse().unwrap())
}
