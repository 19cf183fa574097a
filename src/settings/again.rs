//! `Again`: reads the settings a second time, as they were read at the start, for what may change while the server runs.

use std::fmt;
use std::path::PathBuf;

use super::table::Setting;
use super::{Environment, MasterKeySources, Settings, SettingsError, Values};

/// What the settings were gathered from: the file may say something else by now.
pub struct Again {
    config: Option<PathBuf>,
    environment: Environment,
    flags: Vec<(&'static Setting, String)>,
    demo: bool,
}

impl Again {
    pub(crate) fn new(
        config: Option<PathBuf>,
        environment: &Environment,
        flags: &[(&'static Setting, String)],
        demo: bool,
    ) -> Self {
        Self { config, environment: environment.clone(), flags: flags.to_vec(), demo }
    }

    /// Where the master keys are now.
    ///
    /// # Errors
    /// What `serve` would say of the same file, environment and flags.
    pub fn master_keys(&self) -> Result<MasterKeySources, SettingsError> {
        let values = Values::collect(self.config.as_deref(), &self.environment, &self.flags)?;
        Settings::from_values(&values, self.demo).map(|settings| settings.master_keys())
    }
}

/// The environment may hold a master key: nothing of it is shown.
impl fmt::Debug for Again {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Again").field("config", &self.config).finish_non_exhaustive()
    }
}
