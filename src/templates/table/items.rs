//! The items of a table within their limits, and what a look finds in them.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::sync::Arc;

use crate::templates::TEMPLATE_BYTES_MAX;
use crate::templates::reload::{Content, Look};

/// Most items of a table.
const ITEMS_MAX: usize = 1_000;
/// Most bytes that the templates of a table may have together.
const TABLE_BYTES_MAX: usize = 32 * 1_024 * 1_024;

/// The attribute that is the key.
pub(super) const KEY: &str = "CRMType";
/// The attribute that holds the document.
pub(super) const TEMPLATE: &str = "Template";

/// An item as the table holds it.
pub(super) struct Item {
    /// Its key; `None` where there is no such string.
    pub(super) key: Option<String>,
    /// Its document.
    pub(super) template: Attribute,
}

/// What the attribute of the document holds.
pub(super) enum Attribute {
    /// A string.
    Text(String),
    /// Another kind of value.
    NotAString,
    /// The item has no such attribute.
    Missing,
}

/// The items of a table, as far as they were read.
#[derive(Default)]
pub(super) struct Items {
    documents: BTreeMap<OsString, Content>,
    bytes: usize,
}

impl Items {
    /// Takes one in.
    ///
    /// # Errors
    /// Why the table as a whole cannot be used.
    pub(super) fn take(&mut self, item: Item) -> Result<(), String> {
        let Item { key, template } = item;
        let key = key.ok_or_else(|| {
            format!("an item has no string attribute {KEY}: the table's key must be {KEY}, a string")
        })?;
        let content = match template {
            Attribute::Text(text) if text.len() > TEMPLATE_BYTES_MAX => {
                Err(format!("the template is {} bytes long, it may have {TEMPLATE_BYTES_MAX}", text.len()))
            }
            Attribute::Text(text) => {
                self.bytes = self.bytes.saturating_add(text.len());
                Ok(Arc::from(text))
            }
            Attribute::NotAString => Err(format!("the item's attribute {TEMPLATE} is no string")),
            Attribute::Missing => Err(format!("the item has no attribute {TEMPLATE}")),
        };
        if self.bytes > TABLE_BYTES_MAX {
            return Err(format!("its templates have more than {TABLE_BYTES_MAX} bytes together"));
        }
        let twice = Err(format!("more than one item has this {KEY}: it must be the table's only key"));
        let seen = self.documents.contains_key(OsStr::new(&key));
        self.documents.insert(key.into(), if seen { twice } else { content });
        if self.documents.len() > ITEMS_MAX {
            return Err(format!("it has more than {ITEMS_MAX} items"));
        }
        Ok(())
    }

    /// What a look that has seen all of them found.
    pub(super) fn look(self) -> Look {
        Look { device: 0, documents: self.documents }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(key: &str, template: Attribute) -> Item {
        Item { key: Some(key.to_owned()), template }
    }

    fn text(bytes: usize) -> Attribute {
        Attribute::Text("x".repeat(bytes))
    }

    fn content(items: Items, key: &str) -> Content {
        items.look().documents.remove(OsStr::new(key)).unwrap()
    }

    #[test]
    fn a_bad_item_is_refused_alone_and_says_why() {
        let cases = [
            (Attribute::Missing, "the item has no attribute Template"),
            (Attribute::NotAString, "the item's attribute Template is no string"),
            (text(TEMPLATE_BYTES_MAX + 1), "the template is 131073 bytes long, it may have 131072"),
        ];
        for (attribute, why) in cases {
            let mut items = Items::default();
            items.take(item("A", attribute)).unwrap();
            items.take(item("B", text(TEMPLATE_BYTES_MAX))).unwrap();
            assert_eq!(items.documents.len(), 2);
            assert!(items.documents.get(OsStr::new("B")).unwrap().is_ok());
            assert_eq!(content(items, "A"), Err(why.to_owned()));
        }
    }

    #[test]
    fn of_a_key_that_comes_twice_nobody_can_say_which_item_counts() {
        let mut items = Items::default();
        items.take(item("A", text(1))).unwrap();
        items.take(item("A", text(2))).unwrap();
        assert!(content(items, "A").unwrap_err().contains("more than one item has this CRMType"));
    }

    #[test]
    fn a_table_with_another_key_or_past_a_limit_is_refused_as_a_whole() {
        let mut items = Items::default();
        let other = items.take(Item { key: None, template: text(1) }).unwrap_err();
        assert!(other.contains("the table's key must be CRMType"), "{other}");

        for number in 0..ITEMS_MAX {
            items.take(item(&number.to_string(), text(1))).unwrap();
        }
        assert_eq!(items.take(item("more", text(1))).unwrap_err(), "it has more than 1000 items");

        let mut items = Items::default();
        for number in 0..TABLE_BYTES_MAX / TEMPLATE_BYTES_MAX {
            items.take(item(&number.to_string(), text(TEMPLATE_BYTES_MAX))).unwrap();
        }
        assert!(items.take(item("more", text(1))).unwrap_err().contains("more than 33554432 bytes"));
    }
}
