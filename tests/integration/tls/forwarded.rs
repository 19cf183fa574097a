//! Where requests come from behind proxies, as the security log and the limits see it.

use crate::harness::{CANARY, Server, post, property};
use crate::security_log::{of_kind, path};

/// Fails to sign in with these headers, and returns the address that stands in the security log for it.
fn seen(trusted: &[&str], headers: &[(&str, &str)]) -> String {
    let mut server = Server::demo_with(trusted);
    let body = "<Request Operation=\"CreateSession\"><InvokeID>1</InvokeID></Request>";
    let created = post(server.address, "/api/xml", headers, body.as_bytes()).unwrap().expect_success();
    let session = created.property("SessionID").unwrap();
    let names = property("UserName", "editor") + &property("Password", CANARY);
    let body = format!(
        "<Request Operation=\"Authenticate\"><InvokeID>1</InvokeID><SessionID>{session}</SessionID>\
         <OperationPayload>{names}</OperationPayload></Request>"
    );
    post(server.address, "/api/xml", headers, body.as_bytes()).unwrap().expect_code(10307);
    assert!(server.terminate().success());
    let failed = of_kind(&path(&server.data), "sign_in_failed");
    assert_eq!(failed.len(), 1, "{failed:?}");
    failed[0]["address"].as_str().unwrap().to_owned()
}

#[test]
fn a_trusted_proxy_says_where_a_request_came_from() {
    let trusted = ["--behind-tls-proxy", "--trusted-proxies", "127.0.0.1, 10.0.0.0/8"];
    for (headers, expected) in [
        (vec![("X-Forwarded-For", "192.0.2.9")], "192.0.2.9"),
        (vec![("X-Forwarded-For", "203.0.113.1, 192.0.2.9, 10.1.2.3")], "192.0.2.9"),
        (vec![("X-Forwarded-For", "203.0.113.1"), ("X-Forwarded-For", "2001:db8::7")], "2001:db8::7"),
        (vec![("X-Forwarded-For", "192.0.2.9, nonsense")], "0.0.0.0"),
        // Only one header is read, and this one clients may write as they like.
        (vec![("Forwarded", "for=192.0.2.9")], "127.0.0.1"),
    ] {
        assert_eq!(seen(&trusted, &headers), expected, "{headers:?}");
    }
}

#[test]
fn nobody_else_does() {
    let headers = [("X-Forwarded-For", "192.0.2.9")];
    for flags in
        [vec![], vec!["--behind-tls-proxy"], vec!["--behind-tls-proxy", "--trusted-proxies", "10.0.0.7"]]
    {
        assert_eq!(seen(&flags, &headers), "127.0.0.1", "{flags:?}");
    }
}

#[test]
fn limits_by_address_count_each_client_behind_the_proxy_by_itself() {
    let server = Server::demo_with(&["--behind-tls-proxy", "--trusted-proxies", "127.0.0.1"]);
    let create = |address: &str| {
        let body = "<Request Operation=\"CreateSession\"><InvokeID>1</InvokeID></Request>";
        post(server.address, "/api/xml", &[("X-Forwarded-For", address)], body.as_bytes()).unwrap()
    };
    for _ in 0..20 {
        create("192.0.2.9").expect_success();
    }
    create("192.0.2.9").expect_code(10105);
    create("192.0.2.10").expect_success();
}
