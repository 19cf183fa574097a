//! Gets an account's new password without letting it into arguments, output or errors.

use zeroize::Zeroizing;

use crate::cli::NewPassword;
use crate::commands::conversation::secret;
use crate::commands::{Failure, init};
use crate::vault::{AccountName, Password};

/// Environment variable that may hold a new password.
const VARIABLE: &str = "CRMCONF_NEW_PASSWORD";

/// The new password, such as an account can have.
pub(super) fn new(source: &NewPassword, name: &AccountName) -> Result<Zeroizing<String>, Failure> {
    let password = match source {
        NewPassword::File(path) => secret::from_file(path)?,
        NewPassword::Generate => init::random_password()?,
        NewPassword::EnvironmentOrPrompt => match std::env::var_os(VARIABLE) {
            Some(value) if !value.is_empty() => {
                // The error of the conversion holds the value, and is dropped for that reason.
                let value = value.into_string();
                Zeroizing::new(value.map_err(|_| Failure::new(format!("{VARIABLE} is not UTF-8")))?)
            }
            Some(_) | None => from_terminal(name)?,
        },
    };
    Password::chosen(&password).map_err(|error| Failure::new(error.to_string()))?;
    if !crmconf_events::xml_can_carry(&password) {
        return Err(Failure::new("the new password holds a control character that XML cannot carry"));
    }
    Ok(password)
}

fn from_terminal(name: &AccountName) -> Result<Zeroizing<String>, Failure> {
    let ask = |question: String| {
        rpassword::prompt_password(question).map(Zeroizing::new).map_err(|cause| {
            Failure::new(format!(
                "there is no terminal to ask for the new password at ({cause}): give --new-password-file or \
                 --generate, or set {VARIABLE}"
            ))
        })
    };
    let first = ask(format!("New password of {}: ", name.as_str()))?;
    let second = ask("The same again: ".to_owned())?;
    if first == second {
        Ok(first)
    } else {
        Err(Failure::new("the two passwords differ; nothing was changed"))
    }
}
