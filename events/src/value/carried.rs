//! Which texts XML 1.0 can carry: what it cannot is refused at the border, or no answer could show it.

/// Bytes that are looked at together: one comparison of a whole vector register, whatever its width.
const CHUNK_BYTES: usize = 64;

/// Whether XML 1.0 can carry every character of the text (production `Char` of the specification).
#[must_use]
pub fn xml_can_carry(text: &str) -> bool {
    first_not_carried(text).is_none()
}

/// The offset of the first character that XML 1.0 cannot carry.
#[must_use]
pub fn first_not_carried(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    // Almost every chunk holds no byte that could be part of such a character, and is passed at once.
    let doubtful = |(_, chunk): &(usize, &[u8])| {
        chunk.iter().fold(false, |found, &byte| found | (byte < b' ') | (byte == 0xef))
    };
    let chunks = (0..).step_by(CHUNK_BYTES).zip(bytes.chunks(CHUNK_BYTES));
    chunks.filter(doubtful).find_map(|(start, chunk)| {
        let within = |&at: &usize| !is_carried_at(bytes, at);
        (start..start + chunk.len()).find(within)
    })
}

/// Whether XML 1.0 can carry the character (production `Char`). Surrogates are no `char` of Rust.
#[must_use]
pub const fn is_carried(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{fffd}' | '\u{10000}'..)
}

/// Whether the character whose first byte stands there can be carried. U+FFFE and U+FFFF, the only ones outside ASCII
/// that cannot, are EF BF BE and EF BF BF: bytes are enough.
fn is_carried_at(bytes: &[u8], at: usize) -> bool {
    match bytes.get(at) {
        Some(b'\t' | b'\n' | b'\r') | None => true,
        Some(0xef) => !matches!(bytes.get(at + 1..at + 3), Some([0xbf, 0xbe | 0xbf])),
        Some(&byte) => byte >= b' ',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_byte_scan_agrees_with_the_definition_for_every_character() {
        for c in '\0'..=char::MAX {
            let text = format!("a{c}b");
            assert_eq!(first_not_carried(&text), (!is_carried(c)).then_some(1), "{c:?}");
        }
    }

    #[test]
    fn the_place_of_a_character_does_not_matter() {
        for bad in ["\0", "\u{1f}", "\u{fffe}", "\u{ffff}"] {
            for before in 0..3 * CHUNK_BYTES {
                let text = format!("{}\n\u{ffef}{bad}{bad}é", "x".repeat(before));
                assert_eq!(first_not_carried(&text), Some(before + 4), "{bad:?} behind {before}");
            }
        }
    }
}
