//! Writes the normal text.

use std::fmt::{self, Write as _};

use super::{Json, Object};

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(truth) => truth.fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::String(text) => string(text, f),
            Self::Array(items) => array(items, f),
            Self::Object(object) => object.fmt(f),
        }
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('{')?;
        for (place, (key, value)) in self.iter().enumerate() {
            if place > 0 {
                f.write_char(',')?;
            }
            string(key, f)?;
            f.write_char(':')?;
            value.fmt(f)?;
        }
        f.write_char('}')
    }
}

fn array(items: &[Json], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_char('[')?;
    for (place, item) in items.iter().enumerate() {
        if place > 0 {
            f.write_char(',')?;
        }
        fmt::Display::fmt(item, f)?;
    }
    f.write_char(']')
}

/// A string with the escapes of RFC 8785, 3.2.2.2, and no others. What needs none is written in one piece.
fn string(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_char('"')?;
    let mut rest = text;
    while let Some((plain, character, behind)) = at_escape(rest) {
        f.write_str(plain)?;
        match character {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\u{8}' => f.write_str("\\b")?,
            '\t' => f.write_str("\\t")?,
            '\n' => f.write_str("\\n")?,
            '\u{c}' => f.write_str("\\f")?,
            '\r' => f.write_str("\\r")?,
            control => write!(f, "\\u{:04x}", u32::from(control))?,
        }
        rest = behind;
    }
    f.write_str(rest)?;
    f.write_char('"')
}

/// Splits a text at the first character that must be escaped. Such a character is one byte long.
fn at_escape(text: &str) -> Option<(&str, char, &str)> {
    let place = text.bytes().position(ends_plain)?;
    let (plain, rest) = text.split_at_checked(place)?;
    let mut characters = rest.chars();
    let character = characters.next()?;
    Some((plain, character, characters.as_str()))
}

/// Whether a byte ends what may stand in a string as it is. Such bytes are parts of no other characters.
pub(super) const fn ends_plain(byte: u8) -> bool {
    byte < b' ' || byte == b'"' || byte == b'\\'
}

/// Counts the bytes that are written.
pub(super) struct Counted(pub(super) usize);

impl fmt::Write for Counted {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 = self.0.saturating_add(text.len());
        Ok(())
    }
}
