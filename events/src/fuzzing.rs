//! What fuzzing asks of the readers of this crate: one function a target, which asserts what must hold.
//!
//! `crmconf`'s own `fuzzing` lists them beside its own; they run there.

use crate::event::{self, Envelope};
use crate::json::{Json, Number};
pub use crate::log::fuzzing::journal;
use crate::state::{State, evolve};
use crate::{Sequence, Timestamp, xml_can_carry};

/// An event's bytes: what is read is written, and read again, as the same; and any event can be folded.
pub fn event(data: &[u8]) {
    let read = |bytes: &[u8]| event::decode(Sequence::FIRST, Timestamp::default(), bytes);
    let written = |read: &Envelope| {
        let bytes = event::encode(read.salt, &read.context, &read.event);
        assert!(bytes.is_ok(), "an event that was read cannot be written: {bytes:?}");
        bytes.unwrap_or_default()
    };
    match read(data) {
        Err(error) => assert!(!error.to_string().is_empty(), "a refusal says nothing"),
        Ok(first) => {
            let bytes = written(&first);
            let again = read(&bytes);
            assert!(
                again.as_ref().is_ok_and(|again| *again == first),
                "another event is read back: {again:?}"
            );
            assert_eq!(again.map(|again| written(&again)).ok(), Some(bytes), "other bytes are written");
            evolve(&mut State::default(), Sequence::FIRST, &first.event);
        }
    }
}

/// A JSON text: its normal form is read as the same value and is its own normal form; nothing is let through that other
/// readers of JSON refuse; an error can be shown.
pub fn json(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(number) = text.parse::<Number>() {
        assert_eq!(number.to_string().parse(), Ok(number), "a number is another one in normal form");
    }
    match Json::parse(text) {
        Err(error) => shown(&error.to_string()),
        Ok(json) => {
            stable(&json);
            let others = serde_json::from_str::<serde_json::Value>(text);
            assert!(others.is_ok(), "serde_json refuses it: {others:?}");
            let normal = serde_json::from_str::<serde_json::Value>(&json.to_text());
            assert!(normal.is_ok(), "serde_json refuses the normal form: {normal:?}");
            assert!(
                alike(&others.unwrap_or_default(), &normal.unwrap_or_default()),
                "serde_json reads another"
            );
        }
    }
}

/// Asserts that a value's normal form is stable.
pub fn stable(json: &Json) {
    let text = json.to_text();
    assert_eq!(json.text_bytes(), text.len(), "the bytes of the normal form are counted wrong");
    assert!(xml_can_carry(&text), "XML cannot carry the normal form");
    let again = Json::parse(&text);
    assert!(again.as_ref().is_ok_and(|again| again == json), "another value is read back: {again:?}");
    assert_eq!(again.map(|again| again.to_text()), Ok(text), "the normal form is not stable");
}

/// Asserts that a message can be shown in an answer.
pub fn shown(message: &str) {
    assert!(!message.is_empty(), "a message says nothing");
    assert!(xml_can_carry(message), "XML cannot carry the message {message:?}");
}

/// Says that something does not hold.
///
/// # Panics
/// Always.
#[expect(clippy::panic, reason = "it is how a target tells a fuzzer, and a test, what it has found")]
pub fn broken(what: &str) -> ! {
    panic!("{what}")
}

/// Whether two values are the same but for how their numbers are written.
fn alike(a: &serde_json::Value, b: &serde_json::Value) -> bool {
    use serde_json::Value;
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| alike(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| alike(a, b)))
        }
        (a, b) => a == b,
    }
}
