//! The local backend keeps the contract of the log: with sled in a folder, and on a simulated disk.

use std::path::Path;
use std::sync::Arc;

use crmconf_events::disk::Disk;
use crmconf_events::disk::sim::SimDisk;
use crmconf_events::log::conformance::{Backend, STORE};
use crmconf_events::log::{EventLog, LocalLog, LocalOptions, MemoryStore};
use tempfile::TempDir;

mod real {
    use super::*;

    struct Real(TempDir);

    impl Backend for Real {
        fn create() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        fn open(&self) -> Arc<dyn EventLog> {
            let options = LocalOptions::default();
            if LocalLog::exists(self.0.path()).unwrap() {
                Arc::new(LocalLog::open(self.0.path(), options, &mut |_| {}).unwrap().0)
            } else {
                Arc::new(LocalLog::create(self.0.path(), STORE, options).unwrap())
            }
        }
    }

    crmconf_events::log_conformance!(Real);
}

mod simulated {
    use super::*;

    struct Simulated {
        disk: Arc<dyn Disk>,
        reads: MemoryStore,
    }

    impl Backend for Simulated {
        fn create() -> Self {
            let disk = SimDisk::new();
            disk.create_folder(Path::new("/data")).unwrap();
            Self { disk: Arc::new(disk), reads: MemoryStore::default() }
        }

        fn open(&self) -> Arc<dyn EventLog> {
            let options = LocalOptions::default();
            let data = Path::new("/data");
            if LocalLog::exists_on(&self.disk, data).unwrap() {
                Arc::new(LocalLog::open_on(&self.disk, data, &self.reads, options).unwrap().0)
            } else {
                Arc::new(LocalLog::create_on(&self.disk, data, &self.reads, STORE, options).unwrap())
            }
        }
    }

    crmconf_events::log_conformance!(Simulated);
}
