//! `crmconf templates` as the author of a template meets it.

use std::fs;
use std::path::Path;

use crate::harness::{golden, run, text};

const BROKEN: &str = r#"{
  "CRMType": "Acme.Broken", "Title": "", "Version": 2, "Titel": "x",
  "CRMConfiguration": {
    "type": "text",
    "properties": {
      "Url": { "type": "string", "format": "url" },
      "Deep": { "type": "object", "properties": { "Secret": { "type": "string", "format": "password" } } },
      "a/b": { "type": "string", "pattern": "(?=x)" },
      "Other": { "$ref": "https://example.com/x" },
      "Length": { "minLength": "7" }
    }
  },
  "CRMConfigurationCommon": { "properties": { "p": { "type": "string", "format": "password" } } }
}"#;

const DOUBTFUL: &str = r#"{
  "CRMType": "Acme.Doubtful", "Title": "t", "Version": "1",
  "CRMConfiguration": {
    "properties": {
      "ApiToken": { "type": "string" },
      "TokenUrl": { "type": "string" },
      "Mode": { "type": "string", "enum": ["a", 1], "default": "a" },
      "Count": { "type": "integer", "minimum": 5, "maximum": 3, "x-slider": true },
      "Name": { "type": "string", "minLenght": 3 }
    },
    "required": ["Mode", "Url"]
  },
  "CRMConfigurationCommon": { "properties": { "ProxyPassword": { "type": "string" } } }
}"#;

/// What is printed, without the folder's path.
fn checked(folder: &Path, code: i32) -> String {
    let ran = run(&["templates", "check", text(folder)]).expect(code);
    assert_eq!(ran.err, "");
    ran.out.replace(text(folder), "[folder]")
}

#[test]
fn the_built_in_templates_are_written_once_and_stand_every_check() {
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path().join("made/here");
    let written = run(&["templates", "export", text(&folder)]).expect(0).out;
    let names = ["CrmAddin.Salesforce.SalesforceAddin.json", "CrmAddin.SugarCrm.SugarCrmAddin.json"];
    let paths: String = names.iter().map(|name| format!("{}\n", folder.join(name).display())).collect();
    assert_eq!(written, paths);
    golden("templates", "check-built-in", &checked(&folder, 0));

    let author = folder.join(names[1]);
    fs::write(&author, "mine").unwrap();
    fs::remove_file(folder.join(names[0])).unwrap();
    let refused = run(&["templates", "export", text(&folder)]).expect(1);
    refused.says(&[text(&author), "is there already", "nothing was written"]);
    assert_eq!(fs::read_to_string(&author).unwrap(), "mine");
    assert!(!folder.join(names[0]).exists());
}

#[test]
fn every_fault_of_every_file_is_told_with_its_place() {
    let temp = tempfile::tempdir().unwrap();
    let put = |name: &str, content: &[u8]| fs::write(temp.path().join(name), content).unwrap();
    put("Acme.Broken.json", BROKEN.as_bytes());
    put("Acme.Doubtful.json", DOUBTFUL.as_bytes());
    put("Acme.Renamed.json", DOUBTFUL.replace("ApiToken", "Api").as_bytes());
    put(" Spaced.json", DOUBTFUL.replace("Acme.Doubtful", " Spaced").as_bytes());
    put("Binary.json", b"\xff\xfe");
    put("Empty.json", b"");
    put("Half.json", &BROKEN.as_bytes()[..40]);
    put("Missing.json", b"{\"CRMType\":\"Missing\"}");
    put("Long.json", &vec![b' '; 128 * 1024 + 4]);
    put("Control\u{1b}[31m.json", b"{}");
    put("Backup.json.bak", b"{}");
    put(".hidden.json", b"{}");
    put("README.md", b"text");
    fs::create_dir(temp.path().join("within")).unwrap();
    std::os::unix::fs::symlink("nowhere", temp.path().join("Link.json")).unwrap();
    golden("templates", "check-faults", &checked(temp.path(), 1));
}

#[test]
fn warnings_alone_are_no_failure_and_a_folder_without_templates_is_one() {
    let temp = tempfile::tempdir().unwrap();
    fs::write(temp.path().join("Acme.Doubtful.json"), DOUBTFUL).unwrap();
    golden("templates", "check-warnings", &checked(temp.path(), 0));
    let empty = temp.path().join("empty");
    fs::create_dir(&empty).unwrap();
    golden("templates", "check-empty", &checked(&empty, 1));
    let missing = temp.path().join("missing");
    run(&["templates", "check", text(&missing)]).expect(1).says(&[text(&missing), "cannot be read"]);
    for words in [&["templates"][..], &["templates", "check"], &["templates", "list", "x"]] {
        run(words).expect(2);
    }
}
