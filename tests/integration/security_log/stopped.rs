//! A stop while an import is under way whose client has left: the log tells what stands.

use super::{of_kind, path};
use crate::harness::{Server, Session, property};
use crate::late_commands::send_and_leave;

const DEVICES: usize = 12_000;

/// Stops a server just as an import's client leaves; the import's record, and how many entries there are.
fn stop_midway(drain_s: &str) -> (serde_json::Value, usize) {
    let mut server = Server::demo_with(&["--shutdown-drain-seconds", drain_s]);
    let admin = server.session("admin");
    let total = |admin: &Session| -> usize {
        let list = admin.call("DirectoryList", &property("Limit", "0")).expect_success();
        list.property("Total").unwrap().parse().unwrap()
    };
    let before = total(&admin);
    let rows: String = (0..DEVICES).map(|number| format!("1,1,9{number:05},device,\n")).collect();
    let csv = format!("TelSysID,PartIDInTelSys,DeviceNumber,Description,CMEnvironmentID\n{rows}");
    let import = admin.request("DirectoryImport", &property("CSV", &csv));
    send_and_leave(server.address, &import, || total(&admin) > before);
    assert!(server.terminate().success(), "{}", server.log_text());
    let mut imported = of_kind(&path(&server.data), "directory_imported");
    assert_eq!(imported.len(), 1, "{imported:?}, {}", server.log_text());
    server.restart();
    let after = total(&server.session("admin"));
    (imported.remove(0), after - before)
}

#[test]
fn an_import_whose_client_has_left_is_waited_for_and_recorded() {
    let (record, there) = stop_midway("30");
    assert_eq!((&record["complete"], &record["added"]), (&true.into(), &DEVICES.into()), "{record}");
    assert_eq!(there, DEVICES);
}

#[test]
fn an_import_that_a_stop_cuts_short_is_recorded_with_the_part_that_stands() {
    let (record, there) = stop_midway("0");
    assert_eq!(record["added"], there, "{record}");
    assert_eq!(record["complete"], there == DEVICES, "{record}");
    assert!(there > 0);
}
