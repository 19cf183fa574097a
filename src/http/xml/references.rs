//! Character and entity references, and the normalisation of attribute values.

use std::borrow::Cow;

use super::error::{FaultAt, XmlFault};
use crmconf_events::is_carried;

/// What a reference stands for; `name` is what is written between `&` and `;`.
pub(super) fn resolve(name: &str) -> Result<char, XmlFault> {
    if let Some(number) = name.strip_prefix('#') {
        return numbered(number).filter(|&c| is_carried(c)).ok_or(XmlFault::BadCharacterReference);
    }
    match name {
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "amp" => Ok('&'),
        "quot" => Ok('"'),
        "apos" => Ok('\''),
        _ => Err(XmlFault::UnknownEntity),
    }
}

fn numbered(number: &str) -> Option<char> {
    let (digits, radix) = match number.strip_prefix('x') {
        Some(digits) => (digits, 16),
        None => (number, 10),
    };
    // `from_str_radix` alone would take a sign.
    let only_digits = digits.chars().all(|c| c.is_digit(radix));
    let code = u32::from_str_radix(digits, radix).ok().filter(|_| only_digits)?;
    char::from_u32(code)
}

/// An attribute's value as XML 1.0 sees it (section 3.3.3): literal white space and line ends become spaces, references
/// are replaced and what they stand for is kept.
pub(super) fn attribute_value(raw: &str, offset: usize) -> Result<Cow<'_, str>, FaultAt> {
    if !raw.contains(['&', '\t', '\n', '\r']) {
        return Ok(Cow::Borrowed(raw));
    }
    let mut value = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((before, after)) = rest.split_once('&') {
        push_spaced(&mut value, before);
        let at = offset + (raw.len() - after.len()) - 1;
        let (name, after) = after.split_once(';').ok_or_else(|| XmlFault::BareAmpersand.at(at))?;
        if name.contains('&') {
            return Err(XmlFault::BareAmpersand.at(at));
        }
        value.push(resolve(name).map_err(|fault| fault.at(at))?);
        rest = after;
    }
    push_spaced(&mut value, rest);
    Ok(Cow::Owned(value))
}

fn push_spaced(value: &mut String, literal: &str) {
    // CR LF is one line end, hence one space.
    let mut after_cr = false;
    for c in literal.chars() {
        match c {
            '\n' if after_cr => {}
            '\t' | '\n' | '\r' => value.push(' '),
            _ => value.push(c),
        }
        after_cr = c == '\r';
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attribute_values_are_normalised_but_references_keep_what_they_name() {
        for (raw, value) in [
            ("plain", "plain"),
            ("a\tb\nc\rd\r\ne\n\nf", "a b c d e  f"),
            ("a&#9;b&#10;c&#xD;d", "a\tb\nc\rd"),
            ("&lt;&gt;&amp;&quot;&apos;&#x1F600;", "<>&\"'\u{1f600}"),
            ("\r&#10;", " \n"),
            ("&#0000000000065;&#x00000000041;", "AA"),
        ] {
            assert_eq!(attribute_value(raw, 0).unwrap(), value, "{raw:?}");
        }
    }

    #[test]
    fn references_to_what_xml_cannot_carry_or_does_not_know_are_refused() {
        for bad in [
            "#0", "#x0", "#8", "#xB", "#xD800", "#xDFFF", "#xFFFE", "#xFFFF", "#x110000", "#", "#x", "#+65",
            "#-1",
        ] {
            assert_eq!(resolve(bad), Err(XmlFault::BadCharacterReference), "{bad}");
        }
        for bad in ["#X41", "#6 5", "#99999999999999999999"] {
            assert_eq!(resolve(bad), Err(XmlFault::BadCharacterReference), "{bad}");
        }
        for bad in ["", "nbsp", "LT", " lt", "lt "] {
            assert_eq!(resolve(bad), Err(XmlFault::UnknownEntity), "{bad}");
        }
    }
}
