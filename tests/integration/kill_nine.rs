//! `kill -9` at random moments under write load: every acknowledged change is there, and none by halves.
//!
//! Each writer has configurations of its own, so that it knows what they must be. A change that was not answered may
//! stand or not, wholly; sent again under its RequestKey it stands, once. Rounds by `CRMCONF_TEST_KILL_ROUNDS`.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use crate::harness::{Dice, SUGAR, Server, Session, container, kill_rounds, post, property, triple};

const WRITERS: u64 = 4;
/// How long writers write before the kill, in milliseconds.
const LOAD_MS: std::ops::Range<u64> = 20..350;
/// How long a start may take before it is killed as well, in milliseconds.
const START_MS_MAX: u64 = 150;

/// A change that was sent and not answered yet.
struct Sent {
    operation: &'static str,
    payload: String,
    /// The configuration, where it has an id already, and the token that it then shows; none once deleted.
    id: Option<String>,
    token: Option<String>,
}

/// One writer, and what it knows: the token of each live configuration by its id.
struct Writer {
    name: u64,
    dice: Dice,
    count: u64,
    live: BTreeMap<String, String>,
    sent: Option<Sent>,
    acknowledged: u64,
}

impl Writer {
    /// Writes until the server is gone.
    fn write(mut self, session: &Session) -> Self {
        assert!(self.sent.is_none());
        loop {
            let sent = self.choose();
            let body = session.request(sent.operation, &sent.payload);
            self.sent = Some(sent);
            let Some(reply) = post(session.address, "/api/xml", &[], body.as_bytes()) else { return self };
            self.acknowledge(reply.expect_success().headers.get("x-crmconfigurationid").cloned());
        }
    }

    /// Takes in that what was sent last stands.
    fn acknowledge(&mut self, given: Option<String>) {
        let Sent { id, token, .. } = self.sent.take().unwrap();
        let id = id.or(given).expect("an id");
        match token {
            Some(token) => drop(self.live.insert(id, token)),
            None => assert!(self.live.remove(&id).is_some()),
        }
        self.acknowledged += 1;
    }

    fn choose(&mut self) -> Sent {
        self.count += 1;
        let key = format!("writer {} change {}", self.name, self.count);
        let scope = triple("1", "1", "01234567101") + &property("RequestKey", &key);
        let number = self.name * 1_000_000 + self.count;
        let token = number.to_string();
        let chosen = self.live.keys().nth(self.dice.below(8) as usize).cloned();
        match (chosen, self.dice.below(4)) {
            (Some(id), 0) => {
                let payload = scope + &property("CRMConfigurationID", &id);
                Sent { operation: "CRMConfigurationDelete", payload, id: Some(id), token: None }
            }
            (Some(id), _) => {
                let payload = scope + &property("CRMConfigurationID", &id) + &parts(number);
                Sent { operation: "CRMConfigurationChange", payload, id: Some(id), token: Some(token) }
            }
            (None, _) => {
                let payload = scope + &property("CRMType", SUGAR) + &parts(number);
                Sent { operation: "CRMConfigurationAdd", payload, id: None, token: Some(token) }
            }
        }
    }

    /// Compares with what is there. What was not answered may be there or not.
    fn check(&self, found: &mut BTreeMap<String, String>) {
        let doubt = self.sent.as_ref();
        for (id, token) in &self.live {
            let there = found.remove(id);
            let in_doubt = doubt.filter(|sent| sent.id.as_ref() == Some(id));
            let allowed = there.as_ref() == Some(token) || in_doubt.is_some_and(|sent| sent.token == there);
            assert!(allowed, "{id} should show {token} and shows {there:?}");
        }
        if let Some(Sent { id: None, token, .. }) = doubt {
            found.retain(|_, there| Some(&*there) != token.as_ref());
        }
    }

