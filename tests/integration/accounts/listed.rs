//! `AccountList`: searched, sorted, paged; and an account whose credential was lost.

use std::sync::Arc;

use crmconf_events::access::Role;
use crmconf_events::log::MemoryLog;

use super::{ADD, CHANGE, DELETE, INFO, LIST, PASSWORD, grant, new_account, user};
use crate::harness::{Reply, Server, property};
use crate::inprocess::{Beside, InProcess, STORE, account_id, found, own_vault, scope};

/// The user names of a list, in order.
fn names(reply: &Reply) -> Vec<String> {
    let pieces = reply.body.split("<Property Name=\"UserName\">").skip(1);
    pieces.map(|rest| rest.split("</Property>").next().unwrap().to_owned()).collect()
}

#[test]
fn accounts_are_searched_sorted_and_paged_as_configurations_are() {
    let server = Server::demo();
    let admin = server.session("admin");
    admin.call(ADD, &new_account("Ädmin", &property("DisplayName", "Straße"))).expect_success();
    admin.call(ADD, &new_account("zoe", &property("Enabled", "false"))).expect_success();
    let list = |asked: &str| admin.call(LIST, asked).expect_success();
    let all = list("");
    assert_eq!(names(&all), ["admin", "Ädmin", "auditor", "client", "editor", "viewer", "zoe"]);
    assert!(all.body.contains(
        "<Success><Property Name=\"Offset\">0</Property><Property Name=\"Total\">7</Property><Container>"
    ));
    let viewers =
        "<Container><Property Name=\"UserName\">viewer</Property><Property Name=\"DisplayName\"></Property>";
    let (_, row) = all.body.split_once(viewers).unwrap();
    let grant = "<Container Name=\"Grant\"><Property Name=\"Role\">Viewer</Property><Property Name=\"TelSysID\">-1</Property>";
    assert!(row.contains(grant), "{row}");

    let descending = list(&property("Sort", "UserName:DESC"));
    assert_eq!(names(&descending), ["zoe", "viewer", "editor", "client", "auditor", "Ädmin", "admin"]);
    assert_eq!(names(&list(&property("Sort", "Enabled")))[0], "zoe");
    assert_eq!(names(&list(&property("Sort", "Version:DESC")))[0], "zoe");
    assert_eq!(names(&list(&property("Sort", "DisplayName:DESC")))[0], "Ädmin");
    let (up, down) = (list(&property("Sort", "AccountID")), list(&property("Sort", "AccountID:DESC")));
    assert_eq!(names(&up), names(&down).into_iter().rev().collect::<Vec<_>>());
    assert_eq!(names(&list(&property("SearchQuery", "ADM"))), ["admin"]);
    assert_eq!(names(&list(&property("SearchQuery", "STRASSE"))), ["Ädmin"]);
    let page = list(&(property("Offset", "1") + &property("Limit", "2")));
    assert_eq!(
        (names(&page), page.property("Total").as_deref()),
        (vec!["Ädmin".into(), "auditor".into()], Some("7"))
    );
    assert!(names(&list(&property("Offset", "9"))).is_empty());
    let under_request =
        admin.request(LIST, "").replace("<OperationPayload>", "<Limit>1</Limit><OperationPayload>");
    assert_eq!(names(&admin.send(&under_request).expect_success()), ["admin"]);
    admin.call(DELETE, &user("zoe")).expect_success();
    assert_eq!(list("").property("Total").as_deref(), Some("6"));
    assert!(!all.body.contains("argon2") && !all.body.contains(PASSWORD));
}

#[actix_web::test]
async fn an_account_whose_credential_the_vault_lacks_is_shown_without_a_name_and_can_get_both_anew() {
    let log = Arc::new(MemoryLog::new(STORE));
    let everything = scope(0, 0, "");
    let of = |role| vec![crate::inprocess::grant(role, everything.clone())];
    found(&*log, &[of(Role::Administrator), of(Role::Viewer)], Vec::new());
    let inside = InProcess::start_with(log, 2, Beside { vault: own_vault(), ..Beside::default() }).await;
    let list = inside.call(0, LIST, "").await.expect_success();
    assert_eq!(names(&list), ["", ""]);
    let id = property("AccountID", &account_id(1).to_string());
    let info = inside.call(0, INFO, &id).await.expect_success();
    assert_eq!(info.property("UserName").as_deref(), Some(""));
    for half in [property("NewUserName", "viola"), property("Password", PASSWORD)] {
        inside.call(0, CHANGE, &(id.clone() + &half)).await.expect_code(10103);
    }
    inside.call(0, CHANGE, &(id.clone() + &grant("Auditor", "", "", ""))).await.expect_success();
    let both = property("NewUserName", "viola") + &property("Password", PASSWORD);
    inside.call(0, CHANGE, &(id.clone() + &both)).await.expect_success();
    let info = inside.call(0, INFO, &user("Viola")).await.expect_success();
    assert_eq!(info.property("AccountID"), Some(account_id(1).to_string()));
    inside.call(0, DELETE, &id).await.expect_success();
    inside.stop().await;
}
