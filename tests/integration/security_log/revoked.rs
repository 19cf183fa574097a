//! Sessions whose account changed: what became of the account stands in the record, once for each session.

use std::sync::Arc;

use crmconf::security_log::{FileOptions, SecurityLog};
use crmconf_events::access::Role;
use crmconf_events::event::{AccountDeleted, AccountDisabled, Event, GrantTaken};
use crmconf_events::log::MemoryLog;

use super::{fields, lines};
use crate::account_changes::{append, catch_up};
use crate::inprocess::{Beside, InProcess, STORE, account_id, directory, found, grant, scope};

#[actix_web::test]
async fn a_session_that_ends_with_its_account_says_why_and_later_requests_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("security.log");
    let account = account_id(0);
    let taken = GrantTaken { account, grant: grant(Role::Editor, scope(1, 0, "")) };
    let changes = [
        ("account_disabled", Event::AccountDisabled(AccountDisabled { account })),
        ("account_deleted", Event::AccountDeleted(AccountDeleted { account })),
        ("account_changed", Event::GrantTaken(taken)),
    ];
    for (cause, event) in &changes {
        let options = FileOptions { path: path.clone(), bytes_max: 1 << 20, files_max: 2 };
        let security_log = SecurityLog::start(options).unwrap();
        let log = Arc::new(MemoryLog::new(STORE));
        let editor = || vec![grant(Role::Editor, scope(1, 0, ""))];
        found(&*log, &[editor(), editor()], directory(&[(1, 0, "", "1")]));
        let inside =
            InProcess::start_with(log, 2, Beside { security_log: security_log.clone(), ..Beside::default() })
                .await;
        append(&*inside.log, std::slice::from_ref(event));
        catch_up(&inside, cause).await;
        inside.call(0, "CRMConfigurationList", "").await.expect_code(10307);
        inside.call(0, "CRMConfigurationInfo", "").await.expect_code(10307);
        inside.stop().await;
        security_log.close();
        let lines = lines(&path);
        let kinds = ["server_started", "session_revoked", "refused", "server_stopped"];
        assert_eq!(fields(&lines, "kind"), kinds, "{cause}");
        let revoked = &lines[1];
        assert_eq!((&revoked["cause"], &revoked["account"]), (&(*cause).into(), &account.to_string().into()));
        assert!(
            revoked["session"].is_string() && revoked["operation"] == "CRMConfigurationList",
            "{revoked}"
        );
        assert_eq!((&lines[2]["code"], lines[2].get("account")), (&10307.into(), None));
        std::fs::remove_file(&path).unwrap();
    }
}
