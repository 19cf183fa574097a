//! A name has one account, whoever asks for it at the same moment.

use std::collections::BTreeSet;

use super::{ADD, CHANGE, DELETE, credential_files, new_account, user};
use crate::harness::{Server, Session, property};

const ROUNDS: usize = 8;

/// Sends these at the same moment, and returns their codes.
fn at_once(requests: &[(&Session, &str, String)]) -> Vec<u32> {
    let barrier = std::sync::Barrier::new(requests.len());
    std::thread::scope(|scope| {
        let threads: Vec<_> = requests
            .iter()
            .map(|(session, operation, payload)| {
                let barrier = &barrier;
                scope.spawn(move || {
                    barrier.wait();
                    session.call(operation, payload).code()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

#[test]
fn of_several_who_want_one_name_exactly_one_gets_it() {
    let mut server = Server::demo();
    let admins: Vec<_> = (0..3).map(|_| server.session("admin")).collect();
    let files = credential_files(&server.data).len();
    for round in 0..ROUNDS {
        let spelled = [format!("Anna{round}"), format!("ANNA{round}")];
        let rename = user("viewer") + &property("NewUserName", &format!("aNNA{round}"));
        let requests = [
            (&admins[0], ADD, new_account(&spelled[0], "")),
            (&admins[1], ADD, new_account(&spelled[1], "")),
            (&admins[2], CHANGE, rename),
        ];
        let codes = at_once(&requests);
        assert_eq!(codes.iter().filter(|code| **code == 0).count(), 1, "{codes:?}");
        assert!(codes.iter().all(|code| matches!(code, 0 | 31200)), "{codes:?}");
        if codes[2] == 0 {
            let back = user(&spelled[0]) + &property("NewUserName", "viewer");
            admins[0].call(CHANGE, &back).expect_success();
            admins[0].call(ADD, &new_account(&spelled[0], "")).expect_success();
        }
        admins[0].call(ADD, &new_account(&spelled[1], "")).expect_code(31200);
    }
    assert_eq!(credential_files(&server.data).len(), files + ROUNDS, "what was refused left no file");
    assert!(server.terminate().success());
    server.restart();
    assert!(!server.log_text().contains("cannot sign in"), "{}", server.log_text());
}

#[test]
fn changes_of_one_account_at_once_all_take_effect() {
    let server = Server::demo();
    let admins: Vec<_> = (0..3).map(|_| server.session("admin")).collect();
    let files = credential_files(&server.data).len();
    let id = admins[0].call("AccountInfo", &user("viewer")).property("AccountID").unwrap();
    let id = property("AccountID", &id);
    for round in 0..ROUNDS {
        let (name, display) = (format!("viewer {round}"), format!("display {round}"));
        let password = format!("password {round}");
        let codes = at_once(&[
            (&admins[0], CHANGE, id.clone() + &property("NewUserName", &name)),
            (&admins[1], CHANGE, id.clone() + &property("DisplayName", &display)),
            (&admins[2], CHANGE, id.clone() + &property("Password", &password)),
        ]);
        assert_eq!(codes, [0, 0, 0]);
        let info = admins[0].call("AccountInfo", &id).expect_success();
        assert_eq!(info.property("UserName"), Some(name.clone()));
        assert_eq!(info.property("DisplayName"), Some(display));
        server.session_of(&name, &password);
    }
    assert_eq!(credential_files(&server.data).len(), files);
}

#[test]
fn a_name_is_free_when_the_account_that_would_have_had_it_was_refused() {
    let server = Server::demo();
    let admin = server.session("admin");
    let nowhere = super::grant("Viewer", "9", "", "");
    admin.call(ADD, &new_account("anna", &nowhere)).expect_code(11013);
    admin.call(CHANGE, &(user("viewer") + &property("NewUserName", "anna") + &nowhere)).expect_code(11013);
    admin.call(ADD, &new_account("anna", "")).expect_success();
    admin.call(DELETE, &user("anna")).expect_success();
    admin.call(ADD, &new_account("anna", "")).expect_code(31200);
    let names: BTreeSet<_> = credential_files(&server.data).into_iter().collect();
    assert_eq!(names.len(), 6);
}
