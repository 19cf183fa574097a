//! Which characters XML 1.0 allows, in documents and in names, and what it calls white space.

/// XML's white space (production `S`): not Unicode's.
pub(super) fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

/// The text without XML white space at its ends.
pub(in crate::http) fn trim(text: &str) -> &str {
    text.trim_matches(is_space)
}

/// Whether there is nothing but XML white space.
pub(super) fn is_blank(text: &str) -> bool {
    text.chars().all(is_space)
}

/// Splits a qualified name into prefix and local name, when it is one (production `QName`).
pub(super) fn split_qname(name: &str) -> Option<(Option<&str>, &str)> {
    let (prefix, local) = match name.split_once(':') {
        Some((prefix, local)) => (Some(prefix), local),
        None => (None, name),
    };
    (is_ncname(local) && prefix.is_none_or(is_ncname)).then_some((prefix, local))
}

/// Whether it is a name without colon (production `NCName`).
fn is_ncname(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(starts_name) && chars.all(continues_name)
}

/// Production `NameStartChar`, without the colon.
fn starts_name(c: char) -> bool {
    matches!(c,
        'A'..='Z' | '_' | 'a'..='z'
        | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}'
        | '\u{370}'..='\u{37d}' | '\u{37f}'..='\u{1fff}' | '\u{200c}'..='\u{200d}'
        | '\u{2070}'..='\u{218f}' | '\u{2c00}'..='\u{2fef}' | '\u{3001}'..='\u{d7ff}'
        | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}' | '\u{10000}'..='\u{effff}')
}

/// Production `NameChar`, without the colon.
fn continues_name(c: char) -> bool {
    starts_name(c)
        || matches!(c, '-' | '.' | '0'..='9' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}'..='\u{2040}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_split_only_when_both_parts_are_names() {
        assert_eq!(split_qname("Request"), Some((None, "Request")));
        assert_eq!(split_qname("s:Body"), Some((Some("s"), "Body")));
        assert_eq!(split_qname("é-1.x"), Some((None, "é-1.x")));
        for bad in ["", ":a", "a:", "a:b:c", "1a", "-a", "a b", "a/b", "a=", "\u{d7}", "a:1"] {
            assert_eq!(split_qname(bad), None, "{bad:?}");
        }
    }
}
