//! Passwords are sealed just before the decision, under the key that the event then names.

use crmconf_events::command::PartsFault;
use crmconf_events::decide::Rejection;
use crmconf_events::event::{
    ConfigurationAdded, ConfigurationChanged, ConfigurationShredded, Event, TemplateRecorded,
};
use crmconf_events::log::AppendOutcome;
use crmconf_events::{KeyId, SessionDigest};

use super::scripted::Step;
use super::vaults::*;
use super::*;
use crate::vault::DataKeyError;
use crate::writer::Passwords;

/// An Add of configuration `number` with this password, under a RequestKey.
fn keyed_add(number: u64, password: &str) -> (Request, Passwords) {
    with(keyed(sealing(add(number, "Sales")), "k"), password)
}

fn added(events: &[Event]) -> Vec<&ConfigurationAdded> {
    events
        .iter()
        .filter_map(|event| if let Event::ConfigurationAdded(e) = event { Some(e) } else { None })
        .collect()
}

#[track_caller]
fn changed(events: &[Event]) -> &ConfigurationChanged {
    let Some(Event::ConfigurationChanged(event)) = events.last() else { panic!("no Change: {events:?}") };
    event
}

fn shredded_by_other(number: u64, key: u64) -> Event {
    let (scope, crm_type) = (Scope::EveryTelSys, CrmType::new("T").unwrap());
    ConfigurationShredded { id: id(number), scope, crm_type, key: KeyId(key) }.into()
}

/// Configuration 1, with the password "first" under key 1.
fn with_first(keys: &Arc<Frail>) -> Bench {
    let mut bench = Bench::with_keys(keys);
    assert_added(&bench.run_sealing([with(sealing(add(1, "Sales")), "first")])[0], 1);
    bench.log.forget();
    bench
}

#[test]
fn what_is_sealed_opens_under_the_key_that_its_own_event_names() {
    let keys = Frail::new();
    let mut bench = Bench::with_keys(&keys);
    let asks = [(1, "a", "one"), (2, "a", "refused"), (3, "b", "three"), (4, "c", "four")];
    let answers = bench.run_sealing(asks.map(|(number, name, word)| with(sealing(add(number, name)), word)));
    assert_eq!(answers[1], Err(WriteError::Rejected(Rejection::DuplicateName)));
    let events = bench.events(0);
    let found: Vec<_> = added(&events)
        .iter()
        .zip([1, 3, 4])
        .map(|(e, number)| (e.key, keys.open(e.key, number, &e.secrets[FIELD]).unwrap()))
        .collect();
    // What is refused takes no key.
    let expected = [(1, "one"), (2, "three"), (3, "four")].map(|(key, word)| (KeyId(key), word.to_owned()));
    assert_eq!(found, expected);
    let shown = format!("{events:?}");
    assert!(!shown.contains("three"), "{shown}");
}

#[test]
fn decided_again_after_a_conflict_an_add_is_sealed_under_the_key_that_is_given_out_then() {
    let keys = Frail::new();
    let mut bench = with_first(&keys);
    let other = added(&bench.events(0))[0].clone();
    let other = ConfigurationAdded {
        id: id(9),
        description: Description::new("other").unwrap(),
        key: KeyId(2),
        ..other
    };
    bench.log.script([Step::OtherFirst(other.into(), Box::new(Step::Pass))]);
    assert_added(&bench.run_sealing([with(sealing(add(2, "b")), "second")])[0], 2);
    let event = added(&bench.events(0))[0].clone();
    assert_eq!(event.key, KeyId(3));
    assert_eq!(keys.open(KeyId(3), 2, &event.secrets[FIELD]).as_deref(), Ok("second"));
    bench.assert_in_step();
}

#[test]
fn decided_again_after_another_s_shredding_a_change_is_sealed_under_a_fresh_key() {
    let keys = Frail::new();
    let mut bench = with_first(&keys);
    bench.log.script([Step::OtherFirst(shredded_by_other(1, 1), Box::new(Step::Pass))]);
    let answers = bench.run_sealing([with(change(1).part("{}").into(), "second")]);
    assert!(answers[0].is_ok(), "{answers:?}");
    let events = bench.events(0);
    let event = changed(&events);
    assert_eq!((events.len(), event.key, event.secrets.len()), (1, KeyId(2), 1));
    assert_eq!(keys.open(KeyId(2), 1, &event.secrets[FIELD]).as_deref(), Ok("second"));
    // What another writer's event gives up is destroyed here too.
    assert_eq!(keys.vault.standing(KeyId(1)), crate::vault::KeyStanding::Destroyed);
    bench.assert_in_step();
}

