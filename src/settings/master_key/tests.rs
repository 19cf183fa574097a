//! Three ways to the current master key, and several to further ones.

use super::super::Environment;
use super::*;
use crate::settings::Settings;
use crate::settings::table::Setting;

type Pairs<'a> = &'a [(&'static Setting, &'a str)];

fn resolve(environment: &[(&str, &str)], flags: Pairs<'_>, demo: bool) -> Result<Settings, String> {
    let environment: Environment =
        environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
    let flags: Vec<_> = flags.iter().map(|(setting, value)| (*setting, (*value).to_owned())).collect();
    let values = Values::collect(None, &environment, &flags).map_err(|error| error.to_string())?;
    Settings::from_values(&values, demo).map_err(|error| error.to_string())
}

fn command(text: &str) -> MasterKeySource {
    MasterKeySource::Command(text.parse().unwrap())
}

#[test]
fn a_command_is_split_as_a_shell_does_and_written_back() {
    for (text, words) in [
        ("kms get key", vec!["kms", "get", "key"]),
        ("kms 'one word' \"two words\" a\\ b", vec!["kms", "one word", "two words", "a b"]),
        ("kms $HOME | sort ''", vec!["kms", "$HOME", "|", "sort", ""]),
    ] {
        let parsed: CommandWords = text.parse().unwrap();
        assert_eq!(parsed.words(), words, "{text}");
        assert_eq!(parsed.to_string().parse(), Ok(parsed), "{text}");
    }
    for bad in ["", "  ", "kms 'open", "kms \\", "'' get"] {
        assert_eq!(bad.parse::<CommandWords>(), Err(Malformed), "{bad:?}");
    }
}

#[test]
fn a_command_is_one_of_three_ways_to_the_current_key() {
    let settings = resolve(&[], &[(&table::MASTER_KEY_COMMAND, "kms get")], false).unwrap();
    assert_eq!(settings.master_key.value, command("kms get"));
    let env = [("CRMCONF_MASTER_KEY_COMMAND", "kms get")];
    let settings = resolve(&env, &[(&table::MASTER_KEY_ENV, "KEY")], false).unwrap();
    assert_eq!(settings.master_key.value, MasterKeySource::Environment("KEY".into()), "the flag is stronger");
    for other in [&table::MASTER_KEY_FILE, &table::MASTER_KEY_ENV] {
        let message = resolve(&[], &[(&table::MASTER_KEY_COMMAND, "kms"), (other, "/k")], false).unwrap_err();
        let expected = format!("{} (set by {}) and master_key_command (set by", other.name, other.flag);
        assert!(message.contains(&expected) && message.contains("keep one of them"), "{message}");
    }
    let demo = resolve(&env, &[], true).unwrap();
    assert!(matches!(demo.master_key.value, MasterKeySource::File(_)), "the demo has its own");
}

#[test]
fn further_keys_come_from_files_variables_and_commands() {
    let list = "file:/etc/old.key env:CRMCONF_OLD_KEY 'command:kms get \"the older\"'";
    let env = [("CRMCONF_FURTHER_MASTER_KEYS", list), ("CRMCONF_OLD_KEY", "never read here")];
    let settings = resolve(&env, &[(&table::MASTER_KEY_FILE, "/etc/new.key")], false).unwrap();
    let expected = MasterKeySources {
        current: MasterKeySource::File("/etc/new.key".into()),
        further: vec![
            MasterKeySource::File("/etc/old.key".into()),
            MasterKeySource::Environment("CRMCONF_OLD_KEY".into()),
            command("kms get 'the older'"),
        ],
    };
    assert_eq!(settings.master_keys(), expected);
    assert!(resolve(&env, &[], true).unwrap().further_master_keys.is_empty(), "the demo has none");
    assert!(resolve(&[], &[], false).unwrap().further_master_keys.is_empty());
}

#[test]
fn a_list_of_another_form_is_refused_and_a_key_in_it_is_not_shown() {
    for bad in
        ["/etc/key", "file:", "env:A=B", "command:", "command:'", "file:/a other:b", "FILE:/a", "'file:/a"]
    {
        let message = resolve(&[], &[(&table::FURTHER_MASTER_KEYS, bad)], false).unwrap_err();
        assert!(
            message.starts_with("further_master_keys (set by --further-master-keys) must be"),
            "{bad}: {message}"
        );
    }
    let key = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0";
    let base64 = "Dx4tPEtaaXiHlqW0w9Lh8A8eLTxLWml4h5altMPS4fA=";
    for key in [key, base64] {
        for text in [key.to_owned(), format!("file:{key}"), format!("env:A 'command:echo \"{key}\"'")] {
            let message = resolve(&[], &[(&table::FURTHER_MASTER_KEYS, &text)], false).unwrap_err();
            assert!(
                message.contains("looks like a master key itself") && !message.contains(key),
                "{message}"
            );
        }
        let text = format!("echo --key={key}");
        let message = resolve(&[], &[(&table::MASTER_KEY_COMMAND, &text)], false).unwrap_err();
        assert!(message.contains("looks like a master key itself") && !message.contains(key), "{message}");
    }
}

#[test]
fn a_further_key_in_the_data_folder_is_refused_too() {
    let flags = [(&table::DATA, "/srv/crm"), (&table::FURTHER_MASTER_KEYS, "env:A file:/srv/crm/old.key")];
    let message = resolve(&[], &flags, false).unwrap_err();
    assert!(
        message.contains("/srv/crm/old.key (set by --further-master-keys) lies in the data folder"),
        "{message}"
    );
}

#[test]
fn a_source_is_shown_without_the_arguments_of_a_command() {
    assert_eq!(command("kms get --token canary").to_string(), "from the command kms");
    assert_eq!(MasterKeySource::Environment("KEY".into()).to_string(), "in the environment variable KEY");
}
