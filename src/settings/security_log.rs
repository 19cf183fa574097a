//! Where the security log goes, and how much of it is kept.

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use super::error::SettingsError;
use super::values::Values;
use super::{Source, Sourced, plain, table};
use crate::security_log::FileOptions;
use crate::store::OWN_NAMES;

/// The word that turns the security log off; a file of this name is `./off`.
const OFF: &str = "off";

/// Where the security log goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecurityLogPlace {
    /// Nowhere.
    Off,
    /// To this file, and those beside it with a number added.
    File(PathBuf),
}

/// The settings of the security log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecurityLogSettings {
    /// Where it goes.
    pub place: Sourced<SecurityLogPlace>,
    /// How many bytes a file may have.
    pub bytes_max: Sourced<u64>,
    /// How many older files are kept.
    pub files_max: Sourced<NonZeroU32>,
}

impl SecurityLogSettings {
    /// What is said about the security log of the store in `data`. For the demo only the flag counts, as for its data
    /// folder: file and environment name the log of a real store.
    pub(crate) fn of(values: &Values, data: &Path, demo: bool) -> Result<Self, SettingsError> {
        let named: Option<Sourced<PathBuf>> = values.optional(&table::SECURITY_LOG)?;
        let named = named.filter(|named| !demo || matches!(named.source, Source::Flag(_)));
        let place = named.map(|named| {
            named.map(|path| match path.to_str() {
                Some(OFF) => SecurityLogPlace::Off,
                Some(_) | None => SecurityLogPlace::File(path),
            })
        });
        let place = place.unwrap_or_else(|| Sourced {
            value: SecurityLogPlace::File(data.join(SECURITY_LOG_FILE)),
            source: Source::Default,
        });
        refuse_store_files(&place, data)?;
        Ok(Self {
            place,
            bytes_max: values.required(&table::SECURITY_LOG_SIZE)?.map(|mib: u64| mib << 20),
            files_max: values.required(&table::SECURITY_LOG_FILES)?,
        })
    }

    /// What to open; `None` where it is off.
    #[must_use]
    pub fn file_options(&self) -> Option<FileOptions> {
        match &self.place.value {
            SecurityLogPlace::Off => None,
            SecurityLogPlace::File(path) => Some(FileOptions {
                path: path.clone(),
                bytes_max: self.bytes_max.value,
                files_max: self.files_max.value.get(),
            }),
        }
    }
}

/// The security log's file, in the data folder, where nothing names another.
pub(crate) const SECURITY_LOG_FILE: &str = "security.log";

/// Refuses the store's own files and folders: what stands there is told from what does not belong there.
fn refuse_store_files(place: &Sourced<SecurityLogPlace>, data: &Path) -> Result<(), SettingsError> {
    let SecurityLogPlace::File(path) = &place.value else { return Ok(()) };
    let (file, folder) = (plain(path), plain(data));
    let Ok(within) = file.strip_prefix(&folder) else { return Ok(()) };
    let first = within.components().next().map(|part| part.as_os_str().to_string_lossy().into_owned());
    if !first.is_none_or(|first| OWN_NAMES.contains(&first.as_str())) {
        return Ok(());
    }
    Err(SettingsError::Contradiction(format!(
        "security_log ({}) is {}, which belongs to the store in {}: name a file beside those of the store, such as {}, \
         or elsewhere",
        place.source,
        path.display(),
        data.display(),
        data.join(SECURITY_LOG_FILE).display()
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Environment;
    use crate::settings::table::Setting;

    fn settings(
        env: &[(&str, &str)],
        flags: &[(&'static Setting, &str)],
        demo: bool,
    ) -> Result<SecurityLogSettings, String> {
        let environment: Environment =
            env.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
        let flags: Vec<_> = flags.iter().map(|(setting, text)| (*setting, (*text).to_owned())).collect();
        Values::collect(None, &environment, &flags)
            .and_then(|values| SecurityLogSettings::of(&values, Path::new("/srv/store"), demo))
            .map_err(|error| error.to_string())
    }

    fn file(path: &str) -> SecurityLogPlace {
        SecurityLogPlace::File(PathBuf::from(path))
    }

    #[test]
    fn the_default_is_a_file_in_the_data_folder_that_is_kept_within_limits() {
        let settings = settings(&[], &[], false).unwrap();
        assert_eq!(
            settings.place,
            Sourced { value: file("/srv/store/security.log"), source: Source::Default }
        );
        let options = settings.file_options().unwrap();
        assert_eq!((options.bytes_max, options.files_max), (16 << 20, 10));
    }

    #[test]
    fn another_file_can_be_named_and_the_word_off_turns_it_off() {
        let env = [("CRMCONF_SECURITY_LOG", "/var/log/crmconf/security.log")];
        let named = settings(&env, &[(&table::SECURITY_LOG_SIZE, "1")], false).unwrap();
        assert_eq!(named.file_options().unwrap().path, Path::new("/var/log/crmconf/security.log"));
        assert_eq!(named.bytes_max.value, 1 << 20);
        let off = settings(&env, &[(&table::SECURITY_LOG, "off")], false).unwrap();
        assert_eq!((&off.place.value, off.file_options()), (&SecurityLogPlace::Off, None));
        let named = settings(&[], &[(&table::SECURITY_LOG, "./off")], false).unwrap();
        assert_eq!(named.place.value, file("./off"));
    }

    #[test]
    fn the_demo_does_not_write_to_the_log_of_a_real_store() {
        let env = [("CRMCONF_SECURITY_LOG", "/var/log/crmconf/security.log")];
        assert_eq!(settings(&env, &[], true).unwrap().place.value, file("/srv/store/security.log"));
        let flag = [(&table::SECURITY_LOG, "/tmp/demo.log")];
        assert_eq!(settings(&env, &flag, true).unwrap().place.value, file("/tmp/demo.log"));
    }

    #[test]
    fn files_and_folders_of_the_store_are_refused() {
        for path in
            ["/srv/store", "/srv/store/lock", "/srv/store/journal/x.log", "/srv/other/../store/vault/x"]
        {
            let message = settings(&[], &[(&table::SECURITY_LOG, path)], false).unwrap_err();
            assert!(message.contains("which belongs to the store in /srv/store"), "{path}: {message}");
        }
        for path in ["/srv/store/audit.log", "/srv/store/logs/audit.log", "/srv/audit.log"] {
            assert!(settings(&[], &[(&table::SECURITY_LOG, path)], false).is_ok(), "{path}");
        }
    }
}
