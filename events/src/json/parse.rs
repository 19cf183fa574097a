//! Reads strict JSON into normal form, refusing what has none.

use super::error::Step;
use super::write::ends_plain;
use super::{JSON_DEPTH_MAX, Json, JsonError, JsonRule, Object};
use crate::value::xml_can_carry;

/// What JSON calls white space.
const WHITE_SPACE: [char; 4] = [' ', '\t', '\n', '\r'];

/// Reads a whole document.
pub(super) fn document(text: &str) -> Result<Json, JsonError> {
    let mut parser = Parser { rest: text, path: Vec::new() };
    parser.whole().map_err(|rule| {
        let at = text.len().saturating_sub(parser.rest.len());
        JsonError::new(rule, text.get(..at).unwrap_or_default(), &parser.path)
    })
}

/// Where the reader stands. When a rule is broken, `rest` and `path` are left there to tell the place.
struct Parser<'a> {
    rest: &'a str,
    path: Vec<Step>,
}

impl Parser<'_> {
    fn whole(&mut self) -> Result<Json, JsonRule> {
        let value = self.value()?;
        self.skip_space();
        if self.rest.is_empty() { Ok(value) } else { Err(JsonRule::Trailing) }
    }

    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start_matches(WHITE_SPACE);
    }

    /// Steps over a token if it comes next.
    fn take(&mut self, token: &str) -> bool {
        self.rest.strip_prefix(token).map(|rest| self.rest = rest).is_some()
    }

    /// The rule that is broken here, unless the text has simply ended.
    fn unless_ended(&self, rule: JsonRule) -> JsonRule {
        if self.rest.is_empty() { JsonRule::Incomplete } else { rule }
    }

    /// Recursion is bounded: `path` grows by one with each level and is checked at each opening bracket.
    fn value(&mut self) -> Result<Json, JsonRule> {
        self.skip_space();
        match self.rest.chars().next() {
            Some('{') => self.nested(Self::object),
            Some('[') => self.nested(Self::array),
            Some('"') => self.string().map(Json::String),
            Some('-' | '0'..='9') => self.number(),
            _ if self.take("null") => Ok(Json::Null),
            _ if self.take("true") => Ok(Json::Bool(true)),
            _ if self.take("false") => Ok(Json::Bool(false)),
            _ => Err(self.unless_ended(JsonRule::ValueExpected)),
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Json, JsonRule>) -> Result<Json, JsonRule> {
        if self.path.len() >= JSON_DEPTH_MAX { Err(JsonRule::TooDeep) } else { read(self) }
    }

    fn array(&mut self) -> Result<Json, JsonRule> {
        self.take("[");
        let mut items = Vec::new();
        self.skip_space();
        if self.take("]") {
            return Ok(Json::Array(items));
        }
        loop {
            self.path.push(Step::Index(items.len()));
            items.push(self.value()?);
            self.path.pop();
            self.skip_space();
            if self.take("]") {
                return Ok(Json::Array(items));
            } else if !self.take(",") {
                return Err(self.unless_ended(JsonRule::CommaExpected));
            }
        }
    }

    fn object(&mut self) -> Result<Json, JsonRule> {
        self.take("{");
        let mut object = Object::new();
        self.skip_space();
        if self.take("}") {
            return Ok(Json::Object(object));
        }
        loop {
            let key = self.key()?;
            self.path.push(Step::Key(key.clone()));
            if object.contains_key(&key) {
                return Err(JsonRule::DuplicateKey);
            }
            let value = self.value()?;
            self.path.pop();
            object.insert(key, value);
            self.skip_space();
            if self.take("}") {
                return Ok(Json::Object(object));
            } else if !self.take(",") {
                return Err(self.unless_ended(JsonRule::CommaExpected));
            }
        }
    }

    /// A key and its colon.
    fn key(&mut self) -> Result<String, JsonRule> {
        self.skip_space();
        if !self.rest.starts_with('"') {
            return Err(self.unless_ended(JsonRule::KeyExpected));
        }
        let key = self.string()?;
        self.skip_space();
        if self.take(":") { Ok(key) } else { Err(self.unless_ended(JsonRule::ColonExpected)) }
    }

    fn number(&mut self) -> Result<Json, JsonRule> {
        // Everything that could belong to a number is taken, so that `1x` or `1.2.3` is a bad number.
        let belongs = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
        let end = self.rest.find(|c| !belongs(c)).unwrap_or(self.rest.len());
        let (text, rest) = self.rest.split_at_checked(end).ok_or(JsonRule::ValueExpected)?;
        let number = text.parse()?;
        self.rest = rest;
        Ok(Json::Number(number))
    }

    fn string(&mut self) -> Result<String, JsonRule> {
        let start = self.rest;
        self.take("\"");
        let mut text = String::new();
        loop {
            let end = self.rest.bytes().position(ends_plain).ok_or(JsonRule::Incomplete)?;
            let (run, rest) = self.rest.split_at_checked(end).ok_or(JsonRule::Incomplete)?;
            text.push_str(run);
            self.rest = rest;
            if self.take("\"") {
                break;
            } else if self.take("\\") {
                text.push(self.escaped()?);
            } else {
                return Err(JsonRule::ControlCharacter);
            }
        }
        if xml_can_carry(&text) {
            Ok(text)
        } else {
            self.rest = start;
            Err(JsonRule::NotForXml)
        }
    }

    /// The character that the escape behind a backslash stands for.
    fn escaped(&mut self) -> Result<char, JsonRule> {
        let mut chars = self.rest.chars();
        let character = match chars.next().ok_or(JsonRule::Incomplete)? {
            plain @ ('"' | '\\' | '/') => plain,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                self.rest = chars.as_str();
                return self.code_point();
            }
            _ => return Err(JsonRule::Escape),
        };
        self.rest = chars.as_str();
        Ok(character)
    }

    /// The character of one `XXXX`, or of a surrogate pair `XXXX\uXXXX`, behind `\u`.
    fn code_point(&mut self) -> Result<char, JsonRule> {
        let first = self.hex4()?;
        if !(0xd800..0xe000).contains(&first) {
            return char::from_u32(first).ok_or(JsonRule::Escape);
        }
        if first >= 0xdc00 || !self.take("\\u") {
            return Err(JsonRule::LoneSurrogate);
        }
        let second = self.hex4()?;
        let low = second.checked_sub(0xdc00).filter(|low| *low < 0x400).ok_or(JsonRule::LoneSurrogate)?;
        char::from_u32(0x1_0000_u32.saturating_add(((first & 0x3ff) << 10) | low))
            .ok_or(JsonRule::LoneSurrogate)
    }

    fn hex4(&mut self) -> Result<u32, JsonRule> {
        let (digits, rest) = self.rest.split_at_checked(4).ok_or(JsonRule::Escape)?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(JsonRule::Escape);
        }
        self.rest = rest;
        u32::from_str_radix(digits, 16).map_err(|_| JsonRule::Escape)
    }
}
