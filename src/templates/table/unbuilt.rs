//! What stands in the place of a table where the program is built without the AWS SDK.

use std::fmt;
use std::time::Duration;

use crate::settings::{TableSettings, WITHOUT_DYNAMODB};
use crate::templates::reload::{Documents, Look};
use crate::templates::watched::Looks;

/// A table that cannot be reached. The settings refuse it before anything looks at it.
pub(super) struct Table(TableSettings);

impl Table {
    pub(super) const fn new(settings: TableSettings) -> Self {
        Self(settings)
    }
}

impl Looks for Table {
    fn documents(&self) -> Documents {
        Documents::Items
    }

    fn interval(&self) -> Duration {
        self.0.refresh.value
    }

    fn look(&mut self) -> Result<Look, String> {
        Err(WITHOUT_DYNAMODB.to_owned())
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DynamoDB table {:?}", self.0.table.value)
    }
}
