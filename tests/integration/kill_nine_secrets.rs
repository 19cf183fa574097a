//! `kill -9` at random moments under Adds and Changes with passwords, Deletes and shreddings: every configuration shows the
//! password that was answered or the one under way, and none that was shredded shows one.
//!
//! Rounds by `CRMCONF_TEST_KILL_ROUNDS`, as in `kill_nine`.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use crmconf::sessions::TransportKey;
use crmconf::transport::{self, Plaintext};

use crate::harness::{Dice, Reply, SUGAR, Server, Session, container, kill_rounds, post, property, triple};

const WRITERS: u64 = 4;
/// How long writers write before the kill, in milliseconds.
const LOAD_MS: std::ops::Range<u64> = 20..350;
const FIELD: &str = "Password";

/// A session of the administrator, with the key that its passwords are sealed under on their way.
struct Sealing {
    session: Session,
    key: TransportKey,
}

impl Sealing {
    fn sign_in(address: SocketAddr) -> Self {
        let session = Session::create(address);
        let credentials = property("UserName", "admin") + &property("Password", "demo-admin");
        let reply = session.call("Authenticate", &credentials).expect_success();
        let key = TransportKey::from_base64(&reply.property("TransportKey").unwrap()).unwrap();
        Self { session, key }
    }

    /// `CRMConfiguration` with this password.
    fn part(&self, word: &str) -> String {
        let sealed = transport::seal(&self.key, FIELD, &Plaintext::new(word).unwrap()).unwrap();
        container("CRMConfiguration", &format!("{{\"{FIELD}\":\"{sealed}\"}}"))
    }

    /// The password that an answer shows, opened; none where it shows none.
    fn word(&self, reply: &Reply) -> Option<String> {
        let (_, rest) = reply.body.split_once("enc:v1:")?;
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_')).unwrap();
        let sealed = format!("enc:v1:{}", &rest[..end]);
        Some(transport::open(&self.key, FIELD, &sealed).unwrap().as_str().to_owned())
    }
}

/// What is wanted of a configuration.
#[derive(Clone, Debug, PartialEq)]
enum Wish {
    Add(String),
    Change(String),
    Delete,
    Shred,
}

impl Wish {
    const KINDS: [&'static str; 4] = ["Add", "Change", "Delete", "Shred"];

    const fn kind(&self) -> &'static str {
        let [add, change, delete, shred] = Self::KINDS;
        match self {
            Self::Add(_) => add,
            Self::Change(_) => change,
            Self::Delete => delete,
            Self::Shred => shred,
        }
    }
}

/// A change that was sent and not answered yet.
#[derive(Clone)]
struct Sent {
    number: u64,
    id: Option<String>,
    wish: Wish,
}

/// What a live configuration shows: a password, or none once it was shredded.
type Shown = Option<String>;

struct Writer {
    name: u64,
    dice: Dice,
    count: u64,
    live: BTreeMap<String, Shown>,
    sent: Option<Sent>,
    /// How many changes of each kind were acknowledged.
    acknowledged: BTreeMap<&'static str, u64>,
    /// How often a configuration was found to be shredded that had to be.
    found_shredded: u64,
}

impl Writer {
    /// Writes until the server is gone.
    fn write(mut self, sealing: &Sealing) -> Self {
        loop {
            let sent = self.choose();
            let (operation, payload) = self.asked(&sent, sealing);
            self.sent = Some(sent);
            let body = sealing.session.request(operation, &payload);
            let Some(reply) = post(sealing.session.address, "/api/xml", &[], body.as_bytes()) else {
                return self;
            };
            self.acknowledge(&reply.expect_success());
        }
    }

    fn choose(&mut self) -> Sent {
        self.count += 1;
        let number = self.name * 1_000_000 + self.count;
        let word = format!("word-{number}");
        let chosen = self.live.keys().nth(self.dice.below(6) as usize).cloned();
        let wish = match (&chosen, self.dice.below(5)) {
            (None, _) => Wish::Add(word),
            (Some(_), 0) => Wish::Delete,
            (Some(_), 1) => Wish::Shred,
            (Some(_), _) => Wish::Change(word),
        };
        Sent { number, id: chosen, wish }
    }

