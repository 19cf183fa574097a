//! How much memory and how much of a commit the largest parts take.

use std::collections::BTreeMap;

use crmconf_events::commit::{CommitBuilder, Head};
use crmconf_events::event::{
    Actor, ConfigurationAdded, Context, Event, RequestDigests, TemplateRecorded, encode,
};
use crmconf_events::template::template_digest;
use crmconf_events::{
    AccountId, ChainHash, Description, DeviceNumber, InvokeId, KeyId, PartitionId, Reason, ReplicaId,
    RequestDigest, RequestKey, Salt, Scope, SealedValue, Sequence, SessionDigest, StoreId, TelSysId,
    TemplateVersion, Timestamp,
};

use super::*;
use crate::templates::{PASSWORD_FIELDS_MAX, TEMPLATE_BYTES_MAX};
use crate::writer::SEALED_BYTES_MAX;

/// The character that takes the most bytes.
fn text(chars: usize) -> String {
    "\u{1f600}".repeat(chars)
}

/// A part as long as one may be.
fn part() -> Arc<Json> {
    let json = Json::parse(&format!(r#"{{"a":"{}"}}"#, "x".repeat(JSON_DATA_BYTES_MAX - 8))).unwrap();
    assert_eq!(json.to_text().len(), JSON_DATA_BYTES_MAX);
    Arc::new(json)
}

/// As much as password fields may have: names that take two bytes a byte in JSON, and ciphertexts.
fn secrets() -> BTreeMap<String, SealedValue> {
    let fields = (0..PASSWORD_FIELDS_MAX).map(|number| {
        let name = format!("{number:02}{}", "\"".repeat(SEALED_BYTES_MAX / PASSWORD_FIELDS_MAX / 2 - 2));
        (name, SealedValue::from_ciphertext(vec![255; SEALED_BYTES_MAX / PASSWORD_FIELDS_MAX / 2]))
    });
    fields.collect()
}

fn context() -> Context {
    let digest = RequestDigest::new([255; 32]);
    Context {
        actor: Actor::Account(AccountId::new([255; 16])),
        origin: ReplicaId(u32::MAX),
        session: Some(SessionDigest::new([255; 32])),
        invoke: Some(InvokeId::new(&text(InvokeId::CHARS_MAX)).unwrap()),
        key: Some(RequestKey::new(&text(RequestKey::CHARS_MAX)).unwrap()),
        request: Some(RequestDigests { form: digest, sealed: Some(digest) }),
        reason: Some(Reason::new(&text(Reason::CHARS_MAX)).unwrap()),
        address: Some(SealedValue::from_ciphertext(vec![255; 256])),
    }
}

#[test]
fn the_largest_configuration_and_the_largest_template_that_it_first_uses_fit_one_commit() {
    // Of what a JSON document may hold, these grow most when it becomes a text in an event.
    let document = "\"".repeat(TEMPLATE_BYTES_MAX);
    let (crm_type, digest) = (CrmType::new(&text(CrmType::CHARS_MAX)).unwrap(), template_digest(&document));
    let template: Event = TemplateRecorded {
        crm_type: crm_type.clone(),
        version: TemplateVersion::new(&text(TemplateVersion::CHARS_MAX)).unwrap(),
        digest,
        document,
    }
    .into();
    let (telsys, partition) = (TelSysId::new(999).unwrap(), PartitionId::new(999_999).unwrap());
    let added: Event = ConfigurationAdded {
        id: "ffffffffffffffff:-7fffffff:197ea30cca8:-7fff".parse().unwrap(),
        scope: Scope::Device(telsys, partition, DeviceNumber::new(&text(64)).unwrap()),
        crm_type,
        description: Description::new(&text(Description::CHARS_MAX)).unwrap(),
        template: digest,
        key: KeyId(u64::MAX),
        configuration: part(),
        secrets: Arc::new(secrets()),
        common: part(),
    }
    .into();
    let head = Head {
        commit: u64::MAX - 1,
        last: Sequence::new(u64::MAX >> 1),
        hash: ChainHash::new([255; 32]),
        time: Timestamp::default(),
    };
    let mut builder = CommitBuilder::new(StoreId::new([255; 16]), head, Timestamp::default());
    for event in [&template, &added] {
        let bytes = encode(Salt::new([255; 16]), &context(), event).unwrap();
        builder.try_push(bytes.into()).unwrap();
    }
    assert_eq!(builder.seal().unwrap().events().len(), 2);
}

#[test]
fn the_memory_of_small_values_is_counted_as_what_it_is() {
    let digits = Json::parse(&format!("{{\"a\":[{}0]}}", "0,".repeat(10_000))).unwrap();
    assert!(memory(&digits) >= 10_001 * size_of::<Json>(), "{}", memory(&digits));
    let keys: Vec<_> = (0..1_000).map(|n| format!("\"{n:03}\":0")).collect();
    let keys = Json::parse(&format!("{{{}}}", keys.join(","))).unwrap();
    assert!(memory(&keys) >= 1_000 * (size_of::<Json>() + size_of::<String>()), "{}", memory(&keys));
    let text = Json::parse(&format!("{{\"a\":\"{}\"}}", "x".repeat(10_000))).unwrap();
    assert!((10_000..25_000).contains(&memory(&text)), "{}", memory(&text));
}
