//! Projections: pure folds of envelopes into read models, and the engine that answers List from them.
//!
//! A projection takes in every envelope of the log in order, does no IO and cannot fail on a well-formed event. The
//! read models are persistent maps: a clone is a view of one instant that later events do not touch, so that readers
//! hold no lock and a List's rows and total belong together.
//!
//! Not here: where envelopes come from (`crmconf-events`), how answers look in XML (the root crate), and anything
//! that could open a sealed value.
//!
//! ```
//! use crmconf_projections::{Projector, ReadModel};
//! let projector = Projector::default();
//! assert_eq!(projector.last(), None);
//! assert_eq!(projector.view().configurations.len(), 0);
//! ```

mod accounts;
mod configurations;
mod directory;
mod dump;
pub mod list;
mod projection;
mod projector;
mod retired;
mod templates;
mod text;

pub use accounts::{Account, Accounts, OwnChange};
pub use configurations::{Configuration, Configurations};
pub use directory::{Descriptions, Directory, EntryText};
pub use projection::Projection;
pub use projector::{OutOfStep, Projector, ReadModel};
pub use retired::{Retired, RetiredConfiguration};
pub use templates::{RecordedTemplate, Templates};
pub use text::Sortable;
