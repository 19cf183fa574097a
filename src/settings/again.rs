//! `Again`: reads the settings a second time, as they were read at the start, for what may change while the server runs.

use std::fmt;
use std::path::PathBuf;

use super::master_key::key_variables;
use super::table::Setting;
use super::values::PREFIX;
use super::{Environment, MasterKeySources, Settings, SettingsError, Values};

/// What the settings were gathered from: the file may say something else by now.
pub struct Again {
    config: Option<PathBuf>,
    /// The variables that are settings. Of those that hold keys nothing is kept: it could not be overwritten.
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
        let (values, _) = Values::gather(config.as_deref(), environment, flags);
        let keys = key_variables(&values);
        let ours = environment.iter().filter(|(name, _)| name.starts_with(PREFIX) && !keys.contains(name));
        let environment = ours.map(|(name, value)| (name.clone(), value.clone())).collect();
        Self { config, environment, flags: flags.to_vec(), demo }
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

/// Variables and flags may hold a command's arguments, which may be secret: nothing of them is shown.
impl fmt::Debug for Again {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Again").field("config", &self.config).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::super::MasterKeySource;
    use super::super::table::DATA;
    use super::*;

    #[test]
    fn only_settings_are_kept_of_the_environment_and_no_key() {
        let canary = "5c".repeat(32);
        let environment = Environment::from(
            [
                ("CRMCONF_FURTHER_MASTER_KEYS", "env:OTHER_KEY env:CRMCONF_OLD"),
                ("CRMCONF_MASTER_KEY_ENV", "CRMCONF_KEY"),
                ("CRMCONF_KEY", &canary),
                ("CRMCONF_OLD", &canary),
                ("OTHER_KEY", &canary),
                ("AWS_SECRET_ACCESS_KEY", "canary"),
            ]
            .map(|(name, value)| (name.to_owned(), value.into())),
        );
        let again = Again::new(None, &environment, &[(&DATA, "/nowhere/data".to_owned())], false);
        let kept: Vec<_> = again.environment.keys().map(String::as_str).collect();
        assert_eq!(kept, ["CRMCONF_FURTHER_MASTER_KEYS", "CRMCONF_MASTER_KEY_ENV"]);
        let named = |name: &str| MasterKeySource::Environment(name.into());
        let expected = MasterKeySources {
            current: named("CRMCONF_KEY"),
            further: vec![named("OTHER_KEY"), named("CRMCONF_OLD")],
        };
        assert_eq!(again.master_keys().unwrap(), expected, "and the settings say the same as before");
    }
}
