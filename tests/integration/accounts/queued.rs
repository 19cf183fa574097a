//! What waits in the writer's queue is judged on the accounts as they stand when its turn comes.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crmconf::http::listener::Patience;
use crmconf_events::access::Role;

use super::{ADD, CHANGE, DELETE, grant, new_account};
use crate::harness::{add_payload, post, property, triple};
use crate::inprocess::{self, Beside, InProcess, account_id, directory, found, own_vault, scope};
use crate::late_commands::gated_log;

/// Time after which what was sent has reached the writer's queue.
const A_WHILE: Duration = Duration::from_millis(500);
const PATIENCE: Duration = Duration::from_secs(20);

const ADMIN: usize = 0;
const EDITOR: usize = 1;
const SECOND: usize = 2;
const DISABLED: usize = 3;

/// A service whose log stands still while the gate is held.
async fn service(gate: &Arc<Mutex<()>>) -> InProcess {
    let log = gated_log(gate);
    let admin = || vec![inprocess::grant(Role::Administrator, scope(0, 0, ""))];
    let editor = || vec![inprocess::grant(Role::Editor, scope(1, 0, ""))];
    found(&log, &[admin(), editor(), admin(), editor()], directory(&[(1, 0, "", "1")]));
    InProcess::start_with(Arc::new(log), 4, Beside { vault: own_vault(), ..Beside::default() }).await
}

#[actix_web::test]
async fn a_queued_write_does_not_outlive_the_grant_of_its_account() {
    let gate = Arc::new(Mutex::new(()));
    let inside = service(&gate).await;
    let listener = inside.listen(Patience::with_head(PATIENCE), 16);
    let id = |place| property("AccountID", &account_id(place).to_string());
    let add = |description: &str| add_payload(&triple("1", "", ""), description);
    // The changes of the accounts, then what these accounts sent before they knew.
    let first = [
        inside.request(ADMIN, CHANGE, &(id(EDITOR) + &grant("Viewer", "", "", ""))),
        inside.request(ADMIN, CHANGE, &(id(SECOND) + &grant("Editor", "", "", ""))),
        inside.request(ADMIN, CHANGE, &(id(DISABLED) + &property("Enabled", "false"))),
    ];
    let then = [
        (inside.request(EDITOR, "CRMConfigurationAdd", &add("by an editor")), 10515),
        (inside.request(SECOND, ADD, &new_account("anna", "")), 10313),
        (inside.request(SECOND, DELETE, &id(ADMIN)), 10313),
        (inside.request(DISABLED, "CRMConfigurationAdd", &add("by nobody")), 10307),
    ];
    let address = listener.address();
    let clients = move || {
        let send = |body: String| {
            let sent = std::thread::spawn(move || post(address, "/api/xml", &[], body.as_bytes()).unwrap());
            std::thread::sleep(A_WHILE);
            sent
        };
        let held = gate.lock().unwrap();
        let first = first.map(send);
        let then = then.map(|(body, code)| (send(body), code));
        drop(held);
        for reply in first {
            reply.join().unwrap().expect_success();
        }
        for (reply, code) in then {
            reply.join().unwrap().expect_code(code);
        }
    };
    actix_web::rt::task::spawn_blocking(clients).await.unwrap();
    let view = inside.app.views.load_full();
    assert_eq!((view.configurations.len(), view.accounts.iter().count()), (0, 4));
    // The name that came to nothing is free.
    inside.call(ADMIN, ADD, &new_account("anna", "")).await.expect_success();
    listener.drain().await;
    inside.stop().await;
}
