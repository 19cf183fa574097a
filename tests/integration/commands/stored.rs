//! `crmconf templates check --data`: a store held against templates that are not those of its writing any more.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use crmconf_events::commit::CommitBuilder;
use crmconf_events::event::{Actor, ConfigurationAdded, Context, Event, TemplateRecorded, encode};
use crmconf_events::json::Json;
use crmconf_events::log::{AppendOutcome, EventLog, LocalLog, LocalOptions};
use crmconf_events::template::template_digest;
use crmconf_events::{
    ConfigurationId, CrmType, Description, IdParts, KeyId, Salt, Scope, SealedValue, TemplateVersion,
    Timestamp,
};

use crate::harness::{
    CANARY, Server, add_payload, contents, copy_folder, golden, run, run_with, text, triple,
    wait_until_unlocked,
};
use crate::inprocess::{STORE, directory, found, scope};

/// Fields of the present template of a type.
const TODAY: &str = r#"{
    "Url": { "type": "string" }, "Port": { "type": "integer", "maximum": 65535 },
    "Secret": { "type": "string", "format": "password" }, "Token": { "type": "string", "format": "password" }
}"#;

/// A template whose Configuration has these fields, of which the first two passwords are needed.
fn template(crm_type: &str, fields: &str) -> String {
    format!(
        r#"{{"CRMType":"{crm_type}","Title":"t","Version":"2",
        "CRMConfiguration":{{"properties":{fields},"required":["Url","Secret"]}},
        "CRMConfigurationCommon":{{"properties":{{"Cached":{{"type":"boolean"}}}}}}}}"#
    )
}

/// A configuration as it was once written.
struct Written {
    scope: Scope,
    crm_type: &'static str,
    configuration: String,
    sealed: &'static [&'static str],
    common: &'static str,
}

impl Written {
    fn at(scope: Scope, crm_type: &'static str, configuration: &str) -> Self {
        Self { scope, crm_type, configuration: configuration.to_owned(), sealed: &[], common: "{}" }
    }

    fn event(self, number: u64) -> Event {
        let Self { scope, crm_type, configuration, sealed, common } = self;
        let id: ConfigurationId = IdParts { node: 1, process: 1, millis: number, counter: 0 }.into();
        let json = |text: &str| Arc::new(Json::parse(text).unwrap());
        let sealed: BTreeMap<_, _> = sealed
            .iter()
            .map(|name| ((*name).to_owned(), SealedValue::from_ciphertext(CANARY.as_bytes().to_vec())))
            .collect();
        ConfigurationAdded {
            id,
            scope,
            crm_type: CrmType::new(crm_type).unwrap(),
            description: Description::new(&format!("configuration {number}")).unwrap(),
            template: template_digest(crm_type),
            key: KeyId(number),
            configuration: json(&configuration),
            secrets: Arc::new(sealed),
            common: json(common),
        }
        .into()
    }
}

/// A store that holds these, and nothing to sign in with.
fn store(data: &Path, written: Vec<Written>) {
    let log = LocalLog::create(data, STORE, LocalOptions::default()).unwrap();
    found(&log, &[vec![]], directory(&[(1, 0, "", "1"), (1, 1, "", "1"), (1, 1, "01234", "1")]));
    let mut builder = CommitBuilder::new(STORE, log.head(), Timestamp::from_micros(2));
    let types = ["Acme.A", "Acme.Gone", "Acme.Broken"].map(|crm_type| {
        let document = crm_type.to_owned();
        let version = TemplateVersion::new("1").unwrap();
        let crm_type = CrmType::new(crm_type).unwrap();
        let digest = template_digest(&document);
        Event::from(TemplateRecorded { crm_type, version, digest, document })
    });
    let added = (1..).zip(written).map(|(number, written)| written.event(number));
    for event in types.into_iter().chain(added) {
        let bytes = encode(Salt::new([3; 16]), &Context::of(Actor::System), &event).unwrap();
        builder.try_push(bytes.into()).unwrap();
    }
    assert_eq!(log.append(builder.seal().unwrap()), AppendOutcome::Appended);
    log.close();
    drop(log);
    wait_until_unlocked(data);
}

