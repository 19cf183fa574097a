//! What happens between two portions of one import: others change what it is about, or its client leaves.

use std::sync::{Arc, Mutex};

use crmconf::http::intake::BODIES_BYTES_MAX;
use crmconf::http::listener::Patience;
use crmconf_events::access::Role;

use super::{HEADER, IMPORT};
use crate::harness::{add_payload, post, property, triple};
use crate::inprocess::{InProcess, directory, found, grant, scope};
use crate::late_commands::{A_WHILE, PATIENCE, gated_log, send_and_leave, wait_until};

const ADMIN: usize = 0;
const DEVICES: usize = 3_000;
/// How many events a portion has at most.
const PORTION: usize = 1_024;

/// A service whose disk stands still while the gate is held; TelSys 1 with a partition.
async fn service(gate: &Arc<Mutex<()>>) -> InProcess {
    let log = gated_log(gate);
    let accounts = [vec![grant(Role::Administrator, scope(0, 0, ""))]];
    found(&log, &accounts, directory(&[(1, 0, "", "main"), (1, 1, "", "floor")]));
    InProcess::start(Arc::new(log), 1).await
}

fn devices() -> String {
    let rows: String = (0..DEVICES).map(|number| format!("1,1,{number:05},device,\n")).collect();
    property("CSV", &format!("{HEADER}{rows}"))
}

#[actix_web::test]
async fn an_import_that_others_get_in_the_way_of_tells_what_it_has_done_and_can_be_completed() {
    let gate = Arc::new(Mutex::new(()));
    let inside = service(&gate).await;
    inside.call(ADMIN, IMPORT, &devices()).await.expect_success();
    let listener = inside.listen(Patience::with_head(PATIENCE), 8);
    let address = listener.address();
    let remove = inside.request(ADMIN, IMPORT, &(devices() + &property("Mode", "Remove")));
    // It goes to what is removed last.
    let add = inside.request(ADMIN, "CRMConfigurationAdd", &add_payload(&triple("1", "1", "00000"), "x"));
    let room = inside.app.bodies.clone();
    let clients = move || {
        let held = gate.lock().unwrap();
        let send = move |body: String| {
            std::thread::spawn(move || post(address, "/api/xml", &[], body.as_bytes()).expect("an answer"))
        };
        let removing = send(remove);
        wait_until("the import was read", || BODIES_BYTES_MAX - room.left() > 100_000);
        std::thread::sleep(A_WHILE);
        let adding = send(add);
        std::thread::sleep(A_WHILE);
        drop(held);
        (removing.join().unwrap(), adding.join().unwrap())
    };
    let (removed, added) = actix_web::rt::task::spawn_blocking(clients).await.unwrap();
    let added = added.expect_success();
    let message = removed.expect_code(31204).property("ErrorMessage").unwrap();
    let expected = format!(
        "The directory entry is in use: TelSys 1 Partition 1 Device 00000 has the CRM Configuration {}. Applied before \
         that: DevicesRemoved {}. What was applied stays; repeat the import to complete it.",
        added.configuration_id(),
        2 * PORTION,
    );
    assert_eq!(message, expected);
    let again = inside.call(ADMIN, IMPORT, &devices()).await.expect_success();
    assert_eq!(again.property("DevicesAdded"), Some((2 * PORTION).to_string()));
    assert_eq!(again.property("Unchanged"), Some((DEVICES - 2 * PORTION).to_string()));
    listener.drain().await;
    inside.stop().await;
}

#[actix_web::test]
async fn an_import_whose_client_has_left_runs_to_its_end_and_then_gives_its_room_back() {
    let gate = Arc::new(Mutex::new(()));
    let inside = service(&gate).await;
    let listener = inside.listen(Patience::with_head(PATIENCE), 8);
    let import = inside.request(ADMIN, IMPORT, &devices());
    let (address, room, log) = (listener.address(), inside.app.bodies.clone(), Arc::clone(&inside.log));
    let before = log.head().commit;
    let client = move || {
        let held = gate.lock().unwrap();
        let taken = || BODIES_BYTES_MAX - room.left();
        // The entries take more than the body that lists them.
        let least = 2 * import.len();
        send_and_leave(address, &import, || taken() > least);
        std::thread::sleep(A_WHILE);
        assert!(taken() > least, "{} bytes are left of it", taken());
        drop(held);
        wait_until("the room is given back", || taken() == 0);
    };
    actix_web::rt::task::spawn_blocking(client).await.unwrap();
    assert_eq!(inside.log.head().commit, before + 3);
    let list = inside.call(ADMIN, "DirectoryList", &property("Limit", "0")).await.expect_success();
    assert_eq!(list.property("Total"), Some((DEVICES + 2).to_string()));
    listener.drain().await;
    inside.stop().await;
}
