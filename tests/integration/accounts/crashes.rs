//! `kill -9` while accounts are added and their passwords changed: nothing is half done.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::{ADD, CHANGE, INFO, LIST, credential_files, new_account, user};
use crate::harness::{Dice, Server, post, property};

const ROUNDS: u64 = 6;

#[test]
fn after_a_kill_every_account_signs_in_with_a_password_that_it_was_given_and_no_file_is_left_over() {
    let mut server = Server::demo();
    let mut dice = Dice::seeded();
    let mut password = "demo-viewer".to_owned();
    let mut added = Vec::new();
    for round in 0..ROUNDS {
        let admin = server.session("admin");
        let stop = AtomicBool::new(false);
        let wait = Duration::from_millis(20 + dice.below(180));
        // What was answered, and what was asked last without an answer.
        let (told, asked, names) = std::thread::scope(|scope| {
            let changing = scope.spawn(|| {
                let (mut told, mut asked) = (password.clone(), password.clone());
                for step in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    asked = format!("password {round} {step}");
                    let body = admin.request(CHANGE, &(user("viewer") + &property("Password", &asked)));
                    match post(admin.address, "/api/xml", &[], body.as_bytes()) {
                        Some(reply) if reply.is_success() => told.clone_from(&asked),
                        Some(_) | None => break,
                    }
                }
                (told, asked)
            });
            let adding = scope.spawn(|| {
                let mut names = Vec::new();
                for step in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    let name = format!("account {round} {step}");
                    let body = admin.request(ADD, &new_account(&name, ""));
                    let reply = post(admin.address, "/api/xml", &[], body.as_bytes());
                    let answered = reply.is_some_and(|reply| reply.is_success());
                    names.push((name, answered));
                    if !answered {
                        break;
                    }
                }
                names
            });
            std::thread::sleep(wait);
            server.kill_nine();
            stop.store(true, Ordering::Relaxed);
            let (told, asked) = changing.join().unwrap();
            (told, asked, adding.join().unwrap())
        });
        server.restart();
        let admin = server.session("admin");
        let known =
            [&told, &asked].into_iter().find(|tried| super::sign_in(&server, "viewer", tried).is_success());
        password.clone_from(known.unwrap_or_else(|| panic!("neither password signs in, round {round}")));
        for (name, answered) in names {
            let stands = admin.call(INFO, &user(&name)).is_success();
            assert!(stands || !answered, "{name} was promised");
            if stands {
                server.session_of(&name, super::PASSWORD);
                added.push(name);
            } else {
                // A name that came to nothing is free.
                admin.call(ADD, &new_account(&name, "")).expect_success();
                added.push(name);
            }
        }
        let total: usize = admin.call(LIST, "").expect_success().property("Total").unwrap().parse().unwrap();
        assert_eq!(total, 5 + added.len());
        assert_eq!(credential_files(&server.data).len(), total, "round {round}");
    }
    assert!(!server.log_text().contains("cannot sign in"), "{}", server.log_text());
}

#[test]
fn a_client_that_leaves_midway_leaves_nothing_half_done() {
    use std::io::Write as _;

    let server = Server::demo();
    let admin = server.session("admin");
    let mut dice = Dice::seeded();
    for number in 0..24 {
        let body = admin.request(ADD, &new_account(&format!("hasty {number}"), ""));
        let head = format!(
            "POST /api/xml HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let mut stream = std::net::TcpStream::connect(server.address).unwrap();
        stream.write_all(&[head.as_bytes(), body.as_bytes()].concat()).unwrap();
        std::thread::sleep(Duration::from_millis(dice.below(60)));
        drop(stream);
    }
    // Whoever still works holds one of the places for passwords: this one waits behind them.
    admin.call(CHANGE, &(user("viewer") + &property("Password", "a later password"))).expect_success();
    let deadline = std::time::Instant::now() + Duration::from_secs(10);
    loop {
        let total: usize = admin.call(LIST, "").expect_success().property("Total").unwrap().parse().unwrap();
        if total == credential_files(&server.data).len() {
            assert!(total > 5 + 12, "most were done to the end: {total}");
            return;
        }
        assert!(std::time::Instant::now() < deadline, "{total} accounts");
        std::thread::sleep(Duration::from_millis(20));
    }
}
