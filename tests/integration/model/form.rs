//! What a request said, as far as its repetition is told from another by it. Passwords are told apart by their texts.

use super::command::{Command, Operation, Sent};
use super::pool::{COMMONS, CONFIGURATIONS, Place};

/// What a request said, for telling its repetition from another.
#[derive(Clone, Debug)]
pub struct Form {
    operation: Operation,
    place: Place,
    id: Option<String>,
    crm_type: Option<usize>,
    description: Option<usize>,
    expected_version: Option<u64>,
    /// Each part: absent, or what it says, which may be unreadable.
    parts: [Option<Option<&'static str>>; 2],
}

impl Form {
    pub fn repeats(&self, other: &Self) -> bool {
        // What cannot be read equals nothing.
        self.parts.iter().all(|part| *part != Some(None))
            && self.parts == other.parts
            && self.operation == other.operation
            && self.place == other.place
            && self.id == other.id
            && self.crm_type == other.crm_type
            && self.description == other.description
            && self.expected_version == other.expected_version
    }
}

/// A RequestKey that stands for something.
pub struct Used {
    pub account: usize,
    pub key: u8,
    pub form: Form,
    pub id: String,
    pub version: u64,
}

/// What this request says.
pub fn form(sent: &Sent) -> Form {
    let Command { operation, crm_type, description, configuration, common, .. } = sent.command;
    let (add, delete) = (operation == Operation::Add, operation == Operation::Delete);
    Form {
        operation,
        place: sent.place,
        id: (!add).then(|| sent.id.clone()),
        crm_type: crm_type.filter(|_| !delete),
        description: description.filter(|_| !delete),
        expected_version: sent.expected_version,
        parts: [
            configuration.filter(|_| !delete).map(|part| CONFIGURATIONS[part].said),
            common.filter(|_| !delete).map(|part| COMMONS[part].said),
        ],
    }
}
