//! Shredding: the data key of a configuration is destroyed, live or deleted, once and for ever.

mod refused;

use std::sync::Arc;

use crmconf::vault::{KeyStanding, Vault};
use crmconf_events::access::Role;
use crmconf_events::command::{Command, HoldDestruction, Request};
use crmconf_events::event::{Actor, Context};
use crmconf_events::log::MemoryLog;
use crmconf_events::{KeyId, Timestamp};

use crate::harness::{Reply, Server, add_payload, property, triple};
use crate::inprocess::{Beside, InProcess, STORE, directory, found, grant, own_vault, scope};

const ADD: &str = "CRMConfigurationAdd";
const DELETE: &str = "CRMConfigurationDelete";
const INFO: &str = "CRMConfigurationInfo";
const SHRED: &str = "CRMConfigurationShred";
const RESUME: &str = "DestructionResume";

/// A service with one administrator, a vault of its own, and a partition in the directory.
struct Bench {
    inside: InProcess,
    vault: Arc<Vault>,
}

impl Bench {
    async fn new() -> Self {
        let log = Arc::new(MemoryLog::new(STORE));
        let administrator = vec![grant(Role::Administrator, scope(0, 0, ""))];
        found(&*log, &[administrator], directory(&[(1, 0, "", "1"), (1, 1, "", "1")]));
        let vault = own_vault();
        let beside = Beside { vault: Arc::clone(&vault), ..Beside::default() };
        Self { inside: InProcess::start_with(log, 1, beside).await, vault }
    }

    async fn call(&self, operation: &str, payload: &str) -> Reply {
        self.inside.call(0, operation, payload).await
    }

    /// Adds a configuration in the partition: what locates it, and its data key.
    async fn add(&self, description: &str) -> (String, KeyId) {
        let added = self.call(ADD, &add_payload(&triple("1", "1", ""), description)).await.expect_success();
        let id = added.configuration_id();
        let key = self.inside.app.views.load().configurations.get(&id.parse().unwrap()).unwrap().key;
        (triple("1", "1", "") + &property("CRMConfigurationID", &id), key)
    }

    fn last(&self) -> u64 {
        self.inside.app.views.load().last.unwrap().get()
    }
}

#[actix_web::test]
async fn a_live_configuration_stays_and_its_key_does_not() {
    let bench = Bench::new().await;
    let (located, key) = bench.add("shredded").await;
    let (other, other_key) = bench.add("its neighbour").await;
    let before = bench.last();
    bench.call(SHRED, &(located.clone() + &property("ValidateOnly", "true"))).await.expect_success();
    assert_eq!((bench.last(), bench.vault.standing(key)), (before, KeyStanding::Whole), "a dry run");

    let shred = located.clone() + &property("Reason", "a leak") + &property("ReturnID", "true");
    let told = bench.call(SHRED, &shred).await.expect_success();
    assert_eq!(bench.last(), before + 1);
    assert_eq!(told.property("Version").unwrap(), bench.last().to_string());
    assert!(located.contains(&told.property("CRMConfigurationID").unwrap()));
    assert_eq!(bench.vault.standing(key), KeyStanding::Destroyed);
    assert_eq!(bench.vault.standing(other_key), KeyStanding::Whole);
    for located in [&located, &other] {
        bench.call(INFO, located).await.expect_success();
    }
    let again = bench.call(SHRED, &shred).await.expect_success();
    assert_eq!((again.body, bench.last()), (told.body, before + 1), "nothing is done twice");
}

#[actix_web::test]
async fn a_deleted_configuration_is_shredded_also_when_the_directory_has_forgotten_where_it_stood() {
    let bench = Bench::new().await;
    let (located, key) = bench.add("deleted").await;
    bench.call(DELETE, &located).await.expect_success();
    let rows = "TelSysID,PartIDInTelSys,DeviceNumber,Description,CMEnvironmentID\n1,1,,,\n1,,,,\n";
    let removal = property("CSV", rows) + &property("Mode", "Remove");
    bench.call("DirectoryImport", &removal).await.expect_success();
    bench.call(INFO, &located).await.expect_code(11013);
    assert_eq!(bench.vault.standing(key), KeyStanding::Whole, "deleted alone");
    bench.call(SHRED, &located).await.expect_success();
    assert_eq!(bench.vault.standing(key), KeyStanding::Destroyed);
    let last = bench.last();
    let told = bench.call(SHRED, &located).await.expect_code(31003);
    assert!(told.body.contains("destroyed already"), "{}", told.body);
    assert_eq!(bench.last(), last);
}

