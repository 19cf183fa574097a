//! The same API in SOAP envelopes: the published requests through both versions and both namespaces, and faults.

mod contract;

use crate::harness::{Reply, Server, Session, Varying, add_payload, exchange, golden, post, redact, triple};

const PATH: &str = "/api/soap";
/// A version by the namespace of its envelope and its media type.
const V11: Version = Version { namespace: "http://schemas.xmlsoap.org/soap/envelope/", media: "text/xml" };
const V12: Version =
    Version { namespace: "http://www.w3.org/2003/05/soap-envelope", media: "application/soap+xml" };

#[derive(Clone, Copy)]
struct Version {
    namespace: &'static str,
    media: &'static str,
}

impl Version {
    fn envelope(self, header: &str, body: &str) -> String {
        let Self { namespace, .. } = self;
        format!("<e:Envelope xmlns:e=\"{namespace}\">{header}<e:Body>{body}</e:Body></e:Envelope>")
    }

    fn post(self, server: &Server, body: &str) -> Reply {
        self.post_with(server, &[], body)
    }

    fn post_with(self, server: &Server, headers: &[(&str, &str)], body: &str) -> Reply {
        let content_type = format!("{}; charset=utf-8", self.media);
        let headers = [&[("Content-Type", content_type.as_str())], headers].concat();
        let reply = post(server.address, PATH, &headers, body.as_bytes()).expect("an answer");
        assert_eq!(reply.headers["content-type"], content_type, "{}", reply.body);
        assert!(reply.body.starts_with(&format!("<soap:Envelope xmlns:soap=\"{}\">", self.namespace)));
        reply
    }

    /// The words of a fault's code, and its HTTP status.
    fn sender(self) -> (&'static str, u16) {
        if self.media == V11.media {
            ("<faultcode>soap:Client</faultcode>", 500)
        } else {
            ("<soap:Value>soap:Sender</soap:Value>", 400)
        }
    }
}

/// What a request is when it stands in the API's namespace.
fn namespaced(request: &str) -> String {
    request.replacen("<Request", "<Request xmlns=\"urn:crmconf:api:1\"", 1)
}

