//! What is promised about settings: precedence, refusals, and which listeners are allowed.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::table::{self, Setting, TABLE};
use super::*;

type Flags<'a> = &'a [(&'static Setting, &'a str)];

fn environment(pairs: &[(&str, &str)]) -> Environment {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), OsString::from(value))).collect()
}

fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

fn resolve(
    file: Option<&Path>,
    env: &[(&str, &str)],
    flags: Flags<'_>,
    demo: bool,
) -> Result<Settings, String> {
    let flags: Vec<_> = flags.iter().map(|(setting, text)| (*setting, (*text).to_owned())).collect();
    Values::collect(file, &environment(env), &flags)
        .and_then(|values| Settings::from_values(&values, demo))
        .map_err(|error| error.to_string())
}

#[test]
fn without_any_source_the_documented_defaults_hold() {
    let settings = resolve(None, &[], &[], false).unwrap();
    assert_eq!(settings.listen.value.to_string(), "127.0.0.1:8462");
    assert_eq!(settings.data, Sourced { value: PathBuf::from("./crmconf-data"), source: Source::Default });
    assert_eq!(settings.body_timeout.value, Duration::from_secs(10));
    assert_eq!(settings.session_idle.value, Duration::from_secs(30 * 60));
    assert_eq!(settings.session_absolute.value, Duration::from_secs(12 * 60 * 60));
    assert_eq!(settings.shutdown_drain.value, Duration::from_secs(10));
    assert_eq!(settings.sled_cache_bytes.value, 64 << 20);
    assert_eq!(settings.log_format.value, LogFormat::Text);
    assert_eq!(settings.log_level.value, LogLevel(tracing::Level::INFO));
    assert_eq!(settings.workers.value, std::thread::available_parallelism().unwrap());
}

#[test]
fn a_flag_overrules_the_environment_which_overrules_the_file() {
    let file = file("workers = 1\nbody_timeout_seconds = 1\nshutdown_drain_seconds = 1\n");
    let env = [("CRMCONF_WORKERS", "2"), ("CRMCONF_BODY_TIMEOUT_SECONDS", "2")];
    let settings = resolve(Some(file.path()), &env, &[(&table::WORKERS, "3")], false).unwrap();

    assert_eq!(settings.workers.value.get(), 3);
    assert_eq!(settings.workers.source, Source::Flag("--workers"));
    assert_eq!(settings.body_timeout.value, Duration::from_secs(2));
    assert_eq!(settings.body_timeout.source, Source::Environment("CRMCONF_BODY_TIMEOUT_SECONDS"));
    assert_eq!(settings.shutdown_drain.value, Duration::from_secs(1));
    assert_eq!(settings.shutdown_drain.source, Source::File { path: file.path().to_owned(), line: 3 });
    assert_eq!(settings.write_queue_commands_max.source, Source::Default);
}

#[test]
fn the_environment_can_name_the_settings_file_and_the_flag_overrules_it() {
    let (weak, strong) = (file("workers = 5"), file("workers = 6"));
    let env = [("CRMCONF_CONFIG", weak.path().to_str().unwrap())];
    assert_eq!(resolve(None, &env, &[], false).unwrap().workers.value.get(), 5);
    assert_eq!(resolve(Some(strong.path()), &env, &[], false).unwrap().workers.value.get(), 6);
}

#[test]
fn an_empty_variable_counts_as_absent() {
    let settings = resolve(None, &[("CRMCONF_LISTEN", "")], &[], false).unwrap();
    assert_eq!(settings.listen.source, Source::Default);
}

#[test]
fn every_setting_can_be_set_in_all_three_places_and_its_names_agree() {
    for setting in TABLE {
        let upper = setting.name.to_uppercase();
        assert_eq!(setting.env, format!("CRMCONF_{upper}"));
        assert_eq!(setting.flag, format!("--{}", setting.name.replace('_', "-")));
        if let Some(default) = setting.default {
            assert!(setting.help().contains(default), "{}", setting.name);
            let values = Values::collect(
                None,
                &environment(&[(setting.env, default)]),
                &[(setting, default.to_owned())],
            );
            let found = values.unwrap().optional::<String>(setting).unwrap().unwrap();
            assert_eq!(found, Sourced { value: default.to_owned(), source: Source::Flag(setting.flag) });
        }
    }
}

