//! The program's own clients under TLS: whom they believe, and what they say when they do not.

use std::fs;

use super::World;
use crate::harness::{Authority, Ran, Server, run, run_with, text};

/// `account list` at this address, with more words.
fn list(world: &World, url: &str, more: &[&str]) -> Ran {
    run(&[&words(world, url)[..], more].concat())
}

fn words<'a>(world: &'a World, url: &'a str) -> Vec<&'a str> {
    let password = world.store.folder.path().join("password");
    let password: &'static str = Box::leak(text(&password).to_owned().into_boxed_str());
    vec!["account", "list", "--url", url, "--user", "admin", "--password-file", password]
}

fn url(server: &Server, host: &str) -> String {
    format!("https://{host}:{}", server.address.port())
}

#[test]
fn every_client_command_speaks_https_to_whom_it_believes() {
    let world = World::new();
    let server = world.serve(&[]);
    let folder = world.store.folder.path();
    let password = folder.join("password");
    let ca = text(&world.ca);
    for host in ["localhost", "127.0.0.1"] {
        let url = url(&server, host);
        let listed = list(&world, &url, &["--ca-file", ca]).expect(0);
        assert!(listed.out.contains("admin") && listed.err.is_empty(), "{listed:?}");
        let common = ["--url", &url, "--ca-file", ca, "--user", "admin", "--password-file", text(&password)];
        let csv = folder.join("directory.csv");
        let head = "TelSysID,PartIDInTelSys,DeviceNumber,Description,CMEnvironmentID\n";
        fs::write(&csv, format!("{head}1,,,Head office,\n")).unwrap();
        run(&[&["directory", "import"][..], &common, &[text(&csv)]].concat()).expect(0);
        let exported = run(&[&["directory", "export"][..], &common].concat()).expect(0);
        assert!(exported.out.contains("Head office"), "{exported:?}");
        let request = folder.join("list.xml");
        fs::write(&request, "<Request Operation=\"CRMConfigurationList\"><InvokeID>5</InvokeID></Request>")
            .unwrap();
        let called = run(&[&["call"][..], &common, &[text(&request)]].concat()).expect(0);
        assert!(called.out.contains("Result=\"Success\""), "{called:?}");
    }
    // As with OpenSSL, a variable may say whom the system trusts.
    run_with(&words(&world, &url(&server, "localhost")), &[("SSL_CERT_FILE", ca)]).expect(0);
}

#[test]
fn a_certificate_that_is_not_believed_is_told_with_the_way_out() {
    let world = World::new();
    let server = world.serve(&[]);
    let folder = world.store.folder.path();
    let ours = url(&server, "localhost");
    let ca = text(&world.ca);
    list(&world, &ours, &[]).expect(1).says(&["is not trusted", "does not know", "--ca-file PEM"]);
    let other = folder.join("other.pem");
    fs::write(&other, Authority::new().pem).unwrap();
    list(&world, &ours, &["--ca-file", text(&other)]).expect(1).says(&[
        "is not trusted",
        "none of the authorities in",
        text(&other),
    ]);
    list(&world, &ours, &["--ca-file", "/nowhere/ca.pem"]).expect(1).says(&["--ca-file, /nowhere/ca.pem,"]);
    list(&world, &ours, &["--ca-file", text(&world.key)]).expect(1).says(&["holds no certificate"]);
    assert!(!server.log_text().contains("ERROR"), "{}", server.log_text());

    let named = World::with(Authority::new(), &world.authority.issue_for(&["localhost"], 1, 2100));
    let server = named.serve(&[]);
    list(&named, &url(&server, "127.0.0.1"), &["--ca-file", ca]).expect(1).says(&[
        "is not trusted",
        "it is not for 127.0.0.1",
        "localhost",
    ]);

    let own = World::with(Authority::new(), &world.authority.own());
    let server = own.serve(&[]);
    for more in [&[][..], &["--ca-file", ca]] {
        list(&own, &url(&server, "localhost"), more).expect(1).says(&[
            "is not trusted",
            "that of an authority and not of a server",
            "basicConstraints",
        ]);
    }

    let expired = World::with(Authority::new(), &world.authority.issue_for(&["localhost"], 1, 2021));
    let server = expired.serve(&[]);
    list(&expired, &url(&server, "localhost"), &["--ca-file", ca]).expect(1).says(&["has expired"]);
}

#[test]
fn a_server_without_tls_is_told_from_one_that_is_not_there() {
    let world = World::new();
    let server = world.store.serve(&[]).unwrap_or_else(|log| panic!("{log}"));
    let ca = text(&world.ca);
    list(&world, &url(&server, "localhost"), &["--ca-file", ca])
        .expect(1)
        .says(&["does not speak TLS", "http://"]);
    let gone = server.address;
    drop(server);
    let server = world.serve(&[]);
    list(&world, &format!("http://localhost:{}", server.address.port()), &[])
        .expect(1)
        .says(&["is no HTTP", "https://"]);
    let url = format!("https://localhost:{}", gone.port());
    list(&world, &url, &["--ca-file", ca])
        .expect(1)
        .says(&["did not answer", "is the server running there?"]);
}

#[test]
fn no_password_leaves_the_machine_in_clear_unless_that_is_asked_for() {
    let world = World::new();
    for url in ["http://192.0.2.1:1", "http://crm.example"] {
        list(&world, url, &[]).expect(2).says(&["in clear", "https://", "--plain-http"]);
    }
    // Asked for, it is tried: no address of this one's can be connected to.
    list(&world, "http://0.0.0.0:1", &["--plain-http"]).expect(1).says(&[
        "warning",
        "in clear",
        "did not answer",
    ]);
    let ca = text(&world.ca);
    list(&world, "http://127.0.0.1:1", &["--ca-file", ca])
        .expect(2)
        .says(&["--ca-file is for a URL that begins with"]);
}
