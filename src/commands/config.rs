//! `crmconf config`: checks and shows the settings that `serve` would take, and prints a sample of their file.

mod check;
mod show;

use super::{Failure, print};
use crate::cli::{ConfigArgs, Gathered, ShowFormat, Status, output};
use crate::settings::sample::sample;
use crate::settings::{Settings, SettingsError, Values};

/// Does what `config` was asked for.
///
/// # Errors
/// [`Failure`]: the result could not be printed.
pub fn run(args: ConfigArgs) -> Result<Status, Failure> {
    match args {
        ConfigArgs::Check(gathered) => match valid(gathered) {
            Ok((_, settings)) => check::run(&settings),
            Err(faults) => Ok(told(&faults)),
        },
        ConfigArgs::Show { gathered, format } => match valid(gathered) {
            Ok((values, settings)) => print(&match format {
                ShowFormat::Text => show::text(&values, &settings),
                ShowFormat::Json => show::json(&values, &settings),
            }),
            Err(faults) => Ok(told(&faults)),
        },
        ConfigArgs::Sample => print(&sample()),
    }
}

/// The settings that hold, or everything that is wrong with them.
fn valid(gathered: Gathered) -> Result<(Values, Settings), Vec<SettingsError>> {
    let Gathered { values, mut faults } = gathered;
    // An error here is one fault; all of them are wanted.
    if faults.is_empty()
        && let Ok(settings) = Settings::from_values(&values, false)
    {
        return Ok((values, settings));
    }
    faults.extend(Settings::faults(values, false));
    Err(faults)
}

fn told(faults: &[SettingsError]) -> Status {
    faults.iter().for_each(output::complain);
    Status::Usage
}
