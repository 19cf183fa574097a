//! Gets the password to sign in with without letting it into arguments, output or errors.

use std::ffi::OsString;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;

use zeroize::Zeroizing;

use crate::cli::PasswordSource;
use crate::commands::Failure;

/// Environment variable that may hold the password.
pub(super) const VARIABLE: &str = "CRMCONF_PASSWORD";

/// Most of a password file's first line that is read: more than the API's 1,024 characters can take.
const LINE_BYTES_MAX: u64 = 8 * 1024;

/// The password, from the first of: the file, the environment, the terminal.
pub(super) fn password(
    source: &PasswordSource,
    user: &str,
    variable: Option<OsString>,
) -> Result<Zeroizing<String>, Failure> {
    let password = match (source, variable) {
        (PasswordSource::File(path), _) => from_file(path)?,
        (PasswordSource::EnvironmentOrPrompt, Some(value)) if !value.is_empty() => from_variable(value)?,
        (PasswordSource::EnvironmentOrPrompt, _) => from_terminal(user)?,
    };
    if password.is_empty() {
        return Err(Failure::new("the password is empty"));
    }
    if !crmconf_events::xml_can_carry(&password) {
        return Err(Failure::new("the password holds a control character that XML cannot carry"));
    }
    Ok(password)
}

/// The first line of a file.
pub(in crate::commands) fn from_file(path: &Path) -> Result<Zeroizing<String>, Failure> {
    let mut line = Zeroizing::new(String::new());
    let read =
        File::open(path).and_then(|file| BufReader::new(file.take(LINE_BYTES_MAX)).read_line(&mut line));
    read.map_err(|cause| {
        Failure::new(format!("the password file {} cannot be read: {cause}", path.display()))
    })?;
    while line.ends_with(['\n', '\r']) {
        line.pop();
    }
    Ok(line)
}

fn from_variable(value: OsString) -> Result<Zeroizing<String>, Failure> {
    // The error of the conversion holds the value, and is dropped for that reason.
    value.into_string().map(Zeroizing::new).map_err(|_| Failure::new(format!("{VARIABLE} is not UTF-8")))
}

fn from_terminal(user: &str) -> Result<Zeroizing<String>, Failure> {
    rpassword::prompt_password(format!("Password of {user}: ")).map(Zeroizing::new).map_err(|cause| {
        Failure::new(format!(
            "there is no terminal to ask for the password at ({cause}): give --password-file or set {VARIABLE}"
        ))
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn file(content: &str) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(content.as_bytes()).unwrap();
        file
    }

    fn read(content: &str) -> Result<String, String> {
        let file = file(content);
        let source = PasswordSource::File(file.path().to_owned());
        let password = password(&source, "u", Some("from the environment".into()));
        password.map(|password| password.to_string()).map_err(|failure| failure.to_string())
    }

    #[test]
    fn the_first_line_of_the_file_is_the_password_spaces_included() {
        assert_eq!(read(" pass word \r\nsecond line\n"), Ok(" pass word ".to_owned()));
        assert_eq!(read("no line feed"), Ok("no line feed".to_owned()));
    }

    #[test]
    fn an_empty_password_and_one_that_xml_cannot_carry_are_refused_unquoted() {
        assert_eq!(read("\nx"), Err("the password is empty".to_owned()));
        let message = read("cAnArY\u{1}\n").unwrap_err();
        assert!(message.contains("control character") && !message.contains("cAnArY"), "{message}");
    }

    #[test]
    fn without_a_file_the_variable_is_taken() {
        let found = password(&PasswordSource::EnvironmentOrPrompt, "u", Some("secret word".into()));
        assert_eq!(found.unwrap().as_str(), "secret word");
    }
}