#[test]
fn after_a_failed_append_the_same_id_serves_again() {
    let keys = Frail::new();
    let mut bench = with_first(&keys);
    bench.log.script([Step::Say(AppendOutcome::Unavailable { why: "full".into() })]);
    assert!(bench.run_sealing([with(sealing(add(2, "b")), "lost")])[0].is_err());
    assert_added(&bench.run_sealing([with(sealing(add(3, "c")), "stands")])[0], 3);
    let event = added(&bench.events(0))[0].clone();
    assert_eq!(event.key, KeyId(2));
    assert_eq!(keys.open(KeyId(2), 3, &event.secrets[FIELD]).as_deref(), Ok("stands"));
}

#[test]
fn a_repetition_from_another_session_is_known_by_the_same_password_and_another_is_refused() {
    let keys = Frail::new();
    let mut bench = Bench::with_keys(&keys);
    // The second one is a repetition within the batch.
    let answers = bench.run_sealing([keyed_add(1, "first"), keyed_add(2, "first"), keyed_add(3, "other")]);
    assert_added(&answers[0], 1);
    assert_eq!(answers[1], answers[0]);
    assert_eq!(answers[2], Err(WriteError::Rejected(Rejection::RequestKeyReused)));
    let (mut again, passwords) = keyed_add(4, "first");
    again.context.session = Some(SessionDigest::new([9; 32]));
    assert_eq!(bench.run_sealing([(again, passwords)]), [answers[0].clone()]);
    assert_eq!(bench.run_sealing([keyed_add(5, "other")]), [answers[2].clone()]);
    assert_eq!(bench.run_sealing([bare(keyed(sealing(add(6, "Sales")), "k"))]), [answers[2].clone()]);
    assert_eq!(bench.log.attempts().len(), 1);
}

#[test]
fn a_repetition_of_a_change_is_known_also_where_it_changed_nothing() {
    let keys = Frail::new();
    let mut bench = with_first(&keys);
    let ask = |word: &str| with(keyed(change(1).part("{}").into(), "c"), word);
    let first = bench.run_sealing([ask("first")]);
    assert!(matches!(&bench.events(0)[..], [Event::RequestRecorded(e)] if e.key == Some(KeyId(1))));
    assert_eq!(bench.run_sealing([ask("first")]), first);
    assert_eq!(bench.run_sealing([ask("other")]), [Err(WriteError::Rejected(Rejection::RequestKeyReused))]);
}

#[test]
fn once_the_key_is_destroyed_passwords_of_a_repetition_are_not_compared() {
    let keys = Frail::new();
    let mut bench = Bench::with_keys(&keys);
    let first = bench.run_sealing([keyed_add(1, "first")]);
    assert!(bench.run([shred(1)])[0].is_ok());
    assert_eq!(
        bench.run_sealing([keyed_add(2, "first"), keyed_add(3, "other")]),
        [first[0].clone(), first[0].clone()]
    );
}

#[test]
fn while_the_bucket_is_missing_a_repetition_is_neither_confirmed_nor_refused() {
    let keys = Frail::new();
    let mut bench = Bench::with_keys(&keys);
    let first = bench.run_sealing([keyed_add(1, "first")]);
    keys.set_missing(true);
    let missing = Err(WriteError::DataKey(DataKeyError::Unavailable { bucket: 0 }));
    assert_eq!(bench.run_sealing([keyed_add(2, "first")]), [missing]);
    keys.set_missing(false);
    assert_eq!(bench.run_sealing([keyed_add(2, "first")]), first);
}

#[test]
fn an_equal_password_changes_nothing_and_another_one_does() {
    let keys = Frail::new();
    let mut bench = with_first(&keys);
    assert!(bench.run_sealing([with(change(1).part("{}").into(), "first")])[0].is_ok());
    assert_eq!(bench.log.attempts().len(), 0);
    assert!(bench.run_sealing([with(change(1).part("{}").into(), "second")])[0].is_ok());
    let events = bench.events(0);
    let event = changed(&events);
    assert_eq!(keys.open(KeyId(1), 1, &event.secrets[FIELD]).as_deref(), Ok("second"));
}