#[actix_web::test]
async fn a_shredded_configuration_that_is_deleted_has_nothing_left_to_shred() {
    let bench = Bench::new().await;
    let (located, _) = bench.add("shredded, then deleted").await;
    bench.call(SHRED, &located).await.expect_success();
    bench.call(DELETE, &located).await.expect_success();
    bench.call(SHRED, &located).await.expect_code(31003);
}

#[actix_web::test]
async fn what_cannot_be_shredded_is_told_in_the_documented_order() {
    let bench = Bench::new().await;
    let (located, key) = bench.add("kept").await;
    let id = located.replace(&triple("1", "1", ""), "");
    let before = bench.last();
    for (payload, code) in [
        (located.clone() + &property("RequestKey", "k"), 10108),
        (located.clone() + &property("ExpectedVersion", "1"), 10108),
        (located.clone() + &property("ValidateOnly", "perhaps"), 10108),
        (triple("1", "1", ""), 31002),
        (id.clone(), 10107),
        (id.clone() + &triple("first", "1", ""), 11012),
        (id.clone() + &triple("-1", "1", ""), 10108),
        // The directory is not asked: what is there under another scope, or nowhere, is all the same.
        (id.clone() + &triple("1", "", ""), 31003),
        (id.clone() + &triple("9", "9", ""), 31003),
        (triple("1", "1", "") + &property("CRMConfigurationID", "no id at all"), 31003),
    ] {
        bench.call(SHRED, &payload).await.expect_code(code);
    }
    assert_eq!((bench.last(), bench.vault.standing(key)), (before, KeyStanding::Whole));
}

#[actix_web::test]
async fn destruction_is_resumed_where_it_is_held_and_nowhere_else() {
    let bench = Bench::new().await;
    bench.call(RESUME, "").await.expect_code(10108);
    let (located, _) = bench.add("deleted").await;
    bench.call(DELETE, &located).await.expect_success();
    let [clock, head] = [2, 1].map(Timestamp::from_micros);
    let command = Command::HoldDestruction(HoldDestruction { clock, head });
    let request = Request { context: Context::of(Actor::System), validate_only: false, command };
    bench.inside.app.writer.submit(request).await.unwrap();
    assert!(bench.inside.app.views.load().retired.held());
    bench.call(RESUME, &property("ValidateOnly", "true")).await.expect_success();
    bench.call(RESUME, &property("RequestKey", "k")).await.expect_code(10108);
    assert!(bench.inside.app.views.load().retired.held(), "a dry run");
    let told = bench.call(RESUME, &property("Reason", "the clock was set right")).await.expect_success();
    assert!(told.body.contains("<Property Name=\"KeysWaiting\">1</Property>"), "{}", told.body);
    assert!(!bench.inside.app.views.load().retired.held());
    bench.call(RESUME, "").await.expect_code(10108);
}

#[test]
fn over_http_a_shredding_survives_a_kill_and_no_header_makes_it_a_repetition() {
    let mut server = Server::demo();
    let admin = server.session("admin");
    let scope = triple("1", "1", "");
    let id = admin.call(ADD, &add_payload(&scope, "over HTTP")).expect_success().configuration_id();
    let located = scope + &property("CRMConfigurationID", &id);
    let header = [("Idempotency-Key", "k")];
    let told = admin.call_with(SHRED, &located, &header).expect_code(10108);
    assert!(told.body.contains("takes no RequestKey"), "{}", told.body);
    server.session("editor").call(SHRED, &located).expect_code(10313);
    let told = admin.call(SHRED, &located).expect_success();
    assert_eq!(told.body, "<Response Result=\"Success\"><InvokeID>7</InvokeID></Response>");
    server.kill_nine();
    server.restart();
    assert!(!server.log_text().contains("stood in the vault"), "the key went before the answer did");
    let exported = String::from_utf8(server.run(&["export"]).stdout).unwrap();
    let shredded = exported.lines().filter(|line| line.contains("ConfigurationShredded"));
    assert_eq!(shredded.filter(|line| line.contains(&id)).count(), 1, "{exported}");
    let admin = server.session("admin");
    admin.call(INFO, &located).expect_success();
    admin.call(SHRED, &located).expect_success();
    admin.call(DELETE, &located).expect_success();
    admin.call(SHRED, &located).expect_code(31003);
}
