//! What is sealed at rest and stands where it does not belong: it never opens, and nothing else is held up by it.

use crmconf::vault::Bound;
use crmconf_events::commit::CommitBuilder;
use crmconf_events::event::{Actor, ConfigurationAdded, Context, Event, TemplateRecorded, encode};
use crmconf_events::json::Json;
use crmconf_events::log::AppendOutcome;
use crmconf_events::template::template_digest;
use crmconf_events::{
    ConfigurationId, Description, KeyId, Salt, SealedValue, TemplateDigest, TemplateVersion, Timestamp,
};

use super::*;
use crate::inprocess::scope;

const OTHER: &str = "ffffffffffffffff:1:1:1";

fn id(number: usize) -> ConfigurationId {
    format!("8b421354e7ea58f6:1007bf0b:197cf8dc588:{number:x}").parse().unwrap()
}

/// A log whose configurations hold sealed values of the test's own making.
struct Made {
    log: Arc<MemoryLog>,
    vault: Arc<Vault>,
    template: TemplateDigest,
}

impl Made {
    fn new() -> Self {
        let log = Arc::new(MemoryLog::new(STORE));
        found_with_roles(&*log);
        let document = template(FIELDS);
        let recorded = TemplateRecorded {
            crm_type: CrmType::new(TYPE).unwrap(),
            version: TemplateVersion::new("1").unwrap(),
            digest: template_digest(&document),
            document,
        };
        let made = Self { log, vault: own_vault(), template: recorded.digest };
        made.append(&recorded.into());
        made
    }

    fn append(&self, event: &Event) {
        let mut builder = CommitBuilder::new(STORE, self.log.head(), Timestamp::from_micros(2));
        let bytes = encode(Salt::new([4; 16]), &Context::of(Actor::System), event).unwrap();
        builder.try_push(bytes.into()).unwrap();
        assert_eq!(self.log.append(builder.seal().unwrap()), AppendOutcome::Appended);
    }

    /// A configuration under a key, described by its number, with these sealed values.
    fn add(&self, number: usize, key: KeyId, secrets: &[(&str, SealedValue)]) {
        let part = |text: &str| Arc::new(Json::parse(text).unwrap());
        let secrets = secrets.iter().map(|(field, sealed)| ((*field).to_owned(), sealed.clone()));
        let added = ConfigurationAdded {
            id: id(number),
            scope: scope(1, 1, ""),
            crm_type: CrmType::new(TYPE).unwrap(),
            description: Description::new(&number.to_string()).unwrap(),
            template: self.template,
            key,
            configuration: part("{\"Between\":\"x\"}"),
            secrets: Arc::new(secrets.collect()),
            common: part("{}"),
        };
        self.append(&added.into());
    }
}

fn seal(vault: &Vault, key: KeyId, configuration: &ConfigurationId, field: &str, text: &[u8]) -> SealedValue {
    vault.seal(key, &Bound::Password { configuration, field }, text).unwrap()
}

fn named(number: usize) -> String {
    triple("1", "1", "") + &property("CRMConfigurationID", id(number).as_str())
}

#[actix_web::test]
async fn no_value_opens_elsewhere_than_where_it_was_sealed() {
    let made = Made::new();
    let Made { vault, .. } = &made;
    let (own, another) = (vault.key_to_give(KeyId::FIRST).unwrap(), KeyId::FIRST.next());
    let strange = own_vault();
    strange.key_to_give(KeyId::FIRST).unwrap();
    let text = PLAIN.as_bytes();
    let right = |number| seal(vault, own, &id(number), "First", text);
    let altered = |at: fn(usize) -> usize| {
        move |sealed: &SealedValue| {
            let mut bytes = sealed.ciphertext().to_vec();
            let place = at(bytes.len());
            bytes[place] ^= 1;
            SealedValue::from_ciphertext(bytes)
        }
    };
    let cut = |sealed: &SealedValue, from: usize, less: usize| {
        let bytes = sealed.ciphertext();
        SealedValue::from_ciphertext(bytes[from..bytes.len() - less].to_vec())
    };
    // Each is stored as the field First of the configuration with its number, under the first key.
    let elsewhere: Vec<Box<dyn Fn(usize) -> SealedValue>> = vec![
        Box::new(|number| seal(vault, own, &id(number), "Second", text)),
        Box::new(|number| seal(vault, own, &id(number), "first", text)),
        Box::new(|number| seal(vault, own, &id(number), "", text)),
        Box::new(|_| seal(vault, own, &OTHER.parse().unwrap(), "First", text)),
        Box::new(|number| seal(vault, own, &id(number + 1), "First", text)),
        Box::new(|number| seal(vault, another, &id(number), "First", text)),
        Box::new(|number| seal(&strange, own, &id(number), "First", text)),
        Box::new(|number| altered(|_| 0)(&right(number))),
        Box::new(|number| altered(|length| length - 1)(&right(number))),
        Box::new(|number| cut(&right(number), 0, 1)),
        Box::new(|number| cut(&right(number), 0, 32)),
        Box::new(|number| cut(&right(number), 1, 0)),
        Box::new(|number| cut(&right(number), 16, 0)),
        Box::new(|_| SealedValue::from_ciphertext(Vec::new())),
        Box::new(|_| SealedValue::from_ciphertext(text.to_vec())),
        // It opens there, and holds nothing that an answer can carry.
        Box::new(|number| seal(vault, own, &id(number), "First", &[0xff, 0xfe])),
        Box::new(|number| seal(vault, own, &id(number), "First", b"a\0b")),
    ];
    let count = elsewhere.len();
    for (number, sealed) in elsewhere.iter().enumerate() {
        let second = seal(vault, own, &id(number), "Second", b"b");
        made.add(number, own, &[("First", sealed(number)), ("Second", second)]);
    }
    made.add(count, own, &[("First", right(count))]);
    let world = World::over(Arc::clone(&made.log) as Arc<_>, Arc::clone(&made.vault)).await;
    world.assert_held(&world.passwords(CLIENT, &named(count)).await, &[("First", PLAIN)]);
    for number in 0..count {
        fails_closed(&world, number).await;
    }
}

