//! The addresses of what accounts do, where the key that they are sealed under is gone.

use std::sync::Arc;

use crmconf_events::access::Role;
use crmconf_events::log::MemoryLog;
use crmconf_events::told::Told;

use super::{ADD, PASSWORD, grant as granted, new_account};
use crate::harness::{add_payload, triple};
use crate::inprocess::{Beside, InProcess, STORE, found, grant, own_vault, scope};

#[test]
fn that_an_account_s_addresses_are_not_recorded_is_told_once_however_often_it_changes_something() {
    let ((), told) = Told::by(|| {
        actix_web::rt::System::new().block_on(async {
            let log = Arc::new(MemoryLog::new(STORE));
            found(&*log, &[vec![grant(Role::Administrator, scope(0, 0, ""))]], Vec::new());
            let vault = own_vault();
            let beside = Beside { vault: Arc::clone(&vault), ..Beside::default() };
            let mut service = InProcess::start_with(log, 1, beside).await;
            let editors =
                ["anna", "bert"].map(|name| (name, new_account(name, &granted("Editor", "", "", ""))));
            let mut sessions = Vec::new();
            for (name, new) in &editors {
                service.call(0, ADD, new).await.expect_success();
                sessions.push(service.authenticate(name, PASSWORD).await.0);
            }
            let keys = service.app.views.load().accounts.iter().filter_map(|account| account.key).collect();
            assert_eq!(vault.destroy(&keys).unwrap().keys, 2);
            for number in 0..3 {
                for session in &sessions {
                    let payload = add_payload(&triple("-1", "", ""), &format!("{number} of {session}"));
                    service.call(*session, "CRMConfigurationAdd", &payload).await.expect_success();
                }
            }
        });
    });
    assert_eq!(told.matches("recorded without its address").count(), 2, "{told}");
}