    /// Sends again what was not answered.
    fn settle(&mut self, session: &Session) {
        let Some(sent) = &self.sent else { return };
        let reply = session.call(sent.operation, &sent.payload).expect_success();
        self.acknowledge(reply.headers.get("x-crmconfigurationid").cloned());
    }
}

/// Description and both parts, all showing one token: a change by halves would show two.
fn parts(token: u64) -> String {
    property("Description", &format!("token {token}"))
        + &container("CRMConfiguration", &format!("{{\"ClientId\":\"{token}\"}}"))
        + &container("CRMConfigurationCommon", &format!("{{\"CacheFrequency\":{token}}}"))
}

/// Every configuration's token by its id.
fn list(session: &Session) -> BTreeMap<String, String> {
    let fields = property("CRMConfigurationFields", "CRMConfiguration,CRMConfigurationCommon");
    let request = session.request("CRMConfigurationList", &fields);
    let request = request.replace("<OperationPayload>", "<Limit>10000</Limit><OperationPayload>");
    let reply = session.send(&request).expect_success();
    let rows: BTreeMap<_, _> =
        reply.body.split("<Property Name=\"CRMConfigurationID\">").skip(1).map(row).collect();
    assert_eq!(reply.property("Total"), Some(rows.len().to_string()));
    rows
}

fn row(text: &str) -> (String, String) {
    let value = |name: &str| {
        let (_, rest) =
            text.split_once(&format!("<Property Name=\"{name}\">")).unwrap_or_else(|| panic!("{text}"));
        rest.split_once('<').unwrap().0.to_owned()
    };
    let id = text.split_once('<').unwrap().0.to_owned();
    let token = value("ClientId");
    assert_eq!(
        (value("CacheFrequency"), value("Description")),
        (token.clone(), format!("token {token}")),
        "{id}"
    );
    (id, token)
}

/// Compares what is listed with what all writers know.
fn check(session: &Session, writers: &[Writer]) {
    let mut found = list(session);
    writers.iter().for_each(|writer| writer.check(&mut found));
    assert!(found.is_empty(), "nobody wrote {found:?}");
}

#[test]
fn every_acknowledged_change_is_there_after_kill_nine_and_none_by_halves() {
    let rounds = kill_rounds();
    let mut dice = Dice::seeded();
    let mut server = Server::demo();
    let mut writers: Vec<_> = (1..=WRITERS)
        .map(|name| Writer {
            name,
            dice: dice.split(),
            count: 0,
            live: BTreeMap::new(),
            sent: None,
            acknowledged: 0,
        })
        .collect();
    for round in 0..rounds {
        let session = server.session("editor");
        writers = under_load(writers, &session, || {
            let (from, to) = (LOAD_MS.start, LOAD_MS.end);
            thread::sleep(Duration::from_millis(from + dice.below(to - from)));
            server.kill_nine();
        });
        let verified = server.run(&["verify"]);
        assert!(verified.status.success(), "round {round}: {verified:?}");
        if dice.below(3) == 0 {
            server.begin_restart();
            thread::sleep(Duration::from_millis(dice.below(START_MS_MAX)));
            server.kill_nine();
        }
        server.restart();
        let session = server.session("editor");
        check(&session, &writers);
        writers.iter_mut().for_each(|writer| writer.settle(&session));
        check(&session, &writers);
    }
    let acknowledged: u64 = writers.iter().map(|writer| writer.acknowledged).sum();
    println!("{acknowledged} changes were acknowledged in {rounds} rounds");
    assert!(acknowledged > rounds * WRITERS, "only {acknowledged} changes were acknowledged");
    assert!(server.terminate().success());
    let verified = server.run(&["verify", "--sled"]);
    assert!(verified.status.success(), "{verified:?}");
}

/// Has all writers write while something happens that ends the server.
fn under_load(writers: Vec<Writer>, session: &Session, end: impl FnOnce()) -> Vec<Writer> {
    thread::scope(|scope| {
        let threads: Vec<_> =
            writers.into_iter().map(|writer| scope.spawn(|| writer.write(session))).collect();
        end();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}
