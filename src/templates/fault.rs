//! `PartFault`: which field of a part breaks which rule, without any value of the part.

use std::collections::BTreeSet;

use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use jsonschema::paths::LocationSegment;
use jsonschema::{ValidationError, Validator};
use serde_json::Value;
use thiserror::Error;

/// Longest part of a name or pattern that a message shows, in Unicode scalar values.
const SHOWN_CHARS_MAX: usize = 64;

/// The first fault of a part. Its message names the field (JSON pointer) and the rule; values are never in it, since
/// any of them may be a password that stands in the wrong place. Names of fields are shown, cut when long.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Error)]
#[error("{}{rule}", if pointer.is_empty() { String::new() } else { format!("{pointer}: ") })]
pub struct PartFault {
    pointer: String,
    rule: String,
}

impl PartFault {
    /// A fault of the part itself.
    pub(super) fn whole(rule: &str) -> Self {
        Self { pointer: String::new(), rule: rule.to_owned() }
    }

    /// A fault of a top-level field.
    #[must_use]
    pub fn field(name: &str, rule: &str) -> Self {
        Self { pointer: format!("/{}", segment(name)), rule: rule.to_owned() }
    }

    /// The field, as a JSON pointer (RFC 6901) with long names cut; empty for the part itself.
    #[must_use]
    pub fn pointer(&self) -> &str {
        &self.pointer
    }

    /// Whether it is at a top-level field, or within it.
    pub(super) fn is_at(&self, name: &str) -> bool {
        let rest = self.pointer.strip_prefix('/').and_then(|rest| rest.strip_prefix(segment(name).as_str()));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// The keyword of the rule, and what it allows.
    #[must_use]
    pub fn rule(&self) -> &str {
        &self.rule
    }
}

/// Validates, and finds the fault that stands first in the order of pointers.
pub(super) fn first_fault(validator: &Validator, instance: &Value) -> Result<(), PartFault> {
    if validator.is_valid(instance) {
        return Ok(());
    }
    let faults = faults(validator, instance, |kind, refused| rule(kind, refused).into_iter().collect());
    let first = faults.into_iter().min_by(|(a_vague, a), (b_vague, b)| {
        (&a.pointer, a_vague, &a.rule).cmp(&(&b.pointer, b_vague, &b.rule))
    });
    Err(first.map_or_else(|| PartFault::whole(UNSAID), |(_, fault)| fault))
}

/// Validates, and finds every fault; of what says little at a place only what no other fault there explains.
pub(super) fn every_fault(validator: &Validator, instance: &Value) -> BTreeSet<PartFault> {
    if validator.is_valid(instance) {
        return BTreeSet::new();
    }
    let (vague, clear): (Vec<_>, Vec<_>) =
        faults(validator, instance, rules).into_iter().partition(|(vague, _)| *vague);
    let mut every: BTreeSet<PartFault> = clear.into_iter().map(|(_, fault)| fault).collect();
    let explained: BTreeSet<String> = every.iter().map(|fault| fault.pointer.clone()).collect();
    every.extend(
        vague.into_iter().map(|(_, fault)| fault).filter(|fault| !explained.contains(&fault.pointer)),
    );
    if every.is_empty() {
        every.insert(PartFault::whole(UNSAID));
    }
    every
}

/// Where the validator refuses a part and gives no reason that can be told.
const UNSAID: &str = "does not fit the template";

/// Every fault with whether it is vague, in the words that `told` has for a kind of error, given which fields are refused
/// by themselves.
fn faults(
    validator: &Validator,
    instance: &Value,
    told: impl Fn(&Kind, &dyn Fn(&str) -> bool) -> Vec<String>,
) -> Vec<(bool, PartFault)> {
    let errors: Vec<ValidationError<'_>> = validator.iter_errors(instance).collect();
    let pointers: Vec<String> = errors.iter().map(pointer).collect();
    let standing: BTreeSet<&str> = pointers.iter().map(String::as_str).collect();
    let faults = errors.iter().zip(&pointers).flat_map(|(error, pointer)| {
        // A field whose value is refused counts as unevaluated too; the refusal says more. Looked up, not searched for:
        // a part may have tens of thousands of faults.
        let refused = |name: &str| {
            let field = format!("{pointer}/{}", segment(name));
            let below = format!("{field}/");
            standing.contains(field.as_str())
                || standing.range(below.as_str()..).next().is_some_and(|other| other.starts_with(&below))
        };
        // A value that the rules refuse is not evaluated, and so it seems not to be allowed at all: the rule says more.
        let vague = matches!(error.kind(), Kind::FalseSchema);
        let fault = |rule| (vague, PartFault { pointer: pointer.clone(), rule });
        told(error.kind(), &refused).into_iter().map(fault).collect::<Vec<_>>()
    });
    faults.collect()
}

/// The rule in words, once for each field that the template does not know.
fn rules(kind: &Kind, refused: &dyn Fn(&str) -> bool) -> Vec<String> {
    let (Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected }) = kind
    else {
        return rule(kind, refused).into_iter().collect();
    };
    let names = unexpected.iter().filter(|name| !refused(name));
    names.map(|name| format!("{}: {}", keyword(kind), no_field(name))).collect()
}