    fn asked(&self, sent: &Sent, sealing: &Sealing) -> (&'static str, String) {
        let located = || property("CRMConfigurationID", sent.id.as_ref().unwrap());
        let scope = triple("1", "1", "01234567101");
        let keyed = scope.clone() + &property("RequestKey", &format!("secret {}", sent.number));
        match &sent.wish {
            Wish::Add(word) => {
                let described =
                    property("Description", &format!("d{}", sent.number)) + &property("CRMType", SUGAR);
                let common = container("CRMConfigurationCommon", "{}");
                ("CRMConfigurationAdd", keyed + &described + &sealing.part(word) + &common)
            }
            Wish::Change(word) => ("CRMConfigurationChange", keyed + &located() + &sealing.part(word)),
            Wish::Delete => ("CRMConfigurationDelete", keyed + &located()),
            // It needs no RequestKey: what is shredded stays so.
            Wish::Shred => ("CRMConfigurationShred", scope + &located()),
        }
    }

    /// Takes in that what was sent last stands.
    fn acknowledge(&mut self, reply: &Reply) {
        let Sent { id, wish, .. } = self.sent.take().unwrap();
        let id = id.unwrap_or_else(|| reply.configuration_id());
        *self.acknowledged.entry(wish.kind()).or_default() += 1;
        match wish {
            Wish::Add(word) | Wish::Change(word) => drop(self.live.insert(id, Some(word))),
            Wish::Shred => drop(self.live.insert(id, None)),
            Wish::Delete => assert!(self.live.remove(&id).is_some()),
        }
    }

    /// Asks for every configuration: none is unreadable, and none half shredded.
    fn check(&mut self, sealing: &Sealing) {
        for (id, shown) in &self.live {
            let asked = triple("1", "1", "01234567101") + &property("CRMConfigurationID", id);
            let reply = sealing.session.call("CRMConfigurationInfo", &asked);
            let doubt = self.sent.as_ref().filter(|sent| sent.id.as_ref() == Some(id)).map(|sent| &sent.wish);
            // Whoever may read passwords is told that there is none to be read any more.
            let destroyed =
                !reply.is_success() && reply.code() == 10103 && reply.body.contains("was destroyed");
            if !reply.is_success() && !destroyed {
                assert_eq!((reply.code(), doubt), (31003, Some(&Wish::Delete)), "{id}: {}", reply.body);
                continue;
            }
            let there = sealing.word(&reply);
            let allowed = match doubt {
                Some(Wish::Change(word)) => there == *shown || there.as_ref() == Some(word),
                Some(Wish::Shred) => there == *shown || there.is_none(),
                Some(Wish::Add(_) | Wish::Delete) | None => there == *shown,
            };
            self.found_shredded += u64::from(shown.is_none() && there.is_none());
            assert!(allowed, "{id} should show {shown:?} and shows {there:?}, with {doubt:?} under way");
        }
    }

    /// Sends again what was not answered.
    fn settle(&mut self, sealing: &Sealing) {
        let Some(sent) = self.sent.clone() else { return };
        let (operation, payload) = self.asked(&sent, sealing);
        let reply = sealing.session.call(operation, &payload).expect_success();
        self.acknowledge(&reply);
    }
}

#[test]
fn no_configuration_is_unreadable_or_half_shredded_after_kill_nine() {
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
            acknowledged: BTreeMap::new(),
            found_shredded: 0,
        })
        .collect();
    for round in 0..rounds {
        let sealing = Sealing::sign_in(server.session("admin").address);
        writers = thread::scope(|scope| {
            let threads: Vec<_> =
                writers.into_iter().map(|writer| scope.spawn(|| writer.write(&sealing))).collect();
            thread::sleep(Duration::from_millis(LOAD_MS.start + dice.below(LOAD_MS.end - LOAD_MS.start)));
            server.kill_nine();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let verified = server.run(&["verify"]);
        assert!(verified.status.success(), "round {round}: {verified:?}");
        server.restart();
        let sealing = Sealing::sign_in(server.session("admin").address);
        writers.iter_mut().for_each(|writer| writer.check(&sealing));
        writers.iter_mut().for_each(|writer| writer.settle(&sealing));
        writers.iter_mut().for_each(|writer| writer.check(&sealing));
    }
    let of_kind = |kind| writers.iter().filter_map(|writer| writer.acknowledged.get(kind)).sum::<u64>();
    let acknowledged = Wish::KINDS.map(|kind| (kind, of_kind(kind)));
    let found_shredded: u64 = writers.iter().map(|writer| writer.found_shredded).sum();
    println!(
        "acknowledged in {rounds} rounds: {acknowledged:?}; shredded ones were looked at {found_shredded} times"
    );
    assert!(acknowledged.iter().all(|(_, count)| *count > 0), "some kind of change was never acknowledged");
    assert!(found_shredded > 0, "no shredded configuration was looked at");
    let all: u64 = acknowledged.iter().map(|(_, count)| count).sum();
    assert!(all > rounds * WRITERS, "only {all} changes were acknowledged");
}
