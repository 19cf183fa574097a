//! What can be out of place in a well-formed request. These texts reach clients.

use std::fmt;

use thiserror::Error;

use super::super::{Position, ShownName};

/// The order in which faults are answered, first to last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FaultCategory {
    /// An element or attribute that does not exist there.
    Unknown,
    /// Something that may be there once, again.
    Twice,
    /// Anything else that is not as it should be.
    Malformed,
}

/// What is out of place.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum StructureRule {
    /// An element that the API does not have there.
    #[error("unknown element {name} in `{parent}`")]
    UnknownElement {
        /// The element, as written.
        name: ShownName,
        /// What it stands in.
        parent: &'static str,
    },
    /// An element in another namespace than the request.
    #[error("element {name} in `{parent}` is not in the namespace of its `Request`")]
    WrongNamespace {
        /// The element, as written.
        name: ShownName,
        /// What it stands in.
        parent: &'static str,
    },
    /// An attribute that the API does not have there.
    #[error("unknown attribute {name} of `{element}`")]
    UnknownAttribute {
        /// The attribute, as written.
        name: ShownName,
        /// What it is given to.
        element: &'static str,
    },
    /// An element that may be there once, again.
    #[error("element `{0}` is given twice")]
    ElementTwice(&'static str),
    /// A property whose name was there before, in the same parent.
    #[error("property {name} is given twice in `{parent}`")]
    PropertyTwice {
        /// The property.
        name: ShownName,
        /// What both stand in.
        parent: &'static str,
    },
    /// Text where only elements may stand.
    #[error("text in `{0}`, where only elements may stand")]
    TextInside(&'static str),
    /// An element where only text may stand.
    #[error("an element in `{0}`, where only text may stand; markup in a value is escaped or in CDATA")]
    ElementInside(&'static str),
    /// A property without a name, or with an empty one.
    #[error("a `Property` has no `Name`")]
    PropertyWithoutName,
    /// A container in a container.
    #[error("a `Container` in a `Container`")]
    NestedContainer,
    /// `xsi:nil` on the request itself.
    #[error("`Request` cannot be nil")]
    NilRequest,
    /// `xsi:nil` with another value than a boolean.
    #[error("`xsi:nil` of `{0}` is neither true nor false")]
    BadNil(&'static str),
    /// An element with `xsi:nil="true"` and content.
    #[error("`{0}` is nil but not empty")]
    NilWithContent(&'static str),
}

impl StructureRule {
    /// When it is answered.
    #[must_use]
    pub fn category(&self) -> FaultCategory {
        match self {
            Self::UnknownElement { .. } | Self::WrongNamespace { .. } | Self::UnknownAttribute { .. } => {
                FaultCategory::Unknown
            }
            Self::ElementTwice(_) | Self::PropertyTwice { .. } => FaultCategory::Twice,
            Self::TextInside(_)
            | Self::ElementInside(_)
            | Self::PropertyWithoutName
            | Self::NestedContainer
            | Self::NilRequest
            | Self::BadNil(_)
            | Self::NilWithContent(_) => FaultCategory::Malformed,
        }
    }
}

/// Something out of place in a well-formed request: answered with 10108 after the session was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StructureFault {
    /// What.
    pub rule: StructureRule,
    /// Where.
    pub position: Position,
}

impl StructureFault {
    /// When it is answered.
    #[must_use]
    pub fn category(&self) -> FaultCategory {
        self.rule.category()
    }
}

impl fmt::Display for StructureFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.position, self.rule)
    }
}
