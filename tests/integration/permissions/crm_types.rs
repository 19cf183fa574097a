//! The types are for every account that is signed in, whatever its grants, and for nobody else.

use super::*;
use crate::harness::{SUGAR, Server, Session};

/// The operations with a payload each.
fn operations() -> [(&'static str, String); 2] {
    [("CRMTypeList", String::new()), ("CRMTypeInfo", property("CRMType", SUGAR))]
}

#[actix_web::test]
async fn every_signed_in_account_sees_the_same_of_every_type() {
    let matrix = Matrix::new().await;
    let mut cells = 0;
    for (operation, payload) in operations() {
        let admins = matrix.call(ADMIN, operation, &payload).await.expect_success();
        assert!(admins.body.contains(SUGAR), "{}", admins.body);
        for Holder { account, role, granted, .. } in &matrix.holders {
            let reply = matrix.call(*account, operation, &payload).await;
            assert_cell(&reply, 0, &format!("{operation}: {role:?} on {:?}", GRANTED[*granted]));
            assert_eq!(reply.body, admins.body);
            cells += 1;
        }
    }
    assert_eq!(cells, 17 * 2);
}

#[actix_web::test]
async fn an_account_without_a_single_grant_sees_them_too() {
    let service = serve(&[everything(), Vec::new()]).await;
    for (operation, payload) in operations() {
        service.call(1, operation, &payload).await.expect_success();
    }
    // What it is not granted stays hidden.
    service.call(1, "CRMConfigurationList", &ids_of((1, 0, ""))).await.expect_code(10511);
}

#[test]
fn nobody_who_is_not_signed_in_sees_them() {
    let server = Server::demo();
    let nobody = Session::create(server.address);
    for (operation, payload) in operations() {
        nobody.call(operation, &payload).expect_code(10305);
        let without = nobody.request(operation, &payload).replace(&nobody.id, "");
        server.post(&without).expect_code(10301);
        let unknown = nobody.request(operation, &payload).replace(&nobody.id, &"0".repeat(32));
        server.post(&unknown).expect_code(10302);
    }
}
