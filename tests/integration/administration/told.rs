//! What a store's story is read back from: `replay`, `export`, the security log.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::canary::search::{Search, files};
use crate::harness::{golden, run, text};

/// The state that the journal adds up to, now and before anything was configured.
pub(super) fn by_replay(data: &Path, kept: &str) {
    let replay = |more: &[&str]| run(&[&["replay", "--data", text(data)], more].concat()).expect(0).out;
    let now = replay(&[]);
    assert!(now.contains(kept) && now.contains("Reception, ground floor"), "{now}");
    let at_first = replay(&["--until", "3"]);
    assert!(!at_first.contains(kept) && !at_first.contains("Reception"), "{at_first}");
}

/// Every event in order: what happened, to what, by whom, and the reason that was given.
pub(super) fn by_export(data: &Path) {
    let exported = run(&["export", "--data", text(data)]).expect(0).out;
    let mut names = Names::default();
    let mut told = String::new();
    for (place, line) in lines(&exported).enumerate() {
        assert_eq!(line["sequence"], place + 1, "{line}");
        let event = &line["event"];
        let tag = word(&event["tag"]);
        let body = &event["body"];
        let subject = match body.get("account").or(body.get("grant").and(body.get("account"))) {
            Some(account) => names.of(word(account)),
            None => String::new(),
        };
        let mut line = format!("{tag} {subject}").trim_end().to_owned();
        line.push_str(&format!(" by {}", names.actor(word(&event["actor"]))));
        if let Some(reason) = event["reason"].as_str() {
            line.push_str(&format!(", because: {reason}"));
        }
        told.push_str(&line);
        told.push('\n');
    }
    golden("administration", "the-story-by-export", &told);
}

/// Who signed in, what was refused, and what was administered.
pub(super) fn by_security_log(log: &Path) {
    let written = std::fs::read_to_string(log).unwrap();
    let mut names = Names::default();
    let mut told = String::new();
    for line in lines(&written) {
        assert!(line["time"].is_string(), "{line}");
        let mut words = vec![word(&line["kind"]).to_owned()];
        for field in ["operation", "code", "role"] {
            match &line[field] {
                Value::Null => {}
                Value::String(text) => words.push(text.clone()),
                other @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                    words.push(other.to_string());
                }
            }
        }
        for field in ["account", "subject", "actor"] {
            if let Some(who) = line[field].as_str() {
                words.push(format!("{field}={}", names.actor(who)));
            }
        }
        told.push_str(&words.join(" "));
        told.push('\n');
    }
    golden("administration", "the-story-by-the-security-log", &told);
}

/// No secret of the story stands in any file of its folder.
pub(super) fn no_secret(folder: &Path, secrets: &[&str]) {
    let sought: Vec<_> = secrets.iter().map(|secret| ("a password", secret.as_bytes().to_vec())).collect();
    let search = Search::new(&sought);
    let found = files(folder);
    assert!(found.len() > 5, "the story left files behind");
    for (name, bytes) in found {
        assert_eq!(search.found(&bytes), None, "found in {name}");
    }
}

/// Lines of JSON.
fn lines(text: &str) -> impl Iterator<Item = Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

/// Accounts by the order in which they are met, since their ids are random.
#[derive(Default)]
struct Names(BTreeMap<String, String>);

impl Names {
    fn of(&mut self, id: &str) -> String {
        let next = format!("account-{}", self.0.len() + 1);
        self.0.entry(id.to_owned()).or_insert(next).clone()
    }

    /// An account, the operator at the keyboard, or the server itself.
    fn actor(&mut self, actor: &str) -> String {
        match actor.split_once(':') {
            Some(("cli", user)) => {
                assert!(user.parse::<u32>().is_ok(), "{actor}");
                "cli".to_owned()
            }
            Some(("account", id)) => self.of(id),
            _ if actor == "system" => actor.to_owned(),
            _ => self.of(actor),
        }
    }
}
