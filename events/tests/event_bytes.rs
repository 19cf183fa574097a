//! The bytes of events, frozen from the first release on: every kind in full and as short as it can be.

#![expect(clippy::unwrap_used, reason = "a test: a panic is how it reports")]

#[path = "event_bytes/samples.rs"]
mod samples;

use std::collections::BTreeSet;
use std::fs;

use crmconf_events::commit::event_hash;
use crmconf_events::event::{Context, DecodeError, Event, decode, encode};
use crmconf_events::{Sequence, Timestamp};
use data_encoding::HEXLOWER;
use samples::{SALT, full_context, minimal_context, samples};

/// Goldens of bytes that no text editor and no encoding come between.
const GOLDENS_IN_HEX: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../snapshots/events/event_hex");

const GOLDENS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../snapshots/events/event_bytes");

fn bytes(context: &Context, event: &Event) -> Vec<u8> {
    encode(SALT, context, event).unwrap()
}

fn text(context: &Context, event: &Event) -> String {
    String::from_utf8(bytes(context, event)).unwrap()
}

fn read(text: &str) -> Result<Event, DecodeError> {
    decode(Sequence::FIRST, Timestamp::default(), text.as_bytes()).map(|envelope| envelope.event)
}

/// `ConfigurationAdded` as `configuration_added`.
fn golden_name(tag: &str) -> String {
    let mut name = String::new();
    for (place, letter) in tag.char_indices() {
        if place > 0 && letter.is_ascii_uppercase() {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

fn assert_golden(folder: &str, name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(folder);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn the_bytes_of_every_kind_are_frozen() {
    for [full, minimal] in samples() {
        assert_eq!(full.tag(), minimal.tag());
        let shown = [("full", full_context(), &full), ("minimal", minimal_context(), &minimal)];
        let shown = shown.map(|(word, context, event)| {
            let bytes = bytes(&context, event);
            let hash = HEXLOWER.encode(event_hash(&bytes).as_bytes());
            format!("{word}, hash {hash}\n{}\n", String::from_utf8(bytes).unwrap())
        });
        assert_golden(GOLDENS, &golden_name(full.tag()), &shown.join("\n"));
    }
}

#[test]
fn the_bytes_of_an_event_with_everything_are_frozen_in_hex() {
    let [full, _] = samples().into_iter().find(|[full, _]| full.tag() == "ConfigurationAdded").unwrap();
    let bytes = bytes(&full_context(), &full);
    let lines: Vec<_> = bytes.chunks(32).map(|line| HEXLOWER.encode(line)).collect();
    assert_golden(GOLDENS_IN_HEX, &golden_name(full.tag()), &lines.join("\n"));
}

#[test]
fn every_kind_has_a_golden_and_every_golden_a_kind() {
    let kinds: BTreeSet<_> = Event::KINDS.iter().map(|(tag, _)| golden_name(tag)).collect();
    let goldens: BTreeSet<_> = fs::read_dir(GOLDENS)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| name.strip_suffix(".snap").map(str::to_owned))
        .collect();
    assert_eq!(goldens, kinds);
    let sampled: Vec<_> = samples().iter().map(|[full, _]| (full.tag(), full.schema())).collect();
    assert_eq!(sampled, Event::KINDS, "one sample of each kind, in the order of KINDS");
}

#[test]
fn what_was_encoded_is_decoded() {
    let (sequence, time) = (Sequence::new(42).unwrap(), Timestamp::from_micros(1_764_000_000_000_000));
    for event in samples().into_iter().flatten() {
        for context in [full_context(), minimal_context()] {
            let envelope = decode(sequence, time, &bytes(&context, &event)).unwrap();
            assert_eq!(envelope.event, event);
            assert_eq!(envelope.context, context);
            assert_eq!(envelope.stream, event.stream());
            assert_eq!((envelope.sequence, envelope.time, envelope.salt), (sequence, time, SALT));
            assert_eq!(bytes(&envelope.context, &envelope.event), bytes(&context, &event));
        }
    }
}

#[test]
fn an_unknown_tag_or_schema_was_written_by_a_newer_version() {
    for [_, event] in samples() {
        let (tag, text) = (event.tag(), text(&minimal_context(), &event));
        let unknown = text.replacen(&format!(r#""tag":"{tag}""#), r#""tag":"MoonLanded""#, 1);
        let Err(DecodeError::Newer { tag: found, schema: 1 }) = read(&unknown) else { panic!("{unknown}") };
        assert_eq!(found, "MoonLanded");
        let later = text.replacen(r#""schema":1"#, r#""schema":2"#, 1);
        let Err(DecodeError::Newer { tag: found, schema: 2 }) = read(&later) else { panic!("{later}") };
        assert_eq!(found, tag);
        // A newer version may also have put more around it.
        for newer in [&unknown, &later] {
            let more = newer.replacen(r#""salt":"#, r#""moon":{"phase":1},"salt":"#, 1);
            assert!(matches!(read(&more), Err(DecodeError::Newer { .. })), "{more}");
            let without = newer.replacen(r#""origin":1,"#, "", 1);
            assert!(
                without != *newer && matches!(read(&without), Err(DecodeError::Newer { .. })),
                "{without}"
            );
        }
        let never = text.replacen(r#""schema":1"#, r#""schema":0"#, 1);
        assert!(matches!(read(&never), Err(DecodeError::Newer { schema: 0, .. })), "{never}");
    }
}

#[test]
fn an_event_in_a_stream_that_is_not_its_own_is_refused() {
    for [_, event] in samples() {
        let own = format!(r#""stream":"{}""#, event.stream());
        let text = text(&minimal_context(), &event);
        assert!(text.contains(&own), "{text}");
        for foreign in ["", "store/", "directory/99", "account/AAAAAAAAAAAAAAAAAAAAAA", "configuration/x"] {
            let moved = text.replacen(&own, &format!(r#""stream":"{foreign}""#), 1);
            let Err(DecodeError::Stream { tag, stream }) = read(&moved) else { panic!("{moved}") };
            assert_eq!((tag.as_str(), stream.as_str()), (event.tag(), foreign));
        }
    }
}

#[test]
fn a_field_too_many_or_too_few_is_refused() {
    for [_, event] in samples() {
        let text = text(&minimal_context(), &event);
        let more_around = text.replacen('{', r#"{"canary":1,"#, 1);
        let comma = if text.contains(r#""body":{}"#) { "" } else { "," };
        let more_inside = text.replacen(r#""body":{"#, &format!(r#""body":{{"canary":1{comma}"#), 1);
        let twice = text.replacen('{', r#"{"schema":1,"#, 1);
        let none = text.replacen(r#""schema":1,"#, "", 1);
        let cut = text.strip_suffix('}').unwrap().to_owned();
        let left_over = format!("{text} {{}}");
        for bad in [more_around, more_inside, twice, none, cut, left_over, String::new(), "[]".to_owned()] {
            assert!(matches!(read(&bad), Err(DecodeError::Malformed { .. })), "{bad}");
        }
        let empty = text.split_once(r#""body":"#).unwrap().0.to_owned() + r#""body":{}}"#;
        if empty == text {
            // Of some facts there is nothing more to say than that they happened.
            continue;
        }
        assert!(matches!(read(&empty), Err(DecodeError::Malformed { .. })), "{empty}");
    }
}

#[test]
fn a_malformed_event_is_told_by_place_and_never_by_value() {
    let [full, _] = samples().into_iter().find(|[full, _]| full.tag() == "ConfigurationAdded").unwrap();
    let text = text(&full_context(), &full);
    for (good, bad) in [
        (r#""actor":"account:"#, r#""actor":"canary:"#),
        (r#""Password":"c2VhbGVk"#, r#""Password":"canary!"#),
        (r#""telsys":1"#, r#""telsys":"canary""#),
        (r#""key":1,"#, r#""key":"canary","#),
    ] {
        assert!(text.contains(good), "{good} in {text}");
        let error = read(&text.replacen(good, bad, 1)).unwrap_err();
        assert!(matches!(error, DecodeError::Malformed { .. }), "{error:?}");
        assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
    }
}

#[test]
fn every_actor_is_read_as_it_was_written_and_no_other_spelling_is() {
    use crmconf_events::event::Actor;
    for actor in [Actor::System, Actor::Operator(0), Actor::Operator(u32::MAX), minimal_context().actor] {
        let [_, event] = &samples()[0];
        let envelope = decode(Sequence::FIRST, Timestamp::default(), &bytes(&Context::of(actor), event));
        assert_eq!(envelope.unwrap().context.actor, actor);
    }
    for bad in
        ["", "System", "cli:", "cli:-1", "cli:4294967296", "cli:root", "account:", "account:AAAA", "root"]
    {
        assert!(bad.parse::<Actor>().is_err(), "{bad:?}");
    }
}