#[test]
fn an_unknown_key_is_refused_with_file_key_and_nearest_key() {
    let file = file("lisen = \"127.0.0.1:1\"\n");
    let message = resolve(Some(file.path()), &[], &[], false).unwrap_err();
    assert_eq!(
        message,
        format!(
            "{}, line 1: \"lisen\" is not a setting of crmconf; did you mean \"listen\"?",
            file.path().display()
        )
    );
}

#[test]
fn an_unknown_table_is_refused_too() {
    let file = file("[server]\nlisten = \"127.0.0.1:1\"\n");
    let message = resolve(Some(file.path()), &[], &[], false).unwrap_err();
    assert!(message.contains("\"server\" is not a setting"), "{message}");
}

#[test]
fn an_unknown_variable_is_refused_without_its_value() {
    let message = resolve(None, &[("CRMCONF_LISTN", "cAnArY")], &[], false).unwrap_err();
    assert_eq!(
        message,
        "environment variable \"CRMCONF_LISTN\" is not a setting of crmconf; did you mean \"CRMCONF_LISTEN\"?"
    );
}

#[test]
fn variables_that_others_own_are_left_alone() {
    let env = [
        ("CRMCONF_PASSWORD", "x"),
        ("CRMCONF_SERVICE_HOST", "10.0.0.1"),
        ("CRMCONF_PORT", "tcp://10.0.0.1:8462"),
        ("CRMCONF_PORT_8462_TCP", "tcp://10.0.0.1:8462"),
        ("CRMCONF_BIN", "/x"),
        ("CRMCONFIG", "x"),
    ];
    assert!(resolve(None, &env, &[], false).is_ok());
}

#[test]
fn a_port_of_ours_is_no_service_link_but_a_mistake() {
    let message = resolve(None, &[("CRMCONF_PORT", "9000")], &[], false).unwrap_err();
    assert!(message.contains("\"CRMCONF_PORT\" is not a setting"), "{message}");
}

#[test]
fn a_master_key_in_the_place_of_the_way_to_it_is_refused_and_not_shown() {
    let hex = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0";
    let base64 = "Dx4tPEtaaXiHlqW0w9Lh8A8eLTxLWml4h5altMPS4fA=";
    for key in [hex, base64] {
        for setting in [&table::MASTER_KEY_FILE, &table::MASTER_KEY_ENV] {
            for refused in [
                resolve(None, &[(setting.env, key)], &[], false),
                resolve(None, &[], &[(setting, key)], false),
                resolve(Some(file(&format!("{} = \"{key}\"", setting.name)).path()), &[], &[], false),
            ] {
                let message = refused.unwrap_err();
                assert!(message.contains("looks like a master key itself"), "{message}");
                assert!(!message.contains(key), "{message}");
            }
        }
    }
}

#[test]
fn the_demo_takes_no_master_key_from_where_that_of_a_real_store_is_named() {
    let file = file("master_key_file = \"/etc/real.key\"");
    let env = [("CRMCONF_MASTER_KEY_ENV", "REAL_KEY")];
    let settings = resolve(Some(file.path()), &env, &[], true).unwrap();
    let own = MasterKeySource::File(PathBuf::from("./crmconf-demo/master.key"));
    assert_eq!(settings.master_key, Sourced { value: own, source: Source::Default });
    let flag = [(&table::MASTER_KEY_ENV, "REAL_KEY")];
    let settings = resolve(None, &[], &flag, true).unwrap();
    assert_eq!(settings.master_key.value, MasterKeySource::Environment("REAL_KEY".into()));
}

