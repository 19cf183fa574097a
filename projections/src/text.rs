//! How texts are compared: folded for search, by collation for sort.

use icu_casemap::CaseMapper;
use icu_collator::options::{AlternateHandling, CollatorOptions, Strength};
use icu_collator::{CollatorBorrowed, CollatorPreferences};
use icu_normalizer::ComposingNormalizer;

/// Folds a text for search: NFC, full default case folding (`ß` becomes `ss`), NFC.
///
/// Full case folding is that of the Unicode Standard, section 3.13, rule R4 (toCasefold).
pub(crate) fn fold(text: &str) -> String {
    if text.is_ascii() {
        // The same, and many times quicker.
        return text.to_ascii_lowercase();
    }
    let normalizer = const { ComposingNormalizer::new_nfc() };
    let folded = const { CaseMapper::new() }.fold_string(&normalizer.normalize(text)).into_owned();
    normalizer.normalize(&folded).into_owned()
}

/// Makes sort keys by the CLDR root collation, tertiary strength, non-ignorable.
pub(crate) struct Collation(CollatorBorrowed<'static>);

impl Collation {
    /// The root collation; `None` if its data were missing from the build, which compiled data rule out.
    pub(crate) fn root() -> Option<Self> {
        let mut options = CollatorOptions::default();
        options.strength = Some(Strength::Tertiary);
        options.alternate_handling = Some(AlternateHandling::NonIgnorable);
        icu_collator::Collator::try_new(CollatorPreferences::default(), options).ok().map(Self)
    }

    /// The text's sort key: compare keys as bytes, then texts by code points.
    pub(crate) fn key(&self, text: &str) -> Box<[u8]> {
        let mut key = Vec::new();
        let Ok(()) = self.0.write_sort_key_to(text, &mut key);
        key.into_boxed_slice()
    }
}

/// A text with its sort key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sortable {
    key: Box<[u8]>,
    text: Box<str>,
}

impl Sortable {
    /// Makes the text's key.
    #[must_use]
    pub fn new(text: &str) -> Self {
        thread_local! {
            static ROOT: Option<Collation> = Collation::root();
        }
        let key = ROOT.with(|root| root.as_ref().map_or_else(Box::default, |root| root.key(text)));
        Self { key, text: text.into() }
    }

    /// The text.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_is_full_and_normalising() {
        assert_eq!(fold("Straße"), fold("STRASSE"));
        assert_eq!(fold("e\u{301}"), fold("É"));
        assert_eq!(fold("ΣΊΣΥΦΟΣ"), fold("σίσυφος"));
        assert_eq!(fold(" a "), " a ");
        let ascii: String = ('\0'..='\x7f').collect();
        // With one character more, the long way is taken.
        assert_eq!(fold(&ascii) + "ss", fold(&(ascii + "ß")));
    }

    #[test]
    fn texts_sort_by_the_root_collation_then_by_code_points() {
        // An accent is a secondary difference, a space a primary one: "ä" stands before "a b".
        let mut texts = ["b", "a b", "ab", "B", "ä", "a", "A", "z", "é", "e\u{301}", "f", "10", "9", "", "-"];
        texts.sort_by_key(|text| Sortable::new(text));
        assert_eq!(
            texts,
            ["", "-", "10", "9", "a", "A", "ä", "a b", "ab", "b", "B", "e\u{301}", "é", "f", "z"]
        );
    }
}
