//! Imports into the directory: one record each, and none where nothing became another.

use serde_json::json;

use super::{of_kind, stopped};
use crate::harness::{Server, property};

#[test]
fn an_import_is_recorded_with_what_it_did_and_one_that_does_nothing_is_not() {
    let mut server = Server::demo();
    let admin = server.session("admin");
    let head = "TelSysID,PartIDInTelSys,DeviceNumber,Description,CMEnvironmentID\n";
    let csv = head.to_owned() + "7,,,seven,\n7,1,,one,\n1,1,01234567101,hunter2,\n";
    let import = |more: &str| admin.call("DirectoryImport", &(property("CSV", &csv) + more)).expect_success();
    import(&property("ValidateOnly", "true"));
    import("");
    import("");
    admin.call("DirectoryImport", &property("CSV", "nonsense")).expect_code(10108);
    server.session("editor").call("DirectoryImport", &property("CSV", &csv)).expect_code(10313);
    let lines = stopped(&mut server);
    let imported = of_kind(&super::path(&server.data), "directory_imported");
    assert_eq!(imported.len(), 1, "{lines:?}");
    let line = &imported[0];
    for (field, value) in [
        ("mode", json!("merge")),
        ("complete", json!(true)),
        ("added", json!(2)),
        ("changed", json!(1)),
        ("removed", json!(0)),
        ("unchanged", json!(0)),
        ("operation", json!("DirectoryImport")),
        ("actor", format!("account:{}", lines[0]["account"].as_str().unwrap()).into()),
    ] {
        assert_eq!(line[field], value, "{field} of {line}");
    }
    assert!(lines.iter().any(|line| line["kind"] == "refused" && line["code"] == 10313), "{lines:?}");
    assert!(!format!("{lines:?}").contains("hunter2"));
}
