//! References in XML as a client reads it: by `commands` and `conformance`, which take what any server sends. (The server's own
//! reader is stricter, in `http/xml`.)

use quick_xml::events::BytesRef;

/// What a reference stands for; `None` for one to a character or an entity that there is not.
pub(crate) fn resolved(reference: &BytesRef<'_>) -> Option<String> {
    if let Some(character) = reference.resolve_char_ref().ok()? {
        return Some(character.to_string());
    }
    quick_xml::escape::resolve_predefined_entity(&reference.xml10_content()).map(str::to_owned)
}
