//! What the operator reads of requests: one line for each that was answered, with the reason of a refusal.

use crate::harness::{Server, Session, exchange, get, property};

/// The log lines that hold all of these words.
fn lines(server: &Server, words: &[&str]) -> Vec<String> {
    let log = server.log_text();
    log.lines().filter(|line| words.iter().all(|word| line.contains(word))).map(str::to_owned).collect()
}

#[test]
fn every_refusal_has_a_line_also_where_no_operation_was_reached() {
    let server = Server::demo();
    assert_eq!(get(server.address, "/secret-path-hunter2").unwrap().status, 404);
    assert_eq!(get(server.address, "/api/xml").unwrap().status, 405);
    assert_eq!(server.post("<Request>").status, 400);
    server
        .post("<Request Operation=\"CRMConfigurationList\"><InvokeID>7</InvokeID></Request>")
        .expect_code(10301);
    for (status, code) in [(404, 10102), (405, 10102), (400, 10108), (200, 10301)] {
        let words = [format!("status={status}"), format!("code={code}")];
        let found = lines(&server, &[&words[0], &words[1], "INFO", "result=\"Fail\"", "request="]);
        assert_eq!(found.len(), 1, "{words:?}: {}", server.log_text());
        assert!(!found[0].contains("address="), "whose it was is nobody's business here: {}", found[0]);
    }
    assert!(lines(&server, &["code=10301"])[0].contains("SessionID is missing"), "{}", server.log_text());
    assert!(!server.log_text().contains("hunter2"), "what a client sent is logged");
}

#[test]
fn a_refused_sign_in_and_used_up_sessions_tell_their_address() {
    let server = Server::demo();
    let wrong = property("UserName", "admin") + &property("Password", "hunter2");
    let session = Session::create(server.address);
    session.call("Authenticate", &wrong).expect_code(10307);
    let found = lines(&server, &["operation=\"Authenticate\"", "code=10307", "address=127.0.0.1"]);
    assert_eq!(found.len(), 1, "{}", server.log_text());
    let create = "<Request Operation=\"CreateSession\"><InvokeID>7</InvokeID></Request>";
    while server.post(create).status == 200 {}
    let found = lines(&server, &["WARN", "operation=\"CreateSession\"", "status=429", "address=127.0.0.1"]);
    assert_eq!(found.len(), 1, "{}", server.log_text());
    assert!(!server.log_text().contains("hunter2") && !server.log_text().contains(&session.id));
}

#[test]
fn a_request_that_comes_before_the_store_is_open_has_a_line_too() {
    let mut server = Server::demo();
    assert!(server.terminate().success());
    server.hold_up_opening();
    server.begin_restart();
    let request = "POST /api/xml HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n";
    let answer = (0..500).find_map(|_| {
        std::thread::sleep(std::time::Duration::from_millis(10));
        exchange(server.address, request.as_bytes())
    });
    assert_eq!(answer.expect("an answer").status, 503);
    let found = lines(&server, &["WARN", "status=503", "code=10105", "The server is starting"]);
    assert_eq!(found.len(), 1, "{}", server.log_text());
}