/// The field First of this configuration does not open.
async fn fails_closed(world: &World, number: usize) {
    let named = named(number);
    let unresolved = async || {
        for session in WITH_SECRETS {
            let reply = world.info(session, &named).await.expect_code(10103);
            assert!(!reply.body.contains("enc:v1:") && !reply.body.contains(PLAIN), "{}", reply.body);
            assert!(!reply.headers.contains_key("etag"), "{:?}", reply.headers);
        }
    };
    unresolved().await;
    for shown in world.shown_without_passwords(&named).await {
        assert!(!shown.contains("First") && !shown.contains("enc:v1:"), "{number}: {shown}");
        assert!(shown.contains("Between"), "{number}: {shown}");
    }
    // Nothing else is held up by it: what is absent stays as it is, unopened.
    world.change(&named, &world.part(EDITOR, &[("Between", "\"y\"")], &[])).await.expect_success();
    world.change(&named, &world.part(EDITOR, &[], &[("Second", "c")])).await.expect_success();
    world.change(&named, &property("Description", &format!("changed {number}"))).await.expect_success();
    unresolved().await;
    // It can be replaced, or removed.
    if number.is_multiple_of(2) {
        world.change(&named, &world.part(EDITOR, &[], &[("First", "a")])).await.expect_success();
        world.assert_held(&world.passwords(CLIENT, &named).await, &[("First", "a"), ("Second", "c")]);
    } else {
        world.change(&named, &world.part(EDITOR, &[("First", "null")], &[])).await.expect_success();
        world.assert_held(&world.passwords(CLIENT, &named).await, &[("Second", "c")]);
    }
}

#[actix_web::test]
async fn under_the_vault_of_another_store_nothing_opens_and_everything_else_is_answered() {
    let made = Made::new();
    let key = made.vault.key_to_give(KeyId::FIRST).unwrap();
    made.add(0, key, &[("First", seal(&made.vault, key, &id(0), "First", PLAIN.as_bytes()))]);
    let strange = own_vault();
    strange.key_to_give(KeyId::FIRST).unwrap();
    let world = World::over(Arc::clone(&made.log) as Arc<_>, strange).await;
    world.info(CLIENT, &named(0)).await.expect_code(10103);
    world.info(VIEWER, &named(0)).await.expect_success();
    world.change(&named(0), &world.part(EDITOR, &[], &[("First", "new")])).await.expect_success();
    world.assert_held(&world.passwords(CLIENT, &named(0)).await, &[("First", "new")]);
}

#[actix_web::test]
async fn a_vault_that_lacks_the_key_is_told_as_such_and_a_retry_is_not_mistaken_for_another_request() {
    let made = Made::new();
    let key = made.vault.key_to_give(KeyId::FIRST).unwrap();
    made.add(0, key, &[("First", seal(&made.vault, key, &id(0), "First", PLAIN.as_bytes()))]);
    // A vault without any bucket: its file was lost.
    let world = World::over(Arc::clone(&made.log) as Arc<_>, own_vault()).await;
    let told = world.info(CLIENT, &named(0)).await.expect_code(10103);
    assert!(!told.body.contains(PLAIN), "{}", told.body);
    world.info(VIEWER, &named(0)).await.expect_success();
    world.change(&named(0), &world.part(EDITOR, &[("Zone", "\"z\"")], &[])).await.expect_success();
    // Nothing is sealed under another key while a value stands under this one, which may come back.
    let last = world.last();
    world.change(&named(0), &world.part(EDITOR, &[], &[("Second", "b")])).await.expect_code(10103);
    assert_eq!(world.last(), last);
    // New configurations get keys of a bucket that was never used.
    let other = world.add("two", &[("First", "a")]).await;
    world.assert_held(&world.passwords(CLIENT, &other).await, &[("First", "a")]);
}

#[actix_web::test]
async fn a_log_put_back_beside_a_vault_that_has_destroyed_later_keys_gives_out_others() {
    let made = Made::new();
    let first = made.vault.key_to_give(KeyId::FIRST).unwrap();
    let destroyed = [first, first.next(), first.next().next()];
    made.vault.destroy(&destroyed.into_iter().collect()).unwrap();
    let world = World::over(Arc::clone(&made.log) as Arc<_>, Arc::clone(&made.vault)).await;
    for description in ["one", "two"] {
        let named = world.add(description, &[("First", PLAIN)]).await;
        world.assert_held(&world.passwords(CLIENT, &named).await, &[("First", PLAIN)]);
    }
    let without = world.add("without", &[]).await;
    world.change(&without, &world.part(EDITOR, &[], &[("First", "a")])).await.expect_success();
    world.assert_held(&world.passwords(CLIENT, &without).await, &[("First", "a")]);
}