/// The published request, with what is this test's own in the place of what the pages show.
fn published(name: &str, session: &Session, id: &str) -> String {
    let path = format!("{}/tests/fixtures/seed/{name}.xml", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    text.replace("5E4924352BA7E2038339957559C2DA75", &session.id)
        .replace("8b421354e7ea58f6:1007bf0b:197cf8dc588:-776e", id)
}

#[test]
fn every_published_request_is_answered_in_its_own_version_and_namespace() {
    let server = Server::demo();
    let session = server.session("editor");
    for (version, word) in [(V11, "11"), (V12, "12")] {
        for api in [false, true] {
            let send = |name: &str, id: &str| {
                let request = published(name, &session, id);
                let request = if api { namespaced(&request) } else { request };
                let reply = version.post(&server, &version.envelope("", &request)).expect_success();
                let response = if api {
                    "<soap:Body><Response xmlns=\"urn:crmconf:api:1\" Result"
                } else {
                    "<soap:Body><Response Result"
                };
                assert!(reply.body.contains(response), "{}", reply.body);
                reply
            };
            let added = send("add", "");
            let id = added.configuration_id();
            let steps = ["change", "info", "list-device", "list-every", "delete"];
            let replies = steps.map(|name| send(name, &id));
            if api {
                golden("soap", &format!("info-{word}"), &redact(&replies[1], &[Varying::Id(&id)]));
            } else {
                golden("soap", &format!("add-{word}"), &redact(&added, &[Varying::Id(&id)]));
            }
            // The same request by itself has the same answer without the envelope.
            let raw = session.send(&published("list-every", &session, ""));
            assert!(api || replies[3].body.contains(&raw.body), "{}", raw.body);
        }
    }
}

#[test]
fn the_action_and_other_headers_say_nothing() {
    let server = Server::demo();
    let session = server.session("viewer");
    let list = session.request("CRMConfigurationList", "");
    for action in ["", "\"\"", "\"urn:anything\"", "Execute"] {
        V11.post_with(&server, &[("SOAPAction", action)], &V11.envelope("", &list)).expect_success();
    }
    let block =
        "<e:Header><a xmlns=\"urn:x\"><b>c</b></a><c xmlns=\"urn:x\" e:mustUnderstand=\"0\"/></e:Header>";
    for version in [V11, V12] {
        version.post(&server, &version.envelope(block, &list)).expect_success();
    }
    let content_type = "application/soap+xml; charset=UTF-8; action=\"urn:anything\"";
    let body = V12.envelope("", &list);
    post(server.address, PATH, &[("Content-Type", content_type)], body.as_bytes()).unwrap().expect_success();
    // The envelope tells its version, whatever the media type says.
    let crossed = post(server.address, PATH, &[("Content-Type", V11.media)], body.as_bytes()).unwrap();
    assert_eq!(crossed.expect_success().headers["content-type"], "application/soap+xml; charset=utf-8");
}

#[test]
fn what_an_operation_refuses_is_its_response_and_no_fault() {
    let server = Server::demo();
    let session = server.session("editor");
    for version in [V11, V12] {
        for (request, code) in [
            (session.request("CRMConfigurationInfo", &triple("1", "", "")), 31_002),
            (session.request("Nothing", ""), 10_102),
            (session.request("AccountList", ""), 10_313),
            (Session { id: "0".repeat(32), ..session.clone() }.request("CRMConfigurationList", ""), 10_302),
            ("<Request Operation=\"Logout\"/>".to_owned(), 10_101),
        ] {
            let reply = version.post(&server, &version.envelope("", &request)).expect_code(code);
            assert_eq!(reply.status, 200, "{}", reply.body);
            assert!(reply.body.contains("<Response Result=\"Fail\">"), "{}", reply.body);
        }
    }
}

#[test]
fn what_is_no_request_is_a_fault_with_the_fail_in_its_detail() {
    let server = Server::demo();
    for (version, word) in [(V11, "11"), (V12, "12")] {
        let (code_words, status) = version.sender();
        let namespaced = version
            .envelope("", "<Request xmlns=\"urn:crmconf:api:1\"><InvokeID>1</InvokeID><a>&</a></Request>");
        // In the request's namespace; where that cannot be told, in the WSDL's.
        let (bare, named) = ("<Fail>", "<Fail xmlns=\"urn:crmconf:api:1\">");
        for (body, code, fail) in [
            ("no xml".to_owned(), 10_108, named),
            (String::new(), 10_108, named),
            (version.envelope("", "<Request"), 10_108, named),
            (version.envelope("", "<!DOCTYPE x>"), 10_108, named),
            (namespaced, 10_108, named),
            (version.envelope("", "<Other/>"), 10_102, bare),
            (version.envelope("", "<Other xmlns=\"urn:crmconf:api:1\"/>"), 10_102, named),
            (version.envelope("", "<Request xmlns=\"urn:other\"/>"), 10_102, named),
            (version.envelope("", ""), 10_102, named),
            (version.envelope("", "<Request/><Request/>"), 10_102, bare),
            ("<Request Operation=\"Logout\"/>".to_owned(), 10_102, bare),
        ] {
            let reply = version.post(&server, &body).expect_code(code);
            assert_eq!(reply.status, status, "{body}");
            assert!(reply.body.contains(code_words), "{}", reply.body);
            let detail = if version.media == V11.media { "<detail>" } else { "<soap:Detail>" };
            assert!(reply.body.contains(&format!("{detail}{fail}")), "{body}: {}", reply.body);
        }
        let reply = version.post(&server, &version.envelope("", "<Other/>"));
        golden("soap", &format!("fault-{word}"), &redact(&reply, &[]));
    }
}

#[test]
fn a_header_that_must_be_understood_and_another_version_are_faults_of_their_own() {
    let server = Server::demo();
    let session = server.session("editor");
    let before = session.call("CRMConfigurationList", "").property("Total").unwrap();
    let add = session.request("CRMConfigurationAdd", &add_payload(&triple("1", "", ""), "never"));
    for (version, word) in [(V11, "11"), (V12, "12")] {
        let header = "<e:Header><w:Security xmlns:w=\"urn:w\" e:mustUnderstand=\"1\"/></e:Header>";
        let reply = version.post(&server, &version.envelope(header, &add));
        assert_eq!(reply.status, 500);
        golden("soap", &format!("must-understand-{word}"), &redact(&reply, &[]));
        let other = "<Envelope xmlns=\"http://www.w3.org/2001/12/soap-envelope\"><Body/></Envelope>";
        let reply = version.post(&server, other);
        assert_eq!(reply.status, 500);
        golden("soap", &format!("version-mismatch-{word}"), &redact(&reply, &[]));
    }
    assert_eq!(
        session.call("CRMConfigurationList", "").property("Total").unwrap(),
        before,
        "nothing was done"
    );
}

#[test]
fn a_status_that_says_more_to_http_stays() {
    let server = Server::demo();
    for version in [V11, V12] {
        let long = version.post(&server, &" ".repeat((1 << 20) + 1));
        assert_eq!(long.expect_code(10_108).status, 413);
        let encoded = version.post_with(&server, &[("Content-Encoding", "gzip")], "x");
        assert_eq!(encoded.status, 415);
        assert!(encoded.body.contains(version.sender().0), "{}", encoded.body);
    }
    for media in ["application/json", "application/xml", ""] {
        let reply = post(server.address, PATH, &[("Content-Type", media)], b"<x/>").unwrap();
        assert_eq!((reply.status, reply.code()), (415, 10_108), "{media}");
        assert!(reply.body.contains("text/xml or application/soap+xml"), "{}", reply.body);
    }
    for method in ["PUT", "DELETE", "GET"] {
        let request =
            format!("{method} {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        let reply = exchange(server.address, request.as_bytes()).unwrap();
        assert_eq!((reply.status, reply.headers["allow"].as_str()), (405, "POST, GET"), "{method}");
        assert!(reply.body.contains("<soap:Fault>"), "{}", reply.body);
    }
}

#[test]
fn too_many_sessions_are_the_servers_matter_and_tell_when_to_come_again() {
    let server = Server::demo();
    let create = "<Request Operation=\"CreateSession\"><InvokeID>1</InvokeID></Request>";
    for (version, receiver) in
        [(V11, "<faultcode>soap:Server</faultcode>"), (V12, "<soap:Value>soap:Receiver</soap:Value>")]
    {
        for _ in 0..20 {
            version.post(&server, &version.envelope("", create));
        }
        let refused = version.post(&server, &version.envelope("", create));
        assert_eq!(refused.code(), 10_105, "{}", refused.body);
        assert!(matches!(refused.status, 429 | 503), "{}", refused.status);
        assert!(refused.headers.contains_key("retry-after"));
        assert!(refused.body.contains(receiver), "{}", refused.body);
    }
}
