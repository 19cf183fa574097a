//! The operations on keys: an administrator's alone, wherever the configuration stands that one is about.

use super::{ASKED, EVERY, Holder, Matrix, assert_cell, everything, located, serve};
use crate::harness::property;
use crmconf_events::access::Role;

/// The operations with something that each would take; nothing here changes anything.
fn operations() -> Vec<(&'static str, String, u32)> {
    let nothing = "8b421354e7ea58f6:1007bf0b:197cf8dc588:-776e";
    let dry = property("ValidateOnly", "true");
    let shred = ASKED.into_iter().map(|asked| ("CRMConfigurationShred", located(nothing, asked), 31003));
    let others = [
        ("DestructionResume", dry.clone(), 10108),
        ("MasterKeyList", String::new(), 0),
        // The keys of these vaults are nowhere to be had.
        ("MasterKeyRotate", dry, 10103),
    ];
    shred.chain(others).collect()
}

#[actix_web::test]
async fn keys_are_an_administrator_s_alone_and_every_other_role_is_told_so_first() {
    let matrix = Matrix::new().await;
    let before = matrix.service.dump();
    let mut cells = 0;
    for Holder { account, role, granted, .. } in &matrix.holders {
        for (operation, payload, expected) in operations() {
            let administers = *role == Role::Administrator;
            let cell = format!("{operation} of {payload}: {role:?} on {:?}", super::GRANTED[*granted]);
            let reply = matrix.call(*account, operation, &payload).await;
            assert_cell(&reply, if administers { expected } else { 10313 }, &cell);
            let reply = matrix.call(*account, operation, &property("Unknown", "x")).await;
            assert_cell(&reply, if administers { 10108 } else { 10313 }, &cell);
            cells += 2;
        }
    }
    assert_eq!(cells, 17 * operations().len() * 2);
    assert_eq!(matrix.service.dump(), before);
}

#[actix_web::test]
async fn no_other_role_destroys_the_key_of_what_it_may_write() {
    let matrix = Matrix::new().await;
    let before = matrix.service.dump();
    for Holder { account, role, granted, .. } in &matrix.holders {
        if *role != Role::Administrator {
            for (id, asked) in matrix.ids.iter().zip(ASKED) {
                let reply = matrix.call(*account, "CRMConfigurationShred", &located(id, asked)).await;
                assert_cell(&reply, 10313, &format!("{role:?} on {:?}: {asked:?}", super::GRANTED[*granted]));
            }
        }
    }
    assert_eq!(matrix.service.dump(), before);
    let reply = matrix.call(super::ADMIN, "CRMConfigurationShred", &located(&matrix.ids[0], EVERY)).await;
    assert_cell(&reply, 0, "the administrator may");
}

#[actix_web::test]
async fn an_account_without_any_grant_may_nothing_about_keys() {
    let service = serve(&[everything(), vec![]]).await;
    for (operation, payload, _) in operations() {
        service.call(1, operation, &payload).await.expect_code(10313);
    }
}