#[test]
fn a_value_of_the_wrong_form_is_refused_with_its_place_and_what_was_expected() {
    let text = file("workers = \"4\"");
    let message = resolve(Some(text.path()), &[], &[], false).unwrap_err();
    assert!(message.starts_with("workers (set in "), "{message}");
    assert!(
        message.ends_with("must be a whole number of threads from 0 to 512; it is a TOML string"),
        "{message}"
    );

    let message = resolve(None, &[("CRMCONF_LISTEN", "8462")], &[], false).unwrap_err();
    assert!(message.contains("CRMCONF_LISTEN) must be an IP address and a port"), "{message}");

    let message = resolve(None, &[], &[(&table::BODY_TIMEOUT, "0")], false).unwrap_err();
    assert!(
        message.contains("--body-timeout-seconds) must be a whole number of seconds from 1 to 600"),
        "{message}"
    );
}

#[test]
fn a_file_that_is_not_toml_is_refused_by_line_without_quoting_it() {
    let file = file("workers = 1\nc4n4ry-key-material\n");
    let message = resolve(Some(file.path()), &[], &[], false).unwrap_err();
    assert!(message.contains("is not valid TOML: line 2"), "{message}");
    assert!(!message.contains("c4n4ry"), "{message}");
}

#[test]
fn a_missing_settings_file_is_an_error_that_names_it() {
    let message = resolve(Some(Path::new("/nowhere/crmconf.toml")), &[], &[], false).unwrap_err();
    assert!(message.starts_with("the settings file /nowhere/crmconf.toml cannot be read"), "{message}");
}

#[test]
fn beyond_loopback_is_refused_unless_a_tls_proxy_is_declared() {
    for address in ["0.0.0.0:8462", "[::]:8462", "10.1.2.3:80", "[::ffff:10.1.2.3]:80"] {
        let message = resolve(None, &[], &[(&table::LISTEN, address)], false).unwrap_err();
        assert!(
            message.contains("tls_certificate, tls_key") && message.contains("--behind-tls-proxy"),
            "{message}"
        );
        let proxied = [(&table::LISTEN, address), (&table::BEHIND_TLS_PROXY, "true")];
        assert!(resolve(None, &[], &proxied, false).is_ok(), "{address}");
    }
    for address in ["127.0.0.1:0", "127.9.9.9:1", "[::1]:8462", "[::ffff:127.0.0.1]:80"] {
        assert!(resolve(None, &[], &[(&table::LISTEN, address)], false).is_ok(), "{address}");
    }
}

#[test]
fn the_demo_stays_on_loopback_even_behind_a_proxy() {
    let flags = [(&table::LISTEN, "0.0.0.0:8462"), (&table::BEHIND_TLS_PROXY, "true")];
    let message = resolve(None, &[], &flags, true).unwrap_err();
    assert!(message.starts_with("--demo listens on loopback only"), "{message}");
}

#[test]
fn the_demo_uses_its_own_folder_unless_the_flag_names_one() {
    let env = [("CRMCONF_DATA", "/var/lib/crmconf")];
    let settings = resolve(None, &env, &[], true).unwrap();
    assert_eq!(settings.data.value, Path::new("./crmconf-demo"));
    assert_eq!(settings.master_key.value, MasterKeySource::File("./crmconf-demo/master.key".into()));

    let settings = resolve(None, &env, &[(&table::DATA, "/tmp/d")], true).unwrap();
    assert_eq!(settings.data.value, Path::new("/tmp/d"));
}

#[test]
fn the_master_key_lies_beside_the_data_folder_by_default() {
    let settings = resolve(None, &[], &[(&table::DATA, "/srv/crm/")], false).unwrap();
    assert_eq!(settings.master_key.value, MasterKeySource::File("/srv/crm.master-key".into()));
}

#[test]
fn a_master_key_file_inside_the_data_folder_is_refused() {
    for key in ["/srv/crm/key", "/srv/other/../crm/sub/key"] {
        let flags = [(&table::DATA, "/srv/crm"), (&table::MASTER_KEY_FILE, key)];
        let message = resolve(None, &[], &flags, false).unwrap_err();
        assert!(message.contains("lies in the data folder /srv/crm"), "{message}");
    }
}

