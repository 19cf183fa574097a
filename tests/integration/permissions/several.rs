//! Accounts with several grants: they add up, in every answer, and no more.

use super::{ASKED, Asked, EVERY, add_at, assert_cell, everything, ids_of, located, serve};
use crate::harness::{Reply, property};
use crate::inprocess::{InProcess, grant, scope};
use crmconf_events::access::{Grant, Role};

#[actix_web::test]
async fn several_grants_add_up_and_no_more() {
    let device = grant(Role::Editor, scope(1, 1, "01"));
    let other = grant(Role::Viewer, scope(2, 0, ""));
    let service = serve(&[everything(), vec![device, other], vec![]]).await;
    let ids = add_at(&service, &ASKED).await;
    // Each row: the scope asked, what Info answers, what Delete as a dry run answers.
    let cells = [
        (EVERY, 0, 10700),
        ((1, 0, ""), 0, 10515),
        ((1, 1, ""), 0, 10515),
        ((1, 1, "01"), 0, 0),
        ((1, 1, "02"), 10701, 10701),
        ((1, 2, ""), 10512, 10512),
        ((1, 2, "01"), 10512, 10512),
        ((2, 0, ""), 0, 10515),
        ((2, 1, ""), 0, 10515),
        ((2, 1, "01"), 0, 10515),
    ];
    for ((asked, info, delete), id) in cells.into_iter().zip(&ids) {
        let payload = located(id, asked);
        assert_cell(&service.call(1, "CRMConfigurationInfo", &payload).await, info, &format!("{asked:?}"));
        let dry = payload.clone() + &property("ValidateOnly", "true");
        assert_cell(&service.call(1, "CRMConfigurationDelete", &dry).await, delete, &format!("{asked:?}"));
        // An account without any grant: nothing fits, at the first level already.
        let nothing = service.call(2, "CRMConfigurationInfo", &payload).await;
        assert_cell(&nothing, 10511, &format!("{asked:?}"));
    }
}

/// The places of the rows, in their order, and the total.
fn rows(reply: &Reply) -> (Vec<usize>, usize) {
    let rows = reply.body.split("<Property Name=\"Description\">place ").skip(1);
    let rows = rows.map(|rest| rest.split('<').next().unwrap().parse().unwrap()).collect();
    (rows, reply.property("Total").unwrap().parse().unwrap())
}

/// Asks for everything, page by page, and within scopes, and compares rows and Total with the places that are visible.
async fn sees(service: &InProcess, account: usize, visible: &[usize]) {
    let list = async |payload: &str| {
        rows(&service.call(account, "CRMConfigurationList", payload).await.expect_success())
    };
    assert_eq!(list("").await, (visible.to_vec(), visible.len()), "account {account}");
    for offset in 0..=visible.len() {
        let page = property("Offset", &offset.to_string()) + &property("Limit", "2");
        let expected = visible.iter().skip(offset).take(2).copied().collect::<Vec<_>>();
        assert_eq!(list(&page).await, (expected, visible.len()), "account {account}, from {offset}");
    }
    let found = visible.iter().copied().filter(|place| *place == 6).collect::<Vec<_>>();
    let total = found.len();
    assert_eq!(
        list(&property("SearchQuery", "place 6")).await,
        (found, total),
        "account {account}, by search"
    );
    let within = |asked: Asked, places: &[usize]| {
        let expected: Vec<_> = places.iter().copied().filter(|place| visible.contains(place)).collect();
        (ids_of(asked) + &property("ScopeMatch", "Within"), expected)
    };
    for (payload, expected) in
        [within(EVERY, &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]), within((1, 0, ""), &[1, 2, 3, 4, 5, 6])]
    {
        let total = expected.len();
        assert_eq!(list(&payload).await, (expected, total), "account {account}: {payload}");
    }
}

#[actix_web::test]
async fn a_list_shows_the_rows_of_all_grants_once_each_with_their_total() {
    let of = |grants: &[(Role, Asked)]| -> Vec<Grant> {
        grants.iter().map(|(role, asked)| grant(*role, super::at(*asked))).collect()
    };
    // Grants and what they show: what is at, below and above each, by its place among the scopes asked.
    let accounts: [(Vec<Grant>, &[usize]); 6] = [
        (of(&[(Role::Editor, (1, 1, "01")), (Role::Viewer, (2, 0, ""))]), &[0, 1, 2, 3, 7, 8, 9]),
        (of(&[(Role::Viewer, (1, 1, "01")), (Role::Viewer, (1, 1, "02"))]), &[0, 1, 2, 3, 4]),
        (of(&[(Role::Client, (1, 1, "02")), (Role::Viewer, (1, 2, ""))]), &[0, 1, 2, 4, 5, 6]),
        // One within the other, and one role beside another on the same scope.
        (of(&[(Role::Editor, (1, 1, "")), (Role::Viewer, (1, 0, ""))]), &[0, 1, 2, 3, 4, 5, 6]),
        (of(&[(Role::Viewer, (1, 2, "")), (Role::Editor, (1, 2, ""))]), &[0, 1, 5, 6]),
        (of(&[(Role::Auditor, (2, 1, "01")), (Role::Viewer, (1, 2, "01"))]), &[0, 1, 5, 6, 7, 8, 9]),
    ];
    let mut all = vec![everything()];
    all.extend(accounts.iter().map(|(grants, _)| grants.clone()));
    let service = serve(&all).await;
    add_at(&service, &ASKED).await;
    sees(&service, super::ADMIN, &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]).await;
    for (place, (_, visible)) in accounts.iter().enumerate() {
        sees(&service, place + 1, visible).await;
    }
}
