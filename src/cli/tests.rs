//! What is promised about the command line: words become ready objects, and mistakes become usage errors.

mod documented;

use std::path::Path;

use super::*;
use crate::settings::Source;
use crate::settings::table::{Kind, Setting};

fn parse(words: &str, env: &[(&str, &str)]) -> Result<Command, Stop> {
    let environment = env.iter().map(|(name, value)| ((*name).to_owned(), OsString::from(value))).collect();
    Command::parse(std::iter::once("crmconf").chain(words.split_whitespace()), &environment)
}

fn help(words: &str) -> String {
    match parse(words, &[]) {
        Err(stop) => stop.to_string(),
        Ok(command) => panic!("{command:?}"),
    }
}

#[test]
fn the_definitions_are_consistent() {
    words().debug_assert();
}

#[test]
fn serve_takes_its_settings_from_flags_and_environment() {
    let env = [("CRMCONF_WORKERS", "3")];
    let command = parse("serve --data /d --listen 127.0.0.1:1 --log-format json", &env);
    let Ok(Command::Serve(settings, _)) = command else { panic!("{command:?}") };
    assert_eq!(settings.data.value, Path::new("/d"));
    assert_eq!(settings.data.source, Source::Flag("--data"));
    assert_eq!(settings.workers.value.get(), 3);
    assert!(!settings.demo);
}

#[test]
fn the_proxy_flag_needs_no_value_and_takes_one() {
    assert!(parse("serve --listen 0.0.0.0:1", &[]).is_err());
    assert!(parse("serve --listen 0.0.0.0:1 --behind-tls-proxy", &[]).is_ok());
    assert!(parse("serve --behind-tls-proxy --listen 0.0.0.0:1", &[]).is_ok());
    let env = [("CRMCONF_BEHIND_TLS_PROXY", "true")];
    assert!(parse("serve --listen 0.0.0.0:1", &env).is_ok());
    assert!(parse("serve --listen 0.0.0.0:1 --behind-tls-proxy=false", &env).is_err());
}

#[test]
fn the_help_of_serve_and_config_shows_every_setting_as_the_table_has_it() {
    for command in ["serve", "config check", "config show"] {
        let help = help(&format!("{command} --help"));
        let words = help.split_whitespace().collect::<Vec<_>>().join(" ");
        for setting in table::TABLE {
            let Setting { name, env, flag, placeholder, default, kind, doc } = setting;
            let value = match kind {
                Kind::Switch => format!("[=<{placeholder}>]"),
                Kind::Path
                | Kind::Address
                | Kind::Networks
                | Kind::Count { .. }
                | Kind::Choice(_)
                | Kind::VariableName
                | Kind::Command
                | Kind::KeySources
                | Kind::Text(_) => format!(" <{placeholder}>"),
            };
            let default = default.map(|value| format!("default: {value}, ")).unwrap_or_default();
            let (range, offered) = match kind {
                Kind::Count { min, max, unit: _ } => (format!("{min} to {max}, "), String::new()),
                Kind::Choice(words) => (String::new(), format!(" [possible values: {}]", words.join(", "))),
                Kind::Path
                | Kind::Address
                | Kind::Networks
                | Kind::Switch
                | Kind::VariableName
                | Kind::Command
                | Kind::KeySources
                | Kind::Text(_) => Default::default(),
            };
            let shown = format!("{flag}{value} {doc} [{default}{range}file: {name}, env: {env}]{offered} ");
            assert!(words.contains(&shown), "{command}: {shown}: {words}");
        }
        let flags = words.matches(", env: CRMCONF_").count();
        assert_eq!(flags, table::TABLE.len(), "no other setting stands there");
    }
}

#[test]
fn init_has_an_administrator_and_a_key_beside_the_folder_by_default() {
    let command = parse("init --data /srv/store", &[]);
    let Ok(Command::Init(args)) = command else { panic!("{command:?}") };
    assert_eq!(args.admin.as_str(), "admin");
    assert_eq!(args.master_key.value, MasterKeySource::File("/srv/store.master-key".into()));

    let command = parse("init --data /srv/store --admin alice --master-key-file /etc/k", &[]);
    let Ok(Command::Init(args)) = command else { panic!("{command:?}") };
    assert_eq!((args.admin.as_str(), args.data.as_path()), ("alice", Path::new("/srv/store")));
    assert_eq!(args.master_key.value, MasterKeySource::File("/etc/k".into()));
}