#[test]
fn of_two_master_key_sources_the_stronger_wins_and_equals_contradict() {
    let env = [("CRMCONF_MASTER_KEY_ENV", "CRMCONF_MASTER_KEY"), ("CRMCONF_MASTER_KEY", "never read here")];
    let settings = resolve(None, &env, &[], false).unwrap();
    assert_eq!(settings.master_key.value, MasterKeySource::Environment("CRMCONF_MASTER_KEY".into()));

    let settings = resolve(None, &env, &[(&table::MASTER_KEY_FILE, "/etc/key")], false).unwrap();
    assert_eq!(settings.master_key.value, MasterKeySource::File("/etc/key".into()));

    let flags = [(&table::MASTER_KEY_FILE, "/etc/key"), (&table::MASTER_KEY_ENV, "KEY")];
    let message = resolve(None, &[], &flags, false).unwrap_err();
    assert!(message.contains("keep one of them"), "{message}");
}

#[test]
fn an_idle_time_beyond_the_absolute_one_is_refused() {
    let flags = [(&table::SESSION_IDLE, "20"), (&table::SESSION_ABSOLUTE, "10")];
    let message = resolve(None, &[], &flags, false).unwrap_err();
    assert!(message.contains("cannot rest longer than it lives"), "{message}");
}

#[test]
fn the_configuration_page_shows_every_setting_as_the_table_has_it_and_no_other() {
    let page = include_str!("../../docs/configuration.md");
    let shown: Vec<_> = page.lines().filter(|line| line.starts_with("| `")).collect();
    let expected: Vec<_> = TABLE
        .iter()
        .map(|setting| {
            let Setting { name, env, flag, default, kind, doc, placeholder: _ } = setting;
            let default = default.map_or_else(|| "none".to_owned(), |value| format!("`{value}`"));
            format!("| `{name}` | `{env}` | `{flag}` | {default} | {} | {doc} |", kind.expectation())
        })
        .collect();
    assert_eq!(shown, expected);
}

#[test]
fn every_fault_is_found_at_once_each_with_its_line() {
    let text =
        "workers = 1\n\nlisen = \"x\"\nlisten = \"0.0.0.0:1\"\nlog_level = 4\nsession_idle_minutes = 721\n";
    let file = file(text);
    let env = environment(&[("CRMCONF_BODY_TIMEOUT_SECONDS", "0"), ("CRMCONF_PORT", "9")]);
    let flags = [(&table::MASTER_KEY_FILE, "a".to_owned()), (&table::MASTER_KEY_ENV, "b".to_owned())];
    let (values, faults) = Values::gather(Some(file.path()), &env, &flags);
    let mut told: Vec<_> = faults.iter().map(ToString::to_string).collect();
    told.extend(Settings::faults(values, false).iter().map(ToString::to_string));
    let expected = [
        "line 3: \"lisen\" is not a setting",
        "line 5) must be one of error",
        "CRMCONF_BODY_TIMEOUT_SECONDS) must be a whole number of seconds",
        "\"CRMCONF_PORT\" is not a setting",
        "both given: keep one of them",
        "line 4) is 0.0.0.0:1, which is beyond loopback",
        "line 6) is longer than session_absolute_minutes (default)",
    ];
    assert_eq!(told.len(), expected.len(), "{told:#?}");
    for (told, expected) in told.iter().zip(expected) {
        assert!(told.contains(expected), "{expected}: {told}");
    }
}

#[test]
fn every_mistake_in_the_toml_is_told_by_its_line_and_none_is_quoted() {
    let file = file("workers = c4n4ry-key\nlisten = \"127.0.0.1:1\"\nlog_level = c4n4ry\n");
    let (values, faults) = Values::gather(Some(file.path()), &Environment::default(), &[]);
    let told: Vec<_> = faults.iter().map(ToString::to_string).collect();
    assert!(
        told.len() >= 2 && told[0].contains("line 1") && told[told.len() - 1].contains("line 3"),
        "{told:?}"
    );
    assert!(!told.concat().contains("c4n4ry"), "{told:?}");
    // Of a file that is not TOML nothing is believed.
    assert!(values.text(&table::LISTEN).is_none());
}

#[test]
fn a_key_in_the_place_of_another_setting_is_not_shown() {
    let key = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0";
    let message = resolve(None, &[("CRMCONF_LISTEN", key)], &[], false).unwrap_err();
    assert!(message.contains("it is what looks like a key") && !message.contains(key), "{message}");
}
