//! The operations on accounts: an administrator's alone, whatever the scope of a grant; the own password is everyone's.

use super::{Holder, Matrix, assert_cell, everything, serve};
use crate::harness::property;
use crate::inprocess::account_id;
use crmconf_events::access::Role;

/// The operations with something that each would take; nothing here changes anything.
fn operations() -> [(&'static str, String, u32); 6] {
    let nobody = property("AccountID", &account_id(200).to_string());
    let dry = property("ValidateOnly", "true");
    let new = property("UserName", "somebody") + &property("Password", "a good password");
    [
        ("AccountAdd", new + &dry, 0),
        ("AccountChange", nobody.clone() + &dry, 31201),
        ("AccountDelete", nobody.clone() + &dry, 31201),
        ("AccountErase", nobody.clone() + &dry, 31201),
        ("AccountInfo", nobody, 31201),
        ("AccountList", String::new(), 0),
    ]
}

#[actix_web::test]
async fn accounts_are_an_administrator_s_alone_and_every_other_role_is_told_so_first() {
    let matrix = Matrix::new().await;
    let before = matrix.service.dump();
    let mut cells = 0;
    for Holder { account, role, granted, .. } in &matrix.holders {
        for (operation, payload, expected) in operations() {
            let administers = *role == Role::Administrator;
            let cell = format!("{operation}: {role:?} on {:?}", super::GRANTED[*granted]);
            let reply = matrix.call(*account, operation, &payload).await;
            assert_cell(&reply, if administers { expected } else { 10313 }, &cell);
            // Before any property is looked at.
            let reply = matrix.call(*account, operation, &property("Unknown", "x")).await;
            assert_cell(&reply, if administers { 10108 } else { 10313 }, &cell);
            cells += 2;
        }
    }
    assert_eq!(cells, 17 * 6 * 2);
    assert_eq!(matrix.service.dump(), before);
}

#[actix_web::test]
async fn an_account_without_any_grant_administers_nothing() {
    let service = serve(&[everything(), vec![]]).await;
    for (operation, payload, _) in operations() {
        service.call(1, operation, &payload).await.expect_code(10313);
    }
}

#[actix_web::test]
async fn every_role_may_ask_for_another_password_of_its_own() {
    let matrix = Matrix::new().await;
    for Holder { account, role, granted, .. } in &matrix.holders {
        let cell = format!("{role:?} on {:?}", super::GRANTED[*granted]);
        // These accounts have no password: what is told is that the old one is wrong, and nothing of rights.
        let old = property("OldPassword", "x") + &property("NewPassword", "a good password");
        assert_cell(&matrix.call(*account, "PasswordChange", &old).await, 10307, &cell);
        assert_cell(&matrix.call(*account, "PasswordChange", "").await, 10107, &cell);
        let list =
            matrix.call(*account, "CRMConfigurationList", &super::ids_of(super::GRANTED[*granted])).await;
        assert_cell(&list, 0, &format!("the session stays: {cell}"));
    }
}
