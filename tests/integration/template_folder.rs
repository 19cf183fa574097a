//! Templates from a folder while the server runs: they come, change, break, are mended, and go; so does the folder.

mod changes;
mod marks;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::harness::{Server, Session, container, property, text, triple};

const ADD: &str = "CRMConfigurationAdd";
/// The time that three looks take.
const THREE_LOOKS: Duration = Duration::from_millis(3_300);

/// A template of one field besides what a version is told by.
fn template(crm_type: &str, version: &str, field: &str) -> String {
    let head = format!("\"CRMType\":\"{crm_type}\",\"Title\":\"{crm_type}\",\"Version\":\"{version}\"");
    let fields = format!("{{\"properties\":{{\"{field}\":{{\"type\":\"string\"}}}}}}");
    format!("{{{head},\"CRMConfiguration\":{fields},\"CRMConfigurationCommon\":{{}}}}")
}

/// The payload of an Add whose one field is this.
fn payload(crm_type: &str, field: &str, description: &str) -> String {
    with_value(crm_type, field, description, "x")
}

fn with_value(crm_type: &str, field: &str, description: &str, value: &str) -> String {
    triple("1", "1", "")
        + &property("Description", description)
        + &property("CRMType", crm_type)
        + &container("CRMConfiguration", &format!("{{\"{field}\":\"{value}\"}}"))
        + &container("CRMConfigurationCommon", "{}")
}

/// A server of the demo with a folder of templates.
struct World {
    server: Server,
    folder: PathBuf,
}

impl World {
    /// Serves what `fill` put into the folder, whose path it is given.
    fn serve(fill: impl FnOnce(&Path)) -> Self {
        let temp = tempfile::tempdir().unwrap();
        let folder = temp.path().join("templates");
        fill(&folder);
        let server = Server::demo_in(&temp.path().join("data"), &["--templates-folder", text(&folder)]);
        Self { server: server.unwrap_or_else(|log| panic!("{log}")).keeping(temp), folder }
    }

    /// With one template, `A` of version 1.
    fn with_a() -> Self {
        Self::serve(|folder| {
            fs::create_dir(folder).unwrap();
            fs::write(folder.join("A.json"), template("A", "1", "One")).unwrap();
        })
    }

    fn editor(&self) -> Session {
        self.server.session("editor")
    }

    fn write(&self, name: &str, content: &str) {
        fs::write(self.folder.join(name), content).unwrap();
    }

    /// Waits until a type is as expected: its version, or the code that its Info answers.
    #[track_caller]
    fn wait(&self, session: &Session, crm_type: &str, expected: &str) {
        self.server.wait_until(|| told(session, crm_type) == expected);
    }

    /// How many lines of the log say this.
    fn lines(&self, words: &[&str]) -> usize {
        let log = self.server.log_text();
        log.lines().filter(|line| words.iter().all(|word| line.contains(word))).count()
    }
}

/// A type's version, or the code that its Info answers.
fn told(session: &Session, crm_type: &str) -> String {
    let reply = session.call("CRMTypeInfo", &property("CRMType", crm_type));
    reply.property("Version").unwrap_or_else(|| reply.code().to_string())
}
