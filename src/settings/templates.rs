//! Where templates come from: built in, a folder or a DynamoDB table, and what is told of the table.

use std::path::PathBuf;
use std::time::Duration;

use super::{Settings, SettingsError, Sourced, Values, table};

/// What a program says that was built without the SDK of DynamoDB.
pub const WITHOUT_DYNAMODB: &str =
    "this crmconf was built without the feature `dynamodb`: rebuild it with `--features dynamodb`";

/// Where a table of templates is, and how often it is read. Credentials are found by the SDK alone, and are no setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableSettings {
    /// Its name, or its ARN.
    pub table: Sourced<String>,
    /// The region; what the SDK finds where it is absent.
    pub region: Option<Sourced<String>>,
    /// The address of another service than that region's; what the SDK finds where it is absent.
    pub endpoint: Option<Sourced<String>>,
    /// Time between two readings.
    pub refresh: Sourced<Duration>,
}

/// The source of templates that is chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TemplatesPlace {
    /// Those that come with the program.
    BuiltIn,
    /// A folder.
    Folder(PathBuf),
    /// A table.
    Table(TableSettings),
}

impl TableSettings {
    /// The table, if one is set.
    pub(super) fn of(values: &Values) -> Result<Option<Self>, SettingsError> {
        let refresh = values.required(&table::TEMPLATES_TABLE_REFRESH)?.map(Duration::from_secs);
        let region = values.optional(&table::TEMPLATES_TABLE_REGION)?;
        let endpoint = values.optional(&table::TEMPLATES_TABLE_ENDPOINT)?;
        let table = values.optional(&table::TEMPLATES_TABLE)?;
        Ok(table.map(|table| Self { table, region, endpoint, refresh }))
    }
}

impl Settings {
    /// Where templates come from.
    #[must_use]
    pub fn templates(&self) -> TemplatesPlace {
        match (&self.templates_folder, &self.templates_table) {
            (Some(folder), _) => TemplatesPlace::Folder(folder.value.clone()),
            (None, Some(table)) => TemplatesPlace::Table(table.clone()),
            (None, None) => TemplatesPlace::BuiltIn,
        }
    }

    /// Templates come from one place, since nobody could say which of two counts; and from a table only where the program
    /// can reach one.
    pub(super) fn check_templates(&self) -> Result<(), SettingsError> {
        let Some(TableSettings { table, .. }) = &self.templates_table else { return Ok(()) };
        if let Some(folder) = &self.templates_folder {
            return Err(SettingsError::Contradiction(format!(
                "templates_folder ({}) and templates_dynamodb_table ({}) are both given: templates come from one of \
                 them, keep that",
                folder.source, table.source
            )));
        }
        if cfg!(feature = "dynamodb") {
            return Ok(());
        }
        Err(SettingsError::Contradiction(format!(
            "templates_dynamodb_table ({}) is given, but {WITHOUT_DYNAMODB}",
            table.source
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Environment;
    use super::super::table::Setting;
    use super::*;

    fn settings(flags: &[(&'static Setting, &str)]) -> Result<Settings, String> {
        let flags: Vec<_> = flags.iter().map(|(setting, text)| (*setting, (*text).to_owned())).collect();
        let values = Values::collect(None, &Environment::default(), &flags).unwrap();
        Settings::from_values(&values, false).map_err(|error| error.to_string())
    }

    #[test]
    fn templates_come_from_one_place() {
        assert_eq!(settings(&[]).unwrap().templates(), TemplatesPlace::BuiltIn);
        let folder = (&table::TEMPLATES_FOLDER, "./x");
        assert_eq!(settings(&[folder]).unwrap().templates(), TemplatesPlace::Folder("./x".into()));
        let both = settings(&[folder, (&table::TEMPLATES_TABLE, "t-1")]).unwrap_err();
        for said in ["--templates-folder", "--templates-dynamodb-table", "both given"] {
            assert!(both.contains(said), "{both}");
        }
    }

    #[test]
    fn a_table_is_taken_where_the_program_can_reach_one_and_refused_elsewhere() {
        let flags = [
            (&table::TEMPLATES_TABLE, "t-1"),
            (&table::TEMPLATES_TABLE_REGION, "eu-central-1"),
            (&table::TEMPLATES_TABLE_REFRESH, "5"),
        ];
        let taken = settings(&flags);
        if cfg!(feature = "dynamodb") {
            let TemplatesPlace::Table(table) = taken.unwrap().templates() else { panic!("no table") };
            assert_eq!((table.table.value.as_str(), table.refresh.value), ("t-1", Duration::from_secs(5)));
            assert_eq!((table.region.unwrap().value.as_str(), table.endpoint), ("eu-central-1", None));
        } else {
            let refused = taken.unwrap_err();
            for said in
                ["--templates-dynamodb-table", "without the feature `dynamodb`", "--features dynamodb"]
            {
                assert!(refused.contains(said), "{refused}");
            }
        }
    }
}
