//! `crmconf init`: sets up a data folder with its master key and first administrator.

use std::path::Path;

use crmconf_events::Scope;
use crmconf_events::access::{Grant, Role};
use crmconf_events::event::Actor;
use crmconf_events::log::LocalOptions;
use data_encoding::BASE32_NOPAD;
use zeroize::Zeroizing;

use super::Failure;
use crate::cli::{InitArgs, Status, output, shell};
use crate::settings::{MasterKeySource, Source, Sourced, table};
use crate::store::{self, Founder, FoundingAccount};
use crate::vault::Password;

/// Random bytes of the first password: 120 bits, 24 characters.
const PASSWORD_BYTES: usize = 15;

/// Sets up a data folder with its master key and first administrator, whose password is printed once.
///
/// # Errors
/// [`Failure`]: what was wrong, where, and what to do.
pub fn run(args: InitArgs) -> Result<Status, Failure> {
    let InitArgs { data, admin, master_key } = args;
    let typed = random_password()?;
    let password = Password::chosen(&typed).map_err(|error| Failure::new(error.to_string()))?;
    let founder = Founder {
        actor: Actor::Operator(rustix::process::getuid().as_raw()),
        accounts: vec![FoundingAccount {
            name: admin.clone(),
            password,
            grants: vec![Grant { role: Role::Administrator, scope: Scope::EveryTelSys }],
        }],
        directory: Vec::new(),
    };
    store::found(&data, LocalOptions::default(), &master_key.value, founder)?;
    let key = match &master_key.value {
        MasterKeySource::File(path) => format!("in {}: keep a copy of it elsewhere", path.display()),
        MasterKeySource::Environment(name) => format!("from the environment variable {name}"),
        source @ MasterKeySource::Command(_) => source.to_string(),
    };
    let folder = data.display();
    let text = Zeroizing::new(format!(
        "The data folder {folder} is set up.\n\
         Master key: {key}.\n\
         Administrator: {}\n\
         Password: {}\n\
         The password is shown this once. Start the server with: {}",
        admin.as_str(),
        *typed,
        serve_command(&data, &master_key),
    ));
    output::result(&text).map_err(|error| {
        Failure::new(format!(
            "the store was set up, but its password could not be printed ({error}) and is lost: \
             remove the folder {folder} and run init again"
        ))
    })?;
    Ok(Status::Done)
}

/// The command that serves this store, with its key from where it was found, as a shell takes it.
fn serve_command(data: &Path, key: &Sourced<MasterKeySource>) -> String {
    let path = |path: &Path| path.display().to_string();
    let key = match (&key.source, &key.value) {
        (Source::Default, _) => None,
        // The file may say more than where the key is.
        (Source::File { path: config, .. }, _) => Some(("--config", path(config))),
        // In another shell the variable that said so may not be set.
        (Source::Environment(_) | Source::Flag(_), MasterKeySource::File(file)) => {
            Some((table::MASTER_KEY_FILE.flag, path(file)))
        }
        (Source::Environment(_) | Source::Flag(_), MasterKeySource::Environment(name)) => {
            Some((table::MASTER_KEY_ENV.flag, name.clone()))
        }
        (Source::Environment(_) | Source::Flag(_), MasterKeySource::Command(words)) => {
            Some((table::MASTER_KEY_COMMAND.flag, words.to_string()))
        }
    };
    let options = std::iter::once((table::DATA.flag, path(data))).chain(key);
    options.fold("crmconf serve".to_owned(), |command, (flag, value)| {
        // A value that looks like a flag stands with its own.
        let between = if value.starts_with('-') { '=' } else { ' ' };
        format!("{command} {flag}{between}{}", shell::word(&value))
    })
}

/// A password that nobody has chosen.
pub(super) fn random_password() -> Result<Zeroizing<String>, Failure> {
    let mut bytes = Zeroizing::new([0; PASSWORD_BYTES]);
    getrandom::fill(&mut *bytes).map_err(|error| Failure::new(format!("no random bytes: {error}")))?;
    Ok(Zeroizing::new(BASE32_NOPAD.encode(&*bytes).to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Command;

    /// What is typed after `crmconf init`, and the variables that are set.
    type Case<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)]);

    /// What the shell makes of a command, without what would run it.
    fn words(command: &str) -> Vec<String> {
        let script = format!("printf '%s\\n' {command}");
        let printed = std::process::Command::new("sh").arg("-c").arg(script).output().unwrap();
        String::from_utf8(printed.stdout).unwrap().lines().map(str::to_owned).collect()
    }

    #[test]
    fn the_printed_command_serves_this_store_with_this_key_in_another_shell_too() {
        let folder = tempfile::tempdir().unwrap();
        let odd = folder.path().join("it's a $HOME");
        std::fs::create_dir(&odd).unwrap();
        let (config, key) = (odd.join("crmconf.toml"), odd.join("the key"));
        std::fs::write(&config, format!("workers = 1\nmaster_key_file = {key:?}\n")).unwrap();
        let (data, config, key) =
            (odd.join("store"), config.display().to_string(), key.display().to_string());
        let data = data.display().to_string();
        let cases: [Case<'_>; 8] = [
            (&["--data", "./store"], &[]),
            (&["--data", &data], &[]),
            (&["--data=-store"], &[]),
            (&["--data", &data, "--master-key-file", &key], &[]),
            (&["--data", "store", "--master-key-env", "THE_KEY"], &[]),
            (&["--config", &config], &[("CRMCONF_DATA", &data)]),
            (&["--data", "store"], &[("CRMCONF_MASTER_KEY_FILE", &key)]),
            (&["--data", "store", "--config", &config], &[("CRMCONF_MASTER_KEY_ENV", "THE_KEY")]),
        ];
        for (typed, variables) in cases {
            let environment =
                variables.iter().map(|(name, value)| ((*name).to_owned(), value.into())).collect();
            // clap looks at the process's own environment for the folder.
            let typed = ["crmconf", "init"].iter().chain(typed).map(|word| (*word).to_owned());
            let folder = variables.iter().filter(|(name, _)| *name == "CRMCONF_DATA");
            let typed = typed.chain(folder.flat_map(|(_, data)| ["--data".to_owned(), (*data).to_owned()]));
            let Ok(Command::Init(args)) = Command::parse(typed, &environment) else {
                panic!("{variables:?}")
            };
            let command = serve_command(&args.data, &args.master_key);
            let Ok(Command::Serve(settings, _)) = Command::parse(words(&command), &Default::default()) else {
                panic!("{command}")
            };
            assert_eq!(settings.data.value, args.data, "{command}");
            assert_eq!(settings.master_key.value, args.master_key.value, "{command}");
        }
    }

    #[test]
    fn a_plain_command_stays_readable() {
        let key = MasterKeySource::File("/etc/crmconf/master.key".into());
        let by = |source| serve_command(Path::new("/srv/store"), &Sourced { value: key.clone(), source });
        assert_eq!(by(Source::Default), "crmconf serve --data /srv/store");
        assert_eq!(
            by(Source::Flag("--master-key-file")),
            "crmconf serve --data /srv/store --master-key-file /etc/crmconf/master.key"
        );
    }
}
