//! A demo's data folder that was filled and stopped in order, as often as tests want to damage it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::harness::{
    Ran, SUGAR, Server, Session, add_payload, container, contents, property, run, text, triple,
};

/// Large enough that six of them reach into the journal's second file.
const VALUE_BYTES: usize = 200_000;
pub const ADDS: usize = 6;
const ADD: &str = "CRMConfigurationAdd";

/// A copy of the filled folder.
pub struct Filled {
    _folder: tempfile::TempDir,
    pub data: PathBuf,
}

/// What all copies are made from: kept in memory, so that nothing is left behind.
struct Original {
    /// Path, permissions, and the content of files; folders stand before what is in them.
    entries: Vec<(PathBuf, fs::Permissions, Option<Vec<u8>>)>,
    /// What viewers see of it.
    seen: String,
    /// What each Add gave: its key's configuration and version.
    outcomes: Vec<Outcome>,
    /// The last event's sequence.
    last: u64,
}

/// The id and the version that a keyed Add told.
type Outcome = (Option<String>, Option<String>);

static ORIGINAL: OnceLock<Original> = OnceLock::new();

/// The Add of that number, under a key of its own.
fn add(number: usize) -> String {
    let json = format!("{{\"ClientId\":\"{number}{}\"}}", "x".repeat(VALUE_BYTES));
    triple("1", "1", "")
        + &property("Description", &format!("number {number}"))
        + &property("CRMType", SUGAR)
        + &container("CRMConfiguration", &json)
        + &container("CRMConfigurationCommon", "{}")
        + &property("RequestKey", &format!("key {number}"))
        + &property("ReturnID", "true")
}

fn send(session: &Session, number: usize) -> Outcome {
    let reply = session.call(ADD, &add(number)).expect_success();
    (reply.property("CRMConfigurationID"), reply.property("Version"))
}

impl Original {
    fn fill() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let mut server = Server::demo_in(&data, &[]).unwrap();
        let session = server.session("editor");
        let outcomes = (0..ADDS).map(|number| send(&session, number)).collect();
        let (seen, last) = (seen(&server), last_sequence(&data));
        assert!(server.terminate().success());
        assert!(data.join("journal/00000002.crmj").exists());
        let mut entries = Vec::new();
        remember(&data, Path::new(""), &mut entries);
        Self { entries, seen, outcomes, last }
    }
}

fn remember(data: &Path, within: &Path, entries: &mut Vec<(PathBuf, fs::Permissions, Option<Vec<u8>>)>) {
    let path = data.join(within);
    let permissions = fs::metadata(&path).unwrap().permissions();
    if !path.is_dir() {
        entries.push((within.into(), permissions, Some(fs::read(&path).unwrap())));
        return;
    }
    entries.push((within.into(), permissions, None));
    for entry in fs::read_dir(&path).unwrap() {
        remember(data, &within.join(entry.unwrap().file_name()), entries);
    }
}

/// The sequence of the journal's last event, as `verify` counts.
fn last_sequence(data: &Path) -> u64 {
    let told = run(&["verify", "--data", text(data)]).expect(0).out;
    told.split(" events").next().unwrap().rsplit(' ').next().unwrap().parse().unwrap()
}

impl Filled {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        for (within, permissions, content) in &ORIGINAL.get_or_init(Original::fill).entries {
            let path = data.join(within);
            match content {
                Some(content) => fs::write(&path, content).unwrap(),
                None => fs::create_dir(&path).unwrap(),
            }
            fs::set_permissions(&path, permissions.clone()).unwrap();
        }
        Self { _folder: folder, data }
    }

    pub fn journal(&self, file: &str) -> PathBuf {
        self.data.join("journal").join(file)
    }

    pub fn command(&self, words: &[&str]) -> Ran {
        run(&[words, &["--data", text(&self.data)]].concat())
    }

    /// Starts, and shows that everything is there, requests are known again, and changes are taken; then stops. Gives
    /// what was logged.
    #[track_caller]
    pub fn comes_back(&self, how: &str) -> String {
        let original = ORIGINAL.get().unwrap();
        let mut server = Server::demo_in(&self.data, &[]).unwrap_or_else(|log| panic!("{how}: {log}"));
        assert!(seen(&server) == original.seen, "{how}: other configurations: {}", seen(&server).len());
        let session = server.session("editor");
        for number in [0, ADDS - 1] {
            assert_eq!(send(&session, number), original.outcomes[number], "{how}: key {number}");
            let other = add(number).replace("number ", "another ");
            session.call(ADD, &other).expect_code(31101);
        }
        assert_eq!(last_sequence(&self.data), original.last, "{how}: repetitions append nothing");
        let payload = add_payload(&triple("1", "2", ""), "after the damage");
        session.call(ADD, &payload).expect_success();
        assert!(server.terminate().success(), "{how}");
        self.command(&["verify", "--sled"]).expect(0);
        server.log_text()
    }

    /// Starts, and shows that it refuses, naming all of this.
    #[track_caller]
    pub fn refuses(&self, words: &[&str]) {
        let journal =
            || contents(&self.data.join("journal")).into_iter().map(|(path, bytes, _)| (path, bytes));
        let before: Vec<_> = journal().collect();
        self.command(&["serve", "--demo", "--listen", "127.0.0.1:0"]).expect(1).says(words);
        assert!(before == journal().collect::<Vec<_>>(), "the refusal changed the journal");
    }
}

/// Everything that a viewer of everything sees, large values included.
fn seen(server: &Server) -> String {
    let payload =
        property("CRMConfigurationFields", "TelSysID,Version,CRMConfiguration,CRMConfigurationCommon");
    server.session("viewer").call("CRMConfigurationList", &payload).expect_success().body
}
