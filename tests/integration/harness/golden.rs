//! Goldens under `snapshots/`, with what differs from run to run replaced after a check of its form.

use super::client::Reply;

/// Compares a text with the golden `snapshots/<area>/<step>.snap`.
pub fn golden(area: &str, step: &str, text: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots").join(area);
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(path);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(step, text));
}

/// What differs from run to run in an answer, by the word that stands in its place.
#[derive(Clone, Copy, Debug)]
pub enum Varying<'a> {
    Id(&'a str),
    Session(&'a str),
    Nonce(&'a str),
    /// A text of the test's own, which differs so that tests can share a server.
    Description(&'a str),
}

impl<'a> Varying<'a> {
    /// The value and its word, once its form was checked.
    #[track_caller]
    fn checked(self) -> (&'a str, &'static str) {
        let (value, word, holds) = match self {
            Self::Id(id) => (id, "id", is_configuration_id(id)),
            Self::Session(id) => (id, "session", is_hex(id, 32, true)),
            Self::Nonce(nonce) => (nonce, "nonce", is_hex(nonce, 32, false)),
            Self::Description(text) => (text, "description", text.starts_with("configuration ")),
        };
        assert!(holds, "{value} has not the form of a {word}");
        (value, word)
    }
}

/// An answer as a golden shows it: status, telling headers, and the body with one element a line.
#[track_caller]
pub fn redact(reply: &Reply, varying: &[Varying<'_>]) -> String {
    let mut text = format!("HTTP {}\n", reply.status);
    for name in ["allow", "content-type", "etag", "retry-after", "x-crmconfigurationid"] {
        if let Some(value) = reply.headers.get(name) {
            text.push_str(&format!("{name}: {value}\n"));
        }
    }
    text.push('\n');
    text.push_str(&reply.body.replace("><", ">\n<"));
    for (value, word) in varying.iter().map(|varying| varying.checked()) {
        assert!(text.contains(value), "{value} is not in the answer, {word} would replace nothing");
        text = text.replace(value, &format!("[{word}]"));
    }
    text
}

/// So many hexadecimal digits, all of one case.
pub fn is_hex(text: &str, digits: usize, upper: bool) -> bool {
    text.len() == digits
        && text
            .chars()
            .all(|c| c.is_ascii_hexdigit() && (c.is_ascii_uppercase() == upper || c.is_ascii_digit()))
}

/// The published form: 16 digits of the node, the process's 32 bits signed, the milliseconds, and a signed counter of
/// 16 bits from `-8000` up; all in lower-case hexadecimal, without leading zeros but in the node, and without `-0`.
pub fn is_configuration_id(id: &str) -> bool {
    let parts: Vec<_> = id.split(':').collect();
    let &[node, process, millis, counter] = &parts[..] else { return false };
    is_hex(node, 16, false)
        && signed(process, 1 << 31)
        && signed(counter, 1 << 15)
        && magnitude(millis).is_some_and(|millis| millis > 0)
}

/// A signed number in two's complement's range, `bound` being its lowest value without the sign.
fn signed(text: &str, bound: u64) -> bool {
    match text.strip_prefix('-') {
        Some(digits) => magnitude(digits).is_some_and(|value| 0 < value && value <= bound),
        None => magnitude(text).is_some_and(|value| value < bound),
    }
}

/// A number in lower-case hexadecimal without leading zeros.
fn magnitude(digits: &str) -> Option<u64> {
    let plain = is_hex(digits, digits.len(), false) && (digits == "0" || !digits.starts_with('0'));
    plain.then(|| u64::from_str_radix(digits, 16).ok()).flatten()
}

#[test]
fn the_published_ids_have_the_form_and_no_other_text_has() {
    for id in [
        "8b421354e7ea58f6:1007bf0b:197cf8dc588:-776e",
        "054b5e06055eae21:-34894830:197ac9265bf:-7fff",
        "d6d6c5a5f0f90d60:-80000000:169f533f6d5:-8000",
        "d6d6c5a5f0f90d60:7fffffff:1:7fff",
        "d6d6c5a5f0f90d60:0:169f533f6d5:0",
    ] {
        assert!(is_configuration_id(id), "{id}");
    }
    for other in [
        "",
        "8b421354e7ea58f6:1007bf0b:197cf8dc588",
        "8b421354e7ea58f6:1007bf0b:197cf8dc588:-776e:1",
        "8B421354e7ea58f6:1007bf0b:197cf8dc588:-776e",
        "b421354e7ea58f6:1007bf0b:197cf8dc588:-776e",
        "8b421354e7ea58f6:01007bf0b:197cf8dc588:-776e",
        "8b421354e7ea58f6:80000000:197cf8dc588:-776e",
        "8b421354e7ea58f6:-80000001:197cf8dc588:-776e",
        "8b421354e7ea58f6:-0:197cf8dc588:-776e",
        "8b421354e7ea58f6:+1:197cf8dc588:-776e",
        "8b421354e7ea58f6:1:0197cf8dc588:-776e",
        "8b421354e7ea58f6:1:-197cf8dc588:-776e",
        "8b421354e7ea58f6:1:197cf8dc588:-8001",
        "8b421354e7ea58f6:1:197cf8dc588:8000",
        "8b421354e7ea58f6:1:197cf8dc588:-0",
        "8b421354e7ea58f6:1:197cf8dc588:-0776",
        "8b421354e7ea58f6:1:197cf8dc588:",
    ] {
        assert!(!is_configuration_id(other), "{other}");
    }
}
