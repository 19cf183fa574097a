//! Sessions of an account that changed: whoever made the change, they end with it, and no other account's do.

use std::sync::Arc;

use crmconf_events::access::Role;
use crmconf_events::commit::CommitBuilder;
use crmconf_events::event::{
    AccountDeleted, AccountDisabled, AccountEnabled, Actor, Context, CredentialSet, Event, GrantGiven,
    GrantTaken, encode,
};
use crmconf_events::log::{AppendOutcome, EventLog, MemoryLog};
use crmconf_events::{CredentialId, Salt, Timestamp};

use crate::harness::{add_payload, property, triple};
use crate::inprocess::{InProcess, STORE, account_id, directory, found, grant, scope};

/// Two accounts that may write at one TelSys: one is changed, the other goes on.
const CHANGED: usize = 0;
const OTHER: usize = 1;

async fn service() -> InProcess {
    let log = Arc::new(MemoryLog::new(STORE));
    let editor = || vec![grant(Role::Editor, scope(1, 0, ""))];
    found(&*log, &[editor(), editor()], directory(&[(1, 0, "", "1")]));
    InProcess::start(log, 2).await
}

/// Appends events behind the service's back, as another process would.
pub fn append(log: &dyn EventLog, events: &[Event]) {
    let mut builder = CommitBuilder::new(log.store(), log.head(), Timestamp::from_micros(1));
    for event in events {
        let bytes = encode(Salt::new([3; 16]), &Context::of(Actor::System), event).unwrap();
        builder.try_push(bytes.into()).unwrap();
    }
    assert_eq!(log.append(builder.seal().unwrap()), AppendOutcome::Appended);
}

/// Has the writer take in what others appended.
pub async fn catch_up(inside: &InProcess, description: &str) {
    let add = add_payload(&triple("1", "", ""), description);
    inside.call(OTHER, "CRMConfigurationAdd", &add).await.expect_success();
}

#[actix_web::test]
async fn a_session_ends_when_its_account_is_disabled_or_its_password_or_grants_change() {
    let account = account_id(CHANGED);
    let credential = CredentialId::new([77; 16]);
    let viewer = grant(Role::Viewer, scope(1, 0, ""));
    let editor = grant(Role::Editor, scope(1, 0, ""));
    let changes = [
        ("disabled", vec![Event::AccountDisabled(AccountDisabled { account })]),
        (
            "disabled and enabled again",
            vec![
                Event::AccountDisabled(AccountDisabled { account }),
                Event::AccountEnabled(AccountEnabled { account }),
            ],
        ),
        ("deleted", vec![Event::AccountDeleted(AccountDeleted { account })]),
        ("another password", vec![Event::CredentialSet(CredentialSet { account, credential })]),
        ("one grant more", vec![Event::GrantGiven(GrantGiven { account, grant: viewer })]),
        ("one grant less", vec![Event::GrantTaken(GrantTaken { account, grant: editor })]),
    ];
    for (words, events) in changes {
        let inside = service().await;
        inside.call(CHANGED, "CRMConfigurationList", "").await.expect_success();
        append(&*inside.log, &events);
        catch_up(&inside, words).await;
        // 10307 comes before 10108, and every operation answers it, again and again.
        let unknown = property("Descripton", "x");
        for (operation, payload) in [
            ("CRMConfigurationList", ""),
            ("CRMConfigurationList", &*unknown),
            ("CRMConfigurationAdd", ""),
            ("Authenticate", &*unknown),
            ("Logout", ""),
            ("Logout", &*unknown),
        ] {
            let refused = inside.call(CHANGED, operation, payload).await;
            assert_eq!(refused.code(), 10307, "{words}, {operation}: {}", refused.body);
        }
        inside.call(OTHER, "CRMConfigurationList", "").await.expect_success();
        inside.stop().await;
    }
}

#[actix_web::test]
async fn what_an_account_writes_does_not_end_its_session() {
    let inside = service().await;
    catch_up(&inside, "a configuration").await;
    let list = inside.call(OTHER, "CRMConfigurationList", "").await.expect_success();
    let id = list.property("CRMConfigurationID").unwrap();
    // Nothing changes, and so only the key is recorded, in the account's own stream.
    let change =
        triple("1", "", "") + &property("CRMConfigurationID", &id) + &property("RequestKey", "a key");
    let before = inside.log.head();
    inside.call(CHANGED, "CRMConfigurationChange", &change).await.expect_success();
    assert!(inside.log.head() != before, "the key is recorded");
    inside.call(CHANGED, "CRMConfigurationList", "").await.expect_success();
    inside.stop().await;
}
