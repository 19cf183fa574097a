//! `PasswordChange`: for every account that is signed in, and for itself alone.

use super::{PASSWORD, PASSWORD_CHANGE, credential_files, sign_in};
use crate::harness::{Reply, Server, Session, property};

fn change(session: &Session, old: &str, new: &str) -> Reply {
    session.call(PASSWORD_CHANGE, &(property("OldPassword", old) + &property("NewPassword", new)))
}

#[test]
fn every_role_changes_the_own_password_keeps_this_session_and_loses_the_others() {
    let server = Server::demo();
    let files = credential_files(&server.data).len();
    for name in ["admin", "editor", "client", "viewer", "auditor"] {
        let old = format!("demo-{name}");
        let (own, other) = (server.session(name), server.session(name));
        let changed = change(&own, &old, PASSWORD).expect_success();
        assert_eq!(changed.body, "<Response Result=\"Success\"><InvokeID>7</InvokeID></Response>");
        own.call("CRMConfigurationList", "").expect_success();
        other.call("CRMConfigurationList", "").expect_code(10307);
        sign_in(&server, name, &old).expect_code(10307);
        sign_in(&server, name, PASSWORD).expect_success();
        change(&own, PASSWORD, "a third password").expect_success();
        own.call("CRMConfigurationList", "").expect_success();
    }
    assert_eq!(credential_files(&server.data).len(), files);
    assert!(server.dump().contains("account"));
}

#[test]
fn requests_of_the_same_session_go_on_while_its_password_changes() {
    let server = Server::demo();
    let session = server.session("viewer");
    let done = std::sync::atomic::AtomicBool::new(false);
    let (session, done) = (&session, &done);
    std::thread::scope(|scope| {
        let asking = (0..3).map(|_| {
            scope.spawn(move || {
                let mut codes = std::collections::BTreeSet::new();
                while !done.load(std::sync::atomic::Ordering::Relaxed) {
                    codes.insert(session.call("CRMConfigurationList", "").code());
                }
                codes
            })
        });
        let asking: Vec<_> = asking.collect();
        let mut old = "demo-viewer".to_owned();
        for round in 0..20 {
            let new = format!("password number {round}");
            change(session, &old, &new).expect_success();
            old = new;
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        for codes in asking {
            assert_eq!(codes.join().unwrap().into_iter().collect::<Vec<_>>(), [0]);
        }
    });
}

#[test]
fn a_wrong_old_password_counts_as_a_failure_and_the_session_stays() {
    let server = Server::demo();
    let session = server.session("viewer");
    change(&session, "demo-viewer", "short").expect_code(31203);
    // Whoever does not know the old one learns nothing about the new one.
    for _ in 0..10 {
        change(&session, "wrong", "short").expect_code(10307);
    }
    session.call("CRMConfigurationList", "").expect_success();
    change(&session, "demo-viewer", PASSWORD).expect_code(10307);
    sign_in(&server, "viewer", "demo-viewer").expect_code(10307);
}

#[test]
fn of_two_changes_at_once_each_leads_to_a_password_that_signs_in() {
    let server = Server::demo();
    let mut password = "demo-viewer".to_owned();
    for round in 0..6 {
        let sessions = [server.session_of("viewer", &password), server.session_of("viewer", &password)];
        let wanted = [format!("first password {round}"), format!("second password {round}")];
        let codes: Vec<u32> = std::thread::scope(|scope| {
            let asked = sessions.iter().zip(&wanted);
            let threads: Vec<_> =
                asked.map(|(session, new)| scope.spawn(|| change(session, &password, new).code())).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let won: Vec<_> = (0..2).filter(|place| codes[*place] == 0).collect();
        assert_eq!(won.len(), 1, "{codes:?}");
        assert!(codes.iter().all(|code| matches!(code, 0 | 10307)), "{codes:?}");
        password.clone_from(&wanted[won[0]]);
        sessions[won[0]].call("CRMConfigurationList", "").expect_success();
        sessions[1 - won[0]].call("CRMConfigurationList", "").expect_code(10307);
    }
    sign_in(&server, "viewer", &password).expect_success();
}
