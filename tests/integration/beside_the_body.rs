//! What a request says beside its body: its method, its headers, its URL.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use crate::harness::{Server, add_payload, golden, post, property, redact, triple};

/// Sends a head without a body, and reads all that comes.
fn all(address: SocketAddr, method: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let head =
        format!("{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

#[test]
fn health_is_told_to_get_and_head_and_other_methods_are_told_so() {
    let server = Server::demo();
    for path in ["/healthz", "/readyz"] {
        let (get, head) = (all(server.address, "GET", path), all(server.address, "HEAD", path));
        let (of_get, body) = get.split_once("\r\n\r\n").unwrap();
        let (of_head, nothing) = head.split_once("\r\n\r\n").unwrap();
        assert!(of_get.starts_with("HTTP/1.1 200") && !body.is_empty(), "{get}");
        assert!(of_head.starts_with("HTTP/1.1 200") && nothing.is_empty(), "{head}");
        let length = format!("content-length: {}", body.len());
        assert!(of_head.to_ascii_lowercase().contains(&length), "{of_head}");
        for method in ["PUT", "DELETE", "OPTIONS", "PATCH"] {
            let refused = all(server.address, method, path).to_ascii_lowercase();
            assert!(
                refused.starts_with("http/1.1 405") && refused.contains("allow: get, head\r\n"),
                "{refused}"
            );
        }
        let refused = post(server.address, path, &[], b"").unwrap().expect_code(10102);
        assert_eq!(refused.status, 405);
        golden("errors", "http-405-health", &redact(&refused, &[]));
    }
}

#[test]
fn an_idempotency_key_counts_only_where_a_request_key_does() {
    let server = Server::demo();
    let editor = server.session("editor");
    let twice = [("Idempotency-Key", "a"), ("Idempotency-Key", "b")];
    let long = "x".repeat(129);
    let long = [("Idempotency-Key", &*long)];
    for headers in [&twice[..], &long[..]] {
        let send = |body: &str| server.post_bytes(body.as_bytes(), headers).unwrap();
        send(&editor.request("CRMConfigurationList", "")).expect_success();
        let add = add_payload(&triple("1", "", ""), "with a key");
        send(&editor.request("CRMConfigurationAdd", &add)).expect_code(10108);
        // What is unknown is told before what is malformed.
        let unknown = send(&editor.request("CRMConfigurationAdd", &(add + &property("Descripton", "x"))));
        assert!(unknown.expect_code(10108).body.contains("Descripton"));
    }
}

#[test]
fn one_id_written_in_two_ways_in_payload_and_url_is_one() {
    let server = Server::demo();
    let viewer = server.session("viewer");
    let list = |url: &str, payload: &str| {
        let body = viewer.request("CRMConfigurationList", payload);
        post(server.address, &format!("/api/xml?{url}"), &[], body.as_bytes()).unwrap()
    };
    list("TelSysID=01", &triple("1", "", "")).expect_success();
    list("TelSysID=1&PartIDInTelSys=+1".replace('+', "00").as_str(), &triple("001", "1", ""))
        .expect_success();
    list("TelSysID=2", &triple("1", "", "")).expect_code(10108);
    list("TelSysID=-1", &triple("1", "", "")).expect_code(10108);
    list("TelSysID=1x", &triple("1", "", "")).expect_code(11012);
    list("TelSysID=1", &triple("first", "", "")).expect_code(11012);
    // A device's number is text: a leading zero makes another.
    let device = triple("1", "1", "01234567101");
    list("DeviceNumber=01234567101", &device).expect_success();
    list("DeviceNumber=1234567101", &device).expect_code(10108);
}