#[test]
fn call_knows_a_file_from_standard_input() {
    let command = parse("call --url http://127.0.0.1:1 --user admin -", &[]);
    let Ok(Command::Call(args)) = command else { panic!("{command:?}") };
    assert_eq!(args.request, RequestSource::StandardInput);
    assert_eq!(args.sign_in.password, PasswordSource::EnvironmentOrPrompt);

    let command = parse("call --url http://127.0.0.1:1 --user admin --password-file p r.xml", &[]);
    let Ok(Command::Call(args)) = command else { panic!("{command:?}") };
    assert_eq!(args.request, RequestSource::File("r.xml".into()));
    assert_eq!(args.sign_in.password, PasswordSource::File("p".into()));
}

#[test]
fn replay_takes_a_sequence_a_time_or_neither() {
    let until = |words: &str| match parse(&format!("replay --data d {words}"), &[]) {
        Ok(Command::Replay(args)) => args.until,
        other => panic!("{other:?}"),
    };
    assert_eq!(until(""), None);
    assert!(matches!(until("--until 12"), Some(Until::Sequence(sequence)) if sequence.get() == 12));
    assert!(
        matches!(until("--until 1970-01-01T00:00:01Z"), Some(Until::Time(time)) if time.as_micros() == 1_000_000)
    );
}

#[test]
fn wrong_words_and_wrong_settings_are_usage_errors_and_help_is_none() {
    for (words, expected) in [
        ("serve --colour", Status::Usage),
        ("serve --workers many", Status::Usage),
        ("verify", Status::Usage),
        ("call --url http://h --user u -", Status::Usage),
        ("call --url http://127.0.0.1 --user u --ca-file ca.pem -", Status::Usage),
        ("account list --data d --plain-http", Status::Usage),
        ("", Status::Usage),
        ("--version", Status::Done),
        ("verify --help", Status::Done),
        ("export --data d --from 5 --until 4", Status::Usage),
        ("export --data d --from 0", Status::Usage),
        ("export --data d --force", Status::Usage),
        ("config", Status::Usage),
        ("config check --workers", Status::Usage),
        ("completions ksh", Status::Usage),
        ("man", Status::Usage),
    ] {
        assert_eq!(parse(words, &[]).unwrap_err().report(), expected, "{words}");
    }
}

#[test]
fn an_account_s_name_is_counted_as_it_is_stored() {
    // Each of these is two characters as typed, and one in NFC.
    let name = "u\u{308}".repeat(64);
    let command = parse(&format!("init --data d --admin {name}"), &[]);
    let Ok(Command::Init(args)) = command else { panic!("{command:?}") };
    assert_eq!(args.admin.as_str(), "ü".repeat(64));
    for name in ["ü".repeat(65), "a\u{7}".to_owned()] {
        for words in
            [format!("init --data d --admin {name}"), format!("call --url https://h --user {name} -")]
        {
            let refused = parse(&words, &[]).unwrap_err();
            assert!(matches!(refused, Stop::Words(_)), "{refused}");
        }
    }
}

#[test]
fn export_takes_a_part_and_a_file() {
    let command = parse("export --data d --from 5 --until 5 --output e.jsonl --force", &[]);
    let Ok(Command::Export(args)) = command else { panic!("{command:?}") };
    assert_eq!(args.from.map(crmconf_events::Sequence::get), Some(5));
    assert_eq!(args.output, ExportOutput::File { path: "e.jsonl".into(), replace: true });
    let command = parse("export --data d", &[]);
    let Ok(Command::Export(args)) = command else { panic!("{command:?}") };
    assert_eq!((args.from, args.until, args.output), (None, None, ExportOutput::StandardOutput));
}

