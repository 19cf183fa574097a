//! The memory backend keeps the contract of the log.

use std::sync::Arc;

use crmconf_events::commit::Commit;
use crmconf_events::log::conformance::{Backend, STORE};
use crmconf_events::log::{EventLog, MemoryLog};

struct Memory(MemoryLog);

impl Backend for Memory {
    fn create() -> Self {
        Self(MemoryLog::new(STORE))
    }

    fn open(&self) -> Arc<dyn EventLog> {
        Arc::new(self.0.clone())
    }

    fn forge(&self, commit: &Commit) {
        self.0.forge(commit.clone());
    }
}

crmconf_events::log_conformance!(Memory);