fn no_field(name: &str) -> String {
    format!("the template has no field \"{}\"", shown(name))
}

fn pointer(error: &ValidationError<'_>) -> String {
    let segments = error.instance_path().segments().map(|part| match part {
        LocationSegment::Property(name) => format!("/{}", segment(&name)),
        LocationSegment::Index(index) => format!("/{index}"),
    });
    segments.collect()
}

/// A name as it stands in a pointer, cut when long.
fn segment(name: &str) -> String {
    shown(name).replace('~', "~0").replace('/', "~1")
}

fn shown(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN_CHARS_MAX).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

/// The rule in words: its keyword and what the template allows. Only what comes from the template is shown, and names
/// of fields. `None` when the fault is only the shadow of another one.
pub(super) fn rule(kind: &Kind, refused: impl Fn(&str) -> bool) -> Option<String> {
    let words = match kind {
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            let name = unexpected.iter().filter(|name| !refused(name)).min()?;
            no_field(name)
        }
        Kind::Type { kind } => format!("must be {}", types(kind)),
        Kind::Required { property } => {
            format!("the field \"{}\" is missing", shown(property.as_str().unwrap_or_default()))
        }
        Kind::Enum { .. } => "is not one of the allowed values".to_owned(),
        Kind::Constant { .. } => "is not the one allowed value".to_owned(),
        Kind::Format { format } => format!("must be of the form {}", shown(format)),
        Kind::Pattern { pattern } => format!("must match {}", shown(pattern)),
        Kind::Minimum { limit } => format!("must be at least {limit}"),
        Kind::Maximum { limit } => format!("must be at most {limit}"),
        Kind::ExclusiveMinimum { limit } => format!("must be more than {limit}"),
        Kind::ExclusiveMaximum { limit } => format!("must be less than {limit}"),
        Kind::MultipleOf { multiple_of } => format!("must be a multiple of {multiple_of}"),
        Kind::MinLength { limit } => format!("must have at least {limit} characters"),
        Kind::MaxLength { limit } => format!("must have at most {limit} characters"),
        Kind::MinItems { limit } => format!("must have at least {limit} items"),
        Kind::MaxItems { limit } => format!("must have at most {limit} items"),
        Kind::AdditionalItems { limit } => format!("must have at most {limit} items"),
        Kind::MinProperties { limit } => format!("must have at least {limit} fields"),
        Kind::MaxProperties { limit } => format!("must have at most {limit} fields"),
        Kind::UniqueItems => "must not hold an item twice".to_owned(),
        Kind::UnevaluatedItems { .. } => "holds items that the template does not know".to_owned(),
        Kind::Contains => "must hold an item of the kind that the template asks for".to_owned(),
        Kind::PropertyNames { error } => {
            format!("the name of a field breaks the rule {}", error.kind().keyword())
        }
        Kind::FalseSchema => "is not allowed here".to_owned(),
        Kind::AnyOf { .. } | Kind::OneOfNotValid { .. } => "fits none of the allowed forms".to_owned(),
        Kind::OneOfMultipleValid { .. } => "fits several forms of which only one may fit".to_owned(),
        Kind::Not { .. } => "fits a form that is not allowed".to_owned(),
        Kind::ContentEncoding { .. }
        | Kind::ContentMediaType { .. }
        | Kind::FromUtf8 { .. }
        | Kind::BacktrackLimitExceeded { .. }
        | Kind::RegexEngineFailure { .. }
        | Kind::Custom { .. }
        | Kind::Referencing(_) => "could not be checked".to_owned(),
    };
    Some(format!("{}: {words}", keyword(kind)))
}

/// The keyword. A key that only our closing refuses is told under the keyword that people know.
fn keyword(kind: &Kind) -> &str {
    if matches!(kind, Kind::UnevaluatedProperties { .. }) { "additionalProperties" } else { kind.keyword() }
}

fn types(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(kind) => kind.as_str().to_owned(),
        TypeKind::Multiple(kinds) => kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(" or "),
    }
}
