//! Holds a response against what the corpus says must come, and takes the values that get names.

use super::template::{Template, Values, Verdict};
use super::tree::{Element, Name};

/// Properties whose values are never shown.
const SECRET_PROPERTIES: [&str; 3] = ["SessionID", "Nonce", "TransportKey"];

/// Longest part of a value that is shown.
const SHOWN_CHARS_MAX: usize = 200;

/// The first difference between what must come and what came.
#[derive(Debug, PartialEq, Eq)]
pub struct Difference {
    /// Where: a path of elements, or a header.
    pub place: String,
    /// What must come.
    pub expected: String,
    /// What came.
    pub came: String,
}

impl Difference {
    pub(super) fn new(
        place: impl Into<String>,
        expected: impl Into<String>,
        came: impl Into<String>,
    ) -> Self {
        Self { place: place.into(), expected: expected.into(), came: came.into() }
    }
}

/// Why two things are not equal: the corpus itself can be wrong as well.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unequal {
    /// They differ.
    Differs(Difference),
    /// A placeholder of the corpus cannot be understood or filled in.
    Corpus(String),
}

/// Holds an element against the one that must come.
pub(super) fn element(expected: &Element, came: &Element, values: &mut Values) -> Result<(), Unequal> {
    below(expected, came, &shown_name(&expected.name), values)
}

/// Holds one text against the one that must come. `is_secret`: whether what came may not be shown.
pub(super) fn text(
    place: &str,
    expected: &str,
    came: &str,
    is_secret: bool,
    values: &mut Values,
) -> Result<(), Unequal> {
    let template = Template::read(expected).map_err(Unequal::Corpus)?;
    match values.judge(&template, came).map_err(Unequal::Corpus)? {
        Verdict::Equal => Ok(()),
        Verdict::Named(name, kind) => {
            values.insert(&name, came, kind.is_secret());
            Ok(())
        }
        Verdict::Differs(expected) => {
            let came = if is_secret { "something else, not shown".to_owned() } else { shown(came, values) };
            Err(Unequal::Differs(Difference::new(place, cut(&expected), came)))
        }
    }
}

fn below(expected: &Element, came: &Element, place: &str, values: &mut Values) -> Result<(), Unequal> {
    let differs =
        |expected: String, came: String| Err(Unequal::Differs(Difference::new(place, expected, came)));
    if expected.name != came.name {
        return differs(told_name(&expected.name), told_name(&came.name));
    }
    let named = |element: &Element| element.attributes.keys().map(shown_name).collect::<Vec<_>>().join(", ");
    if !expected.attributes.keys().eq(came.attributes.keys()) {
        return differs(format!("attributes: {}", named(expected)), format!("attributes: {}", named(came)));
    }
    for ((name, expected), came) in expected.attributes.iter().zip(came.attributes.values()) {
        text(&format!("{place}/@{}", shown_name(name)), expected, came, false, values)?;
    }
    let is_secret = came.attribute("Name").is_some_and(|name| SECRET_PROPERTIES.contains(&name));
    text(place, &expected.text, &came.text, is_secret, values)?;
    for (number, child) in expected.children.iter().enumerate() {
        let place = format!("{place}/{}", step(child, number, &expected.children));
        match came.children.get(number) {
            Some(came) => below(child, came, &place, values)?,
            None => return Err(Unequal::Differs(Difference::new(place, "this element", "none"))),
        }
    }
    match came.children.get(expected.children.len()) {
        None => Ok(()),
        Some(more) => {
            let place = format!("{place}/{}", step(more, expected.children.len(), &came.children));
            Err(Unequal::Differs(Difference::new(place, "no further element", "this one")))
        }
    }
}

/// An element among its siblings: by its `Name` if it has one, and by its number where others are called alike.
fn step(element: &Element, number: usize, siblings: &[Element]) -> String {
    let mut step = shown_name(&element.name);
    if let Some(name) = element.attribute("Name") {
        step.push_str(&format!("[{name}]"));
    }
    let alike =
        |other: &&Element| other.name == element.name && other.attribute("Name") == element.attribute("Name");
    if siblings.iter().filter(alike).count() > 1 {
        let before = siblings.iter().take(number).filter(alike).count();
        step.push_str(&format!("[{}]", before + 1));
    }
    step
}

fn shown_name(name: &Name) -> String {
    name.local.clone()
}

fn told_name(name: &Name) -> String {
    match name.namespace.as_str() {
        "" => format!("the element {} in no namespace", name.local),
        namespace => format!("the element {} in the namespace {namespace}", name.local),
    }
}

fn shown(came: &str, values: &Values) -> String {
    cut(&format!("{:?}", values.shown(came)))
}

pub(super) fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARS_MAX) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}
