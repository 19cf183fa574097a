//! The last enabled Administrator is kept, also where two remove each other at the same moment.

use std::sync::Arc;

use crmconf_events::access::Role;
use crmconf_events::log::MemoryLog;

use super::{ADD, CHANGE, DELETE, ERASE, INFO, PASSWORD, grant, new_account, user};
use crate::harness::{Server, property};
use crate::inprocess::{Beside, InProcess, STORE, account_id, found, own_vault, scope};

/// The ways in which an account ceases to be an enabled Administrator.
fn ways() -> [(&'static str, String); 5] {
    [
        (DELETE, String::new()),
        (ERASE, String::new()),
        (CHANGE, property("Enabled", "false")),
        (CHANGE, property("NoGrants", "true")),
        (CHANGE, grant("Viewer", "", "", "")),
    ]
}

/// How many enabled Administrators there are.
fn administrators(inside: &InProcess) -> usize {
    let view = inside.app.views.load();
    view.accounts.iter().filter(|account| account.enabled && account.grants.administer()).count()
}

#[actix_web::test]
async fn of_two_who_remove_each_other_at_the_same_moment_exactly_one_stays() {
    let mut refused = [0, 0];
    for round in 0..3 {
        for (first, more_first) in ways() {
            for (second, more_second) in ways() {
                let log = Arc::new(MemoryLog::new(STORE));
                let admin = || vec![crate::inprocess::grant(Role::Administrator, scope(0, 0, ""))];
                found(&*log, &[admin(), admin()], Vec::new());
                let inside =
                    InProcess::start_with(log, 2, Beside { vault: own_vault(), ..Beside::default() }).await;
                let id = |place| property("AccountID", &account_id(place).to_string());
                // Each removes the other, and in one round of three both remove the same one, or themselves.
                let whom = [[1, 0], [0, 0], [0, 1]][round];
                let (first_payload, second_payload) = (id(whom[0]) + &more_first, id(whom[1]) + &more_second);
                let (one, two) = tokio::join!(
                    inside.call(0, first, &first_payload),
                    inside.call(1, second, &second_payload)
                );
                let codes = [one.code(), two.code()];
                assert!(codes.contains(&0), "{first} {second}: {codes:?}");
                assert_eq!(administrators(&inside), 1, "{first} {second}: {codes:?}");
                for (place, code) in codes.into_iter().enumerate() {
                    // Whoever came second is gone, or is no administrator any more, or is the last one.
                    assert!(matches!(code, 0 | 10307 | 10313 | 31201 | 31202), "{first} {second}: {codes:?}");
                    refused[place] += usize::from(code != 0);
                }
                inside.stop().await;
            }
        }
    }
    assert!(refused.iter().sum::<usize>() > 0, "they met: {refused:?}");
}

#[test]
fn the_same_over_connections_of_their_own() {
    let server = Server::demo();
    let admin = server.session("admin");
    for (round, (operation, more)) in ways().into_iter().chain(ways()).enumerate() {
        let names = [format!("left {round}"), format!("right {round}")];
        for name in &names {
            let both = new_account(name, &grant("Administrator", "", "", ""));
            // Whoever is left of the last round does it.
            let adder = if round == 0 { admin.clone() } else { server.session_of("keeper", PASSWORD) };
            adder.call(ADD, &both).expect_success();
        }
        let sessions = names.each_ref().map(|name| server.session_of(name, PASSWORD));
        // Only the two are left.
        let others = if round == 0 { "admin" } else { "keeper" };
        sessions[0].call(CHANGE, &(user(others) + &property("Enabled", "false"))).expect_success();
        let barrier = std::sync::Barrier::new(2);
        let codes: Vec<u32> = std::thread::scope(|scope| {
            let threads: Vec<_> = [0, 1]
                .map(|place| {
                    let (session, barrier) = (&sessions[place], &barrier);
                    let payload = user(&names[1 - place]) + &more;
                    scope.spawn(move || {
                        barrier.wait();
                        session.call(operation, &payload).code()
                    })
                })
                .into_iter()
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(codes.iter().filter(|code| **code == 0).count(), 1, "{codes:?}");
        let survivor = if codes[0] == 0 { 0 } else { 1 };
        sessions[survivor].call(INFO, &user(&names[survivor])).expect_success();
        sessions[survivor].call(DELETE, &user(&names[survivor])).expect_code(31202);
        // The survivor hands on to the keeper of the next round.
        let handed = if round == 0 {
            sessions[survivor].call(ADD, &new_account("keeper", &grant("Administrator", "", "", "")))
        } else {
            sessions[survivor].call(CHANGE, &(user("keeper") + &property("Enabled", "true")))
        };
        handed.expect_success();
        sessions[survivor].call(DELETE, &user(&names[survivor])).expect_success();
    }
}
