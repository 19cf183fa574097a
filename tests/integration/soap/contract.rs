//! The WSDL and the schema as they are served.

use crate::harness::{Server, exchange, get, golden};

/// Asks for the WSDL as this host.
fn wsdl(server: &Server, host: &str) -> String {
    let request = format!("GET /api/soap?wsdl HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    exchange(server.address, request.as_bytes()).unwrap().body
}

/// The addresses of both ports.
fn addresses(wsdl: &str) -> Vec<&str> {
    wsdl.split("location=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

#[test]
fn the_schema_and_the_wsdl_are_what_they_were_read_as() {
    let server = Server::demo_with(&["--public-url", "https://crm.example:8462/"]);
    let schema = get(server.address, "/api/schema.xsd").unwrap();
    assert_eq!((schema.status, schema.headers["content-type"].as_str()), (200, "text/xml; charset=utf-8"));
    golden("soap", "schema", &schema.body);
    let wsdl = get(server.address, "/api/soap?wsdl").unwrap();
    assert_eq!((wsdl.status, wsdl.headers["content-type"].as_str()), (200, "text/xml; charset=utf-8"));
    assert_eq!(addresses(&wsdl.body), ["https://crm.example:8462/api/soap"; 2]);
    golden("soap", "wsdl", &wsdl.body);
    for path in ["/api/soap?WSDL", "/api/soap?wsdl=", "/api/soap?a=b&wsdl"] {
        assert_eq!(get(server.address, path).unwrap().body, wsdl.body, "{path}");
    }
}

#[test]
fn the_wsdl_has_the_host_that_it_was_asked_for_by_and_nothing_else_of_a_client() {
    let server = Server::demo();
    for host in ["crm.example", "crm.example:99", "[::1]:8462"] {
        assert_eq!(addresses(&wsdl(&server, host)), vec![format!("http://{host}/api/soap"); 2]);
    }
    for host in ["a\"b", "a<b>", "x@crm.example", "crm.example/evil", "a&b;", "'"] {
        let shown = wsdl(&server, host);
        // A host that cannot be one HTTP itself refuses; what else is none is not repeated.
        assert!(addresses(&shown).is_empty() && (host == "'" || !shown.contains(host)), "{host}: {shown}");
    }
    let proxied = Server::demo_with(&["--behind-tls-proxy"]);
    assert_eq!(addresses(&wsdl(&proxied, "crm.example")), ["https://crm.example/api/soap"; 2]);
}
