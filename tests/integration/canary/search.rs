//! Looks for secrets in every form in which bytes could have been written down.

use std::path::Path;

use data_encoding::{BASE64, HEXLOWER, HEXUPPER};

use crate::harness::CANARY;

/// The forms in which bytes could have been written down.
fn forms(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut forms = vec![
        bytes.to_vec(),
        bytes.iter().flat_map(|byte| [*byte, 0]).collect(),
        bytes.iter().flat_map(|byte| [0, *byte]).collect(),
        HEXLOWER.encode(bytes).into_bytes(),
        HEXUPPER.encode(bytes).into_bytes(),
        bytes.iter().flat_map(|byte| format!("\\u{byte:04x}").into_bytes()).collect(),
        bytes.iter().flat_map(|byte| format!("&#{byte};").into_bytes()).collect(),
        bytes.iter().flat_map(|byte| format!("&#x{byte:x};").into_bytes()).collect(),
        bytes.iter().flat_map(|byte| format!("%{byte:02X}").into_bytes()).collect(),
        bytes.iter().rev().copied().collect(),
        bytes.iter().map(u8::to_string).collect::<Vec<_>>().join(", ").into_bytes(),
        bytes.iter().map(u8::to_string).collect::<Vec<_>>().join(",").into_bytes(),
    ];
    forms.extend(std::str::from_utf8(bytes).into_iter().filter(|text| !text.is_ascii()).flat_map(text_forms));
    // Within a longer text base64 depends on where the bytes begin; the digits at the edges are not theirs alone.
    for before in 0..3 {
        let shifted = [&vec![0; before], bytes].concat();
        let whole = shifted.len() / 3 * 3;
        let text = BASE64.encode(&shifted[..whole]);
        forms.push(text.as_bytes()[if before == 0 { 0 } else { 4 }..].to_vec());
        forms.push(text[if before == 0 { 0 } else { 4 }..].replace('+', "-").replace('/', "_").into_bytes());
    }
    forms
}

/// The forms of a text beyond ASCII that differ from those of its bytes.
fn text_forms(text: &str) -> Vec<Vec<u8>> {
    /// The text with some of its characters written otherwise.
    fn escaped(text: &str, all: bool, write: impl Fn(char) -> String) -> Vec<u8> {
        let one = |c: char| if all || !c.is_ascii() { write(c) } else { c.to_string() };
        text.chars().map(one).collect::<String>().into_bytes()
    }
    let percent = |c: char| -> String { c.to_string().bytes().map(|byte| format!("%{byte:02X}")).collect() };
    let bytes = |c: char| -> String { c.to_string().bytes().map(|byte| format!("\\x{byte:02x}")).collect() };
    let utf16 = || text.encode_utf16();
    let mut forms = vec![
        utf16().flat_map(u16::to_le_bytes).collect(),
        utf16().flat_map(u16::to_be_bytes).collect(),
        text.chars().rev().collect::<String>().into_bytes(),
        text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect(),
    ];
    for all in [true, false] {
        forms.push(escaped(text, all, |c| format!("\\u{:04x}", u32::from(c))));
        forms.push(escaped(text, all, |c| format!("\\u{:04X}", u32::from(c))));
        forms.push(escaped(text, all, |c| format!("\\u{{{:x}}}", u32::from(c))));
        forms.push(escaped(text, all, |c| format!("&#{};", u32::from(c))));
        forms.push(escaped(text, all, |c| format!("&#x{:x};", u32::from(c))));
        forms.push(escaped(text, all, percent));
        forms.push(escaped(text, all, |c| percent(c).to_lowercase()));
        forms.push(escaped(text, all, bytes));
    }
    forms
}

/// Looks for secrets in all their forms at once.
pub struct Search {
    forms: Vec<(&'static str, Vec<u8>)>,
    /// Whether a form begins with these two bytes: the files are long, and most of them is looked at once only.
    beginnings: Vec<bool>,
}

impl Search {
    pub fn new(secrets: &[(&'static str, Vec<u8>)]) -> Self {
        let forms: Vec<_> = secrets
            .iter()
            .flat_map(|(name, secret)| forms(secret).into_iter().map(|form| (*name, form)))
            .collect();
        let mut beginnings = vec![false; 1 << 16];
        forms.iter().for_each(|(_, form)| beginnings[beginning(form)] = true);
        Self { forms, beginnings }
    }

    /// What stands in the text.
    pub fn found(&self, text: &[u8]) -> Option<&'static str> {
        let places = (0..text.len().saturating_sub(1)).filter(|at| self.beginnings[beginning(&text[*at..])]);
        places
            .flat_map(|at| self.forms.iter().filter(move |(_, form)| text[at..].starts_with(form)))
            .map(|(name, _)| *name)
            .next()
    }
}

fn beginning(bytes: &[u8]) -> usize {
    usize::from(bytes[0]) << 8 | usize::from(bytes[1])
}

/// Every file below a folder, with its bytes.
pub fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| {
            if path.is_dir() {
                files(&path)
            } else {
                vec![(path.display().to_string(), std::fs::read(&path).unwrap())]
            }
        })
        .collect()
}

#[test]
fn the_search_would_find_every_form() {
    for text in [
        format!("x{CANARY}y").into_bytes(),
        CANARY.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        CANARY.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        HEXLOWER.encode(CANARY.as_bytes()).into_bytes(),
        BASE64.encode(CANARY.as_bytes()).into_bytes(),
        BASE64.encode(format!("a:{CANARY}").as_bytes()).into_bytes(),
        BASE64.encode(format!("user:{CANARY}@host").as_bytes()).into_bytes(),
        data_encoding::BASE64URL_NOPAD.encode(CANARY.as_bytes()).into_bytes(),
        format!("{:?}", CANARY.as_bytes()).into_bytes(),
    ] {
        let search = Search::new(&[("the password", CANARY.as_bytes().to_vec())]);
        assert_eq!(search.found(&text), Some("the password"), "{}", String::from_utf8_lossy(&text));
        assert_eq!(search.found(b"nothing to be found here"), None);
    }
}

#[test]
fn the_search_would_find_every_form_of_a_text_beyond_ascii() {
    use super::sealed::SECRET;
    let upper = |text: String| text.to_uppercase().into_bytes();
    let unicode: String = SECRET.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect();
    let beyond = |write: fn(char) -> String| -> String {
        SECRET.chars().map(|c| if c.is_ascii() { c.to_string() } else { write(c) }).collect()
    };
    let some = beyond(|c| format!("\\u{:04X}", u32::from(c)));
    let percent = beyond(|c| c.to_string().bytes().map(|byte| format!("%{byte:02x}")).collect());
    for text in [
        format!("x{SECRET}y").into_bytes(),
        SECRET.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        SECRET.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        unicode.into_bytes(),
        some.into_bytes(),
        percent.into_bytes(),
        HEXLOWER.encode(SECRET.as_bytes()).into_bytes(),
        upper(HEXLOWER.encode(SECRET.as_bytes())),
        BASE64.encode(SECRET.as_bytes()).into_bytes(),
        BASE64.encode(format!("a{SECRET}z").as_bytes()).into_bytes(),
        data_encoding::BASE64URL_NOPAD.encode(format!("ab{SECRET}z").as_bytes()).into_bytes(),
        format!("{:?}", SECRET.as_bytes()).into_bytes(),
    ] {
        let search = Search::new(&[("the password", SECRET.as_bytes().to_vec())]);
        assert_eq!(search.found(&text), Some("the password"), "{}", String::from_utf8_lossy(&text));
    }
}