/// Configuration 1, whose password was no password when it was added.
fn with_clear_text(keys: &Arc<Frail>) -> Bench {
    let mut bench = Bench::with_keys(keys);
    let ask = add_with(1, "Sales", r#"{"Url":"u","Password":"clear"}"#);
    assert_added(&bench.run([ask])[0], 1);
    bench
}

#[test]
fn what_became_a_password_is_sealed_at_the_next_change_also_one_of_the_description() {
    for ask in [change(1).described("Support"), change(1).described("x").part(r#"{"Url":"u"}"#)] {
        let given = ask.0.parts.as_ref().unwrap().configuration.is_some();
        let keys = Frail::new();
        let mut bench = with_clear_text(&keys);
        assert!(bench.run_sealing([bare(ask)])[0].is_ok());
        let events = bench.events(0);
        assert!(matches!(events[0], Event::TemplateRecorded(TemplateRecorded { .. })), "{events:?}");
        let event = changed(&events);
        if given {
            // A part that leaves the field out does so knowing nothing of it: what stood there is kept, sealed.
            assert_eq!(event.configuration.as_ref().unwrap().to_text(), r#"{"Url":"u"}"#);
        }
        assert!(event.configuration.as_ref().unwrap().get(FIELD).is_none());
        assert_eq!(
            (event.key, keys.open(KeyId(1), 1, &event.secrets[FIELD]).as_deref()),
            (KeyId(1), Ok("clear"))
        );
    }
}

#[test]
fn what_became_a_password_is_replaced_by_one_that_is_given() {
    let keys = Frail::new();
    let mut bench = with_clear_text(&keys);
    assert!(bench.run_sealing([with(change(1).part("{}").into(), "new")])[0].is_ok());
    let events = bench.events(0);
    assert_eq!(keys.open(KeyId(1), 1, &changed(&events).secrets[FIELD]).as_deref(), Ok("new"));
}

#[test]
fn where_the_key_is_missing_a_password_cannot_be_changed_and_the_rest_can() {
    let keys = Frail::new();
    let mut bench = with_first(&keys);
    keys.set_missing(true);
    let why = DataKeyError::Unavailable { bucket: 0 }.to_string();
    let fault = Rejection::Parts(PartsFault::KeyUnavailable(why));
    let answers = bench.run_sealing([with(change(1).part("{}").into(), "second")]);
    assert_eq!(answers, [Err(WriteError::Rejected(fault))]);
    assert!(bench.run_sealing([bare(change(1).described("Support"))])[0].is_ok());
    // New configurations get keys of the next bucket.
    assert_added(&bench.run_sealing([with(sealing(add(2, "b")), "next")])[0], 2);
    assert_eq!(added(&bench.events(0))[0].key, KeyId(1 << 16));
}

#[test]
fn a_key_that_is_missing_and_seals_nothing_gives_way_to_another_and_is_given_up() {
    let keys = Frail::new();
    let mut bench = Bench::with_keys(&keys);
    assert_added(&bench.run([sealing(add(1, "Sales"))])[0], 1);
    keys.set_missing(true);
    assert!(bench.run_sealing([with(change(1).part("{}").into(), "new")])[0].is_ok());
    let events = bench.events(0);
    let next = KeyId(1 << 16);
    assert_eq!(events[0], shredded_by_other(1, 1));
    assert_eq!(keys.open(next, 1, &changed(&events).secrets[FIELD]).as_deref(), Ok("new"));
    assert_eq!(*keys.asked.lock().unwrap(), [[KeyId(1)].into()]);
    bench.assert_in_step();
}

#[test]
fn a_shredded_configuration_gets_a_fresh_key_with_its_next_password() {
    let keys = Frail::new();
    let mut bench = with_first(&keys);
    assert!(bench.run([shred(1)])[0].is_ok());
    assert!(bench.run_sealing([bare(change(1).described("still shredded"))])[0].is_ok());
    assert_eq!(changed(&bench.events(0)).key, KeyId(1));
    // The same text as before is another value now.
    assert!(bench.run_sealing([with(change(1).part("{}").into(), "first")])[0].is_ok());
    let events = bench.events(0);
    assert_eq!((events.len(), changed(&events).key), (1, KeyId(2)));
    assert_eq!(keys.open(KeyId(2), 1, &changed(&events).secrets[FIELD]).as_deref(), Ok("first"));
    assert_eq!(keys.open(KeyId(1), 1, &changed(&events).secrets[FIELD]), Err(DataKeyError::Destroyed));
}