#[test]
fn config_tells_all_that_is_wrong_where_serve_tells_the_first() {
    let words = "--listen nowhere --workers many";
    let env =
        [("CRMCONF_LOG_LEVEL", "loud"), ("CRMCONF_LISTN", "x"), ("CRMCONF_PASSWORD", "never read here")];
    let Ok(Command::Config(ConfigArgs::Check(gathered))) = parse(&format!("config check {words}"), &env)
    else {
        panic!("no check")
    };
    let told: Vec<_> = gathered.faults.iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 4, "{told:?}");
    for (told, expected) in told.iter().zip(["log_level", "listen", "workers", "CRMCONF_LISTN"]) {
        assert!(told.contains(expected), "{told}");
    }
    let refused = parse(&format!("serve {words}"), &env).unwrap_err();
    assert_eq!(refused.to_string(), told[0]);
}

#[test]
fn a_directory_import_takes_the_form_of_its_file_from_its_name() {
    use crmconf_events::command::ImportMode;

    use crate::directory::Format;

    let import = |words: &str| match parse(
        &format!("directory import --url http://127.0.0.1:1 --user a {words}"),
        &[],
    ) {
        Ok(Command::Directory(DirectoryArgs::Import(args))) => args,
        other => panic!("{other:?}"),
    };
    for (words, format) in [
        ("d.csv", Format::Csv),
        ("d.JSON", Format::Json),
        ("-", Format::Csv),
        ("--format json -", Format::Json),
        ("--format csv d.json", Format::Csv),
    ] {
        assert_eq!(import(words).format, format, "{words}");
    }
    let args = import("--mode replace --dry-run --reason moved --password-file p -");
    assert_eq!(
        (args.mode, args.dry_run, args.source),
        (ImportMode::Replace, true, RequestSource::StandardInput)
    );
    assert_eq!(args.reason.as_ref().map(crmconf_events::Reason::as_str), Some("moved"));
    assert_eq!(args.sign_in.password, PasswordSource::File(PathBuf::from("p")));
    for wrong in
        ["directory", "directory import d.csv", "directory export --user a", "directory import --mode all -"]
    {
        assert!(matches!(parse(wrong, &[]), Err(Stop::Words(words)) if words.use_stderr()), "{wrong}");
    }
    let listed = parse("directory list --url http://127.0.0.1:1 --user a", &[]);
    assert!(matches!(listed, Ok(Command::Directory(DirectoryArgs::Export(_)))), "{listed:?}");
}

#[test]
fn account_knows_a_server_from_a_store_and_what_is_to_be_done() {
    let account = |words: &str| match parse(&format!("account {words}"), &[]) {
        Ok(Command::Account(args)) => *args,
        other => panic!("{words}: {other:?}"),
    };
    let args = account("grant anna editor --telsys 1 --data /d --master-key-file /k --reason because");
    let key = MasterKeySource::File("/k".into());
    let Target::Store { data, master_keys, security_log } = args.target else { panic!("{:?}", args.target) };
    assert_eq!((data.as_path(), master_keys), (Path::new("/d"), key.into()));
    assert_eq!(security_log.unwrap().path, Path::new("/d/security.log"));
    assert_eq!(args.reason.unwrap().as_str(), "because");
    let AccountAction::Grant { grant, give: true, .. } = args.action else { panic!("{:?}", args.action) };
    assert_eq!((grant.role.name(), grant.scope.to_string()), ("Editor", "TelSys 1".to_owned()));

    let args = account("add anna --admin --generate --url http://127.0.0.1:1 --user admin --password-file p");
    let Target::Server(sign_in) = args.target else { panic!("{:?}", args.target) };
    assert_eq!((sign_in.user.as_str(), sign_in.password), ("admin", PasswordSource::File("p".into())));
    let AccountAction::Add { grant, enabled: true, password: NewPassword::Generate, .. } = args.action else {
        panic!("{:?}", args.action)
    };
    assert_eq!(grant.unwrap().scope, crmconf_events::Scope::EveryTelSys);

    // The store is found as `serve` finds it.
    let environment =
        [("CRMCONF_DATA", "/e"), ("CRMCONF_SECURITY_LOG", "off"), ("CRMCONF_NEW_PASSWORD", "unused")];
    let args = parse("account list", &environment);
    let Ok(Command::Account(args)) = args else { panic!("{args:?}") };
    let key = MasterKeySource::File("/e.master-key".into());
    let store = Target::Store { data: "/e".into(), master_keys: key.into(), security_log: None };
    assert_eq!(args.target, store);
}