fn templates_of_today(folder: &Path) {
    fs::create_dir(folder).unwrap();
    fs::write(folder.join("Acme.A.json"), template("Acme.A", TODAY)).unwrap();
    fs::write(folder.join("Acme.Broken.json"), "{").unwrap();
}

#[test]
fn what_does_not_fit_is_named_with_field_and_rule_and_so_is_a_password_in_clear() {
    let temp = tempfile::tempdir().unwrap();
    let (data, folder) = (temp.path().join("store"), temp.path().join("templates"));
    templates_of_today(&folder);
    let fits = r#"{"Url":"https://crm","Port":443}"#;
    let unfit = format!(r#"{{"Url":7,"Port":"{CANARY}","Former":"{CANARY}","a\nb":1}}"#);
    let clear = format!(r#"{{"Url":"u","Secret":"{CANARY}","Token":7}}"#);
    let device = scope(1, 1, "01234");
    store(
        &data,
        vec![
            Written { sealed: &["Secret"], ..Written::at(scope(1, 0, ""), "Acme.A", fits) },
            Written { common: r#"{"Cached":"yes"}"#, ..Written::at(scope(1, 1, ""), "Acme.A", &unfit) },
            Written::at(device.clone(), "Acme.A", &clear),
            Written { sealed: &["Secret", "Port"], ..Written::at(device, "Acme.A", r#"{"Url":"u"}"#) },
            Written::at(Scope::EveryTelSys, "Acme.Gone", "{}"),
            Written::at(Scope::EveryTelSys, "Acme.Broken", "{}"),
        ],
    );
    // The journal alone is enough, and nothing is written.
    let journal = temp.path().join("copy");
    fs::create_dir(&journal).unwrap();
    copy_folder(&data.join("journal"), &journal.join("journal"));
    let before = contents(&journal);
    let ran = run(&["templates", "check", "--data", text(&journal), text(&folder)]).expect(1);
    assert_eq!(contents(&journal), before);
    assert!(!ran.out.contains(CANARY) && !ran.err.contains(CANARY), "{ran:?}");
    golden("templates", "check-stored", &ran.out.replace(text(&folder), "[folder]"));

    // The settings name the same folder.
    let named = [("CRMCONF_TEMPLATES_FOLDER", text(&folder))];
    let words = ["templates", "check", "--data", text(&data)];
    assert_eq!(run_with(&words, &named).expect(1).out, ran.out);
    let settings = temp.path().join("crmconf.toml");
    fs::write(&settings, format!("templates_folder = {:?}\n", text(&folder))).unwrap();
    assert_eq!(run(&[&words[..], &["--config", text(&settings)]].concat()).expect(1).out, ran.out);
}

#[test]
fn where_all_is_well_that_is_said_also_while_the_server_runs() {
    let server = Server::demo();
    let data = server.data.clone();
    let words = ["templates", "check", "--data", text(&data)];
    let built_in = "templates: those that come with the program\n";
    let nothing = "configurations: 0: there is nothing to check\n";
    assert_eq!(run(&words).expect(0).out, format!("{built_in}{nothing}"));
    let editor = server.session("editor");
    for number in 0..3 {
        let payload = add_payload(&triple("1", "1", ""), &format!("configuration {number}"));
        editor.call("CRMConfigurationAdd", &payload).expect_success();
    }
    let said = "configurations: 3: all of them fit the present templates, and no password stands in clear\n";
    assert_eq!(run(&words).expect(0).out, format!("{built_in}{said}"));
}

#[test]
fn what_cannot_be_read_is_a_failure_that_names_it() {
    let temp = tempfile::tempdir().unwrap();
    let missing = temp.path().join("missing");
    let none = ["templates", "check", "--data", text(&missing)];
    run(&none).expect(1).says(&[text(&missing), "there is no such folder"]);
    let server = Server::demo();
    let data = text(&server.data);
    run(&["templates", "check", "--data", data, text(&missing)])
        .expect(1)
        .says(&[text(&missing), "cannot be read"]);
    // One source of templates, and one only.
    let both = ["templates", "check", "--data", data, "--config", "x.toml", text(&missing)];
    run(&both).expect(2).says(&["cannot be used with"]);
    run(&["templates", "check", "--config", "x.toml"]).expect(2).says(&["--data"]);
}
