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

/// A string with the escapes of RFC 8785, 3.2.2.2, and no others.
fn string(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_char('"')?;
    for character in text.chars() {
        match character {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\u{8}' => f.write_str("\\b")?,
            '\t' => f.write_str("\\t")?,
            '\n' => f.write_str("\\n")?,
            '\u{c}' => f.write_str("\\f")?,
            '\r' => f.write_str("\\r")?,
            control if control < ' ' => write!(f, "\\u{:04x}", u32::from(control))?,
            plain => f.write_char(plain)?,
        }
    }
    f.write_char('"')
}
