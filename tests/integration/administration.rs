//! A whole life of a store through the binary alone, and the same story read back from what it left behind.

mod told;

use std::fs;
use std::path::Path;

use crate::harness::{Ran, Server, Session, Store, container, property, run, run_with, text, triple};

/// The type of the template that the story's operator writes.
const TYPE: &str = "Acme.Crm";
/// That template: it requires what the built-in ones do not.
const TEMPLATE: &str = r#"{
  "CRMType": "Acme.Crm", "Title": "Acme", "Version": "1",
  "CRMConfiguration": {
    "type": "object", "required": ["Region"],
    "properties": { "Region": { "type": "string", "enum": ["EU", "US"] }, "Token": { "type": "string", "format": "password" } }
  },
  "CRMConfigurationCommon": { "type": "object", "properties": { "Cached": { "type": "boolean" } } }
}"#;
const DIRECTORY: &str = "TelSysID,PartIDInTelSys,DeviceNumber,Description,CMEnvironmentID
1,,,Head office,d6d6c5a5f0f90d60:-15617a00:169f533f6d5:5613
1,1,,Sales,
1,1,+44201,\"Reception, ground floor\",
2,,,Warehouse,
";

/// The store of the story with what its operator keeps beside it.
struct Story {
    store: Store,
    server: Server,
}

impl Story {
    /// `init`, a template, start.
    fn begin() -> Self {
        let store = Store::init();
        let templates = store.folder.path().join("templates");
        fs::create_dir(&templates).unwrap();
        fs::write(templates.join("Acme.Crm.json"), TEMPLATE).unwrap();
        run(&["templates", "check", text(&templates)]).expect(0);
        let server = store.serve(&["--templates-folder", text(&templates)]).unwrap();
        Self { store, server }
    }

    /// A command of the administrator's on the running server.
    fn admin(&self, password: &str, words: &[&str], variables: &[(&str, &str)]) -> Ran {
        let url = format!("http://{}", self.server.address);
        let whole = [words, &["--url", &url, "--user", "admin"]].concat();
        run_with(&whole, &[variables, &[("CRMCONF_PASSWORD", password)]].concat())
    }

    fn file(&self, name: &str, content: &str) -> std::path::PathBuf {
        let path = self.store.folder.path().join(name);
        fs::write(&path, content).unwrap();
        path
    }
}

/// What makes a configuration of the story's type.
fn acme(region: &str) -> String {
    container("CRMConfiguration", &format!(r#"{{"Region":"{region}"}}"#))
}

/// The five operations as the editor: in the end one configuration is left.
fn edit(editor: &Session, scope: &str) -> String {
    let add = |description: &str, region: &str| {
        let payload = scope.to_owned()
            + &property("Description", description)
            + &property("CRMType", TYPE)
            + &acme(region)
            + &container("CRMConfigurationCommon", r#"{"Cached":"true"}"#);
        editor.call("CRMConfigurationAdd", &payload)
    };
    add("wrong", "MARS").expect_code(31006);
    let kept = add("kept", "EU").expect_success().configuration_id();
    let dropped = add("dropped", "EU").expect_success().configuration_id();
    let named = |id: &str| property("CRMConfigurationID", id) + scope;
    let change = named(&kept) + &property("Reason", "moved overseas") + &acme("US");
    editor.call("CRMConfigurationChange", &change).expect_success();
    editor.call("CRMConfigurationDelete", &named(&dropped)).expect_success();
    let info = editor.call("CRMConfigurationInfo", &named(&kept)).expect_success();
    assert_eq!(info.property("Region").as_deref(), Some("US"));
    let list = editor.call("CRMConfigurationList", scope).expect_success();
    assert_eq!(
        (list.property("Total").as_deref(), list.property("CRMConfigurationID")),
        (Some("1"), Some(kept.clone()))
    );
    kept
}

#[test]
fn a_store_is_set_up_filled_used_and_its_story_read_back() {
    let mut story = Story::begin();
    let first = story.store.password.clone();

    // The directory, and an account for each who works with it.
    let csv = story.file("directory.csv", DIRECTORY);
    let imported = story.admin(&first, &["directory", "import", text(&csv)], &[]).expect(0);
    let counts = ["TelSysAdded 2\n", "PartitionsAdded 1\n", "DevicesAdded 1\n"];
    assert!(counts.iter().all(|count| imported.out.contains(count)), "{imported:?}");
    for (name, role) in [("editor", "Editor"), ("viewer", "Viewer")] {
        let password = format!("first-{name}-password");
        story.admin(&first, &["account", "add", name], &[("CRMCONF_NEW_PASSWORD", &password)]).expect(0);
        story.admin(&first, &["account", "grant", name, role, "--telsys", "1"], &[]).expect(0);
    }

    // The editor works, the viewer may only look.
    let scope = triple("1", "1", "+44201");
    let editor = story.server.session_of("editor", "first-editor-password");
    let kept = edit(&editor, &scope);
    let viewer = story.server.session_of("viewer", "first-viewer-password");
    viewer.call("CRMConfigurationInfo", &(property("CRMConfigurationID", &kept) + &scope)).expect_success();
    viewer
        .call("CRMConfigurationDelete", &(property("CRMConfigurationID", &kept) + &scope))
        .expect_code(10515);
    viewer.call("AccountList", "").expect_code(10313);

    // The editor forgot the password, and then the administrator did too.
    let reset = ["account", "reset-password", "editor"];
    story.admin(&first, &reset, &[("CRMCONF_NEW_PASSWORD", "second-editor-password")]).expect(0);
    editor.call("CRMConfigurationList", &scope).expect_code(10307);
    assert!(story.server.terminate().success());
    let (data, key) = (story.store.data.clone(), story.store.key_file());
    let offline =
        ["account", "reset-password", "admin", "--data", text(&data), "--master-key-file", text(&key)];
    run_with(&offline, &[("CRMCONF_NEW_PASSWORD", "second-admin-password")]).expect(0);

    // After the restart the new passwords hold, and what was configured stands.
    story.server.restart();
    story.admin(&first, &["account", "list"], &[]).expect(1).says(&["10307"]);
    let listed = story.admin("second-admin-password", &["account", "list"], &[]).expect(0);
    assert!(["admin", "editor", "viewer"].iter().all(|name| listed.out.contains(name)), "{listed:?}");
    let editor = story.server.session_of("editor", "second-editor-password");
    let list = editor.call("CRMConfigurationList", &scope).expect_success();
    assert_eq!(list.property("CRMConfigurationID"), Some(kept.clone()));
    editor.call("Logout", "").expect_success();
    assert!(story.server.terminate().success());

    told::by_replay(&data, &kept);
    told::by_export(&data);
    told::by_security_log(&data.join("security.log"));
    told::no_secret(
        Path::new(story.store.folder.path()),
        &[
            &first,
            "first-editor-password",
            "second-editor-password",
            "second-admin-password",
            "first-viewer-password",
        ],
    );
}
