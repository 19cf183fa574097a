//! `crmconf call --seal` and `--open` as an operator meets them: the real binary at both ends.

use std::fs;

use crate::harness::{CANARY, Ran, SUGAR, Server, container, contents, property, run_fed, text, triple};

const SCOPE: [&str; 3] = ["1", "1", ""];

fn request(operation: &str, payload: &str) -> String {
    format!(
        "<Request Operation=\"{operation}\"><InvokeID>5</InvokeID><OperationPayload>{payload}</OperationPayload></Request>"
    )
}

fn scope() -> String {
    let [telsys, partition, device] = SCOPE;
    triple(telsys, partition, device)
}

fn add(json: &str) -> String {
    let payload = scope()
        + &property("Description", "with a secret")
        + &property("CRMType", SUGAR)
        + &property("ReturnID", "true")
        + &container("CRMConfiguration", json)
        + &container("CRMConfigurationCommon", "{}");
    request("CRMConfigurationAdd", &payload)
}

/// Calls as this account of the demo.
fn call(server: &Server, user: &str, words: &[&str], request: &str) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    let password = folder.path().join("password");
    fs::write(&password, format!("demo-{user}\n")).unwrap();
    let url = format!("http://{}", server.address);
    let signing_in = ["call", "--url", &url, "--user", user, "--password-file", text(&password)];
    run_fed(&[&signing_in[..], words, &["-"]].concat(), request)
}

/// The text of a property in a printed response.
fn shown(ran: &Ran, name: &str) -> Option<String> {
    let (_, rest) = ran.out.split_once(&format!("<Property Name=\"{name}\">"))?;
    rest.split_once("</Property>").map(|(value, _)| value.to_owned())
}

#[test]
fn a_plain_text_is_sealed_stored_and_shown_to_those_who_may_see_it() {
    let server = Server::demo();
    let json = format!("{{\"UserName\":\"crm\",\"Password\":\"{CANARY}\"}}");
    let added = call(&server, "editor", &["--seal"], &add(&json)).expect(0);
    assert_eq!(added.err, "");
    let id = shown(&added, "CRMConfigurationID").unwrap();
    let named = scope() + &property("CRMConfigurationID", &id);
    let info = request("CRMConfigurationInfo", &named);

    for user in ["editor", "client"] {
        let opened = call(&server, user, &["--open"], &info).expect(0);
        assert_eq!(
            (shown(&opened, "Password").as_deref(), opened.err.as_str()),
            (Some(CANARY), ""),
            "{user}"
        );
        let closed = shown(&call(&server, user, &[], &info).expect(0), "Password").unwrap();
        assert!(closed.starts_with("enc:v1:"), "{user}: {closed}");
    }
    let viewer = call(&server, "viewer", &[], &info).expect(0);
    assert_eq!(shown(&viewer, "Password"), None, "{}", viewer.out);
    call(&server, "viewer", &["--open"], &info).expect(1).says(&["viewer no TransportKey"]);

    // A Change that names no type.
    let changed = |json: &str| {
        request("CRMConfigurationChange", &(named.clone() + &container("CRMConfiguration", json)))
    };
    let password = || shown(&call(&server, "client", &["--open"], &info).expect(0), "Password");
    call(&server, "editor", &["--seal"], &changed("{\"Password\":\"another &amp; <\\u20ac>\"}")).expect(0);
    assert_eq!(password().as_deref(), Some("another &amp;amp; &lt;\u{20ac}&gt;"));
    call(&server, "editor", &[], &changed("{\"UserName\":\"crm 2\"}")).expect(0);
    assert!(password().is_some(), "a password that a Change leaves out stays");
    call(&server, "editor", &["--seal"], &changed("{\"Password\":null}")).expect(0);
    assert_eq!(password().unwrap_or_default(), "");

    assert!(!server.log_text().contains(CANARY));
    for (path, content, _) in contents(&server.data) {
        assert!(
            !content.windows(CANARY.len()).any(|w| w == CANARY.as_bytes()),
            "{} holds it",
            path.display()
        );
    }
}

#[test]
fn what_is_not_sealed_for_this_session_is_refused_and_not_repeated() {
    let server = Server::demo();
    let plain = call(&server, "editor", &[], &add(&format!("{{\"Password\":\"{CANARY}\"}}"))).expect(1);
    assert_eq!(shown(&plain, "ErrorCode").as_deref(), Some("31006"));
    let given = add("{\"Password\":\"enc:v1:AAAAAAAAAAAAAAAAAAAAAA\"}");
    let of_another = call(&server, "editor", &["--seal"], &given).expect(1).says(&["begins with enc:v1:"]);
    assert_eq!(shown(&of_another, "ErrorCode").as_deref(), Some("31006"));
    for told in [&plain, &of_another] {
        assert!(!format!("{told:?}").contains(CANARY), "{told:?}");
    }
    assert!(!server.log_text().contains(CANARY));
}

#[test]
fn what_the_server_says_of_the_type_decides_what_is_sealed_and_without_any_of_it_nothing_is_sent() {
    let server = Server::demo();
    // The one that is written right does not take the other one along.
    let misspelt = format!("{{\"Password\":\"{CANARY}\",\"pasword\":\"{CANARY}\"}}");
    let added = call(&server, "editor", &["--seal"], &add(&misspelt)).expect(1);
    // A Change that names no type: the configuration's is found.
    let id = shown(&call(&server, "editor", &[], &add("{}")).expect(0), "CRMConfigurationID").unwrap();
    let change = scope() + &property("CRMConfigurationID", &id) + &container("CRMConfiguration", &misspelt);
    let changed = call(&server, "editor", &["--seal"], &request("CRMConfigurationChange", &change)).expect(1);
    for refused in [added, changed] {
        assert_eq!(refused.out, "");
        assert!(!refused.err.contains(CANARY), "{}", refused.err);
        refused.says(&[
            "\"pasword\" is no field of the type, and none that is stored",
            SUGAR,
            ": Password)",
            "the request was not sent",
        ]);
    }
    call(&server, "viewer", &["--open"], &request("CRMConfigurationList", ""))
        .expect(1)
        .says(&["gave viewer no TransportKey", "Client, Editor or Administrator"]);
    assert!(!server.log_text().contains(CANARY));
}
