//! `--seal` and `--open`: what is sent, what is shown, and that a plain text leaves the machine in no case.

use super::*;

/// The key of bytes 0 to 63, under which `tests/fixtures/transit/vectors.json` has values sealed by Python.
const SIGNED_IN: &str = "<Response Result=\"Success\"><InvokeID>1</InvokeID><Success><Property Name=\"TransportKey\">\
                         AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw==\
                         </Property></Success></Response>";
const PLAIN: &str = "15 letters long";
const SEALED: &str = "enc:v1:5-lkpVLsHP9wfbtdWTB1uOFZUOR-e2TlsHdR2_Gteg";

const TYPE: &str = "<Response Result=\"Success\"><InvokeID>1</InvokeID><Success><Property Name=\"CRMType\">T &amp; T</Property>\
    <Container Name=\"CRMConfiguration\">\
    <Container><Property Name=\"Name\">Endpoint</Property><Property Name=\"Password\">false</Property></Container>\
    <Container><Property Name=\"Name\">ClientSecret</Property><Property Name=\"Password\">true</Property></Container>\
    </Container><Container Name=\"CRMConfigurationCommon\">\
    <Container><Property Name=\"Name\">Cached</Property><Property Name=\"Password\">false</Property></Container>\
    </Container></Success></Response>";
const INFO: &str = "<Response Result=\"Success\"><InvokeID>1</InvokeID><Success>\
    <Property Name=\"CRMType\">T &amp; T</Property></Success></Response>";

const STORED: &str = "<Response Result=\"Success\"><InvokeID>1</InvokeID><Success>\
    <Property Name=\"CRMType\">T &amp; T</Property><Container Name=\"CRMConfiguration\">\
    <Property Name=\"Token\">enc:v1:AAAA</Property><Property Name=\"Endpoint\">a</Property></Container></Success></Response>";
const SHREDDED: &str = "<Response Result=\"Fail\"><InvokeID>1</InvokeID><Fail><Property Name=\"ErrorCode\">10103</Property>\
    <Property Name=\"ErrorMessage\">It was shredded.</Property></Fail></Response>";

/// A request with these properties and this JSON, the JSON as it stands in XML.
fn request(properties: &str, json: &str) -> String {
    format!(
        "\u{feff}<Request  Operation='X'>\r\n<InvokeID>11</InvokeID><SessionID>OLD</SessionID>\n<OperationPayload>{properties}\
         <Container Name='CRMConfiguration'><Property Name='JSONData'>{json}</Property></Container>\
         <Container Name='CRMConfigurationCommon'><Property Name='JSONData'>{{\"ClientSecret\":1}}</Property></Container>\
         </OperationPayload></Request >\n"
    )
}

fn sealing(server: &Scripted, request: &str) -> CallArgs {
    CallArgs { seal: true, ..server.call(request) }
}

fn add(json: &str) -> String {
    request("<Property Name='CRMType'>T &amp; T</Property>", json)
}

#[test]
fn the_password_fields_of_the_named_type_are_sealed_and_nothing_else_is_touched() {
    let server = Scripted::answering(&[
        ("200 OK", CREATED),
        ("200 OK", SIGNED_IN),
        ("200 OK", TYPE),
        ("200 OK", SUCCESS),
        ("200 OK", SUCCESS),
    ]);
    let json = |secret: &str| {
        format!("{{&quot;Endpoint&quot;: &quot;a &lt; b&quot;,\n &quot;ClientSecret&quot; : {secret} }}")
    };
    let given = add(&json("<![CDATA[\"15 lett\\u0065rs]]> long\""));
    assert_eq!(run(&sealing(&server, &given)), Ok(Status::Done));
    let bodies = server.bodies();
    assert!(bodies[2].starts_with("<Request Operation=\"CRMTypeInfo\">"), "{}", bodies[2]);
    assert!(bodies[2].contains("<Property Name=\"CRMType\">T &amp; T</Property>"), "{}", bodies[2]);
    assert_eq!(bodies[3], add(&json(&format!("&quot;{SEALED}&quot;"))).replace("OLD", SESSION));
    assert!(bodies[4].contains("Logout"));
}

#[test]
fn a_change_that_names_no_type_is_sealed_as_its_configuration_s_type_asks() {
    let server = Scripted::answering(&[
        ("200 OK", CREATED),
        ("200 OK", SIGNED_IN),
        ("200 OK", INFO),
        ("200 OK", TYPE),
        ("200 OK", SUCCESS),
        ("200 OK", SUCCESS),
    ]);
    let found = "<Property Name='CRMConfigurationID'>8b:1</Property><Property Name='TelSysID'>1</Property>\
                 <Property Name='DeviceNumber'/>";
    let json = |secret: &str| format!("{{&quot;ClientSecret&quot;:&quot;{secret}&quot;}}");
    assert_eq!(run(&sealing(&server, &request(found, &json(PLAIN)))), Ok(Status::Done));
    let bodies = server.bodies();
    assert!(
        bodies[2].starts_with("<Request Operation=\"CRMConfigurationInfo\">")
            && bodies[2].contains(
                "<OperationPayload><Property Name=\"CRMConfigurationID\">8b:1\
                 </Property><Property Name=\"TelSysID\">1</Property></OperationPayload>"
            ),
        "{}",
        bodies[2]
    );
    assert!(bodies[3].starts_with("<Request Operation=\"CRMTypeInfo\">"), "{}", bodies[3]);
    assert_eq!(bodies[4], request(found, &json(SEALED)).replace("OLD", SESSION));
}

#[test]
fn what_is_stored_sealed_is_sealed_also_where_the_template_marks_it_no_more() {
    // With the type named and without.
    for named in ["", "<Property Name='CRMType'>T &amp; T</Property>"] {
        let server = Scripted::answering(&[
            ("200 OK", CREATED),
            ("200 OK", SIGNED_IN),
            ("200 OK", STORED),
            ("200 OK", TYPE),
            ("200 OK", SUCCESS),
            ("200 OK", SUCCESS),
        ]);
        let found = format!("{named}<Property Name='CRMConfigurationID'>8b:1</Property>");
        let json = format!(
            "{{&quot;ClientSecret&quot;:&quot;{PLAIN}&quot;,&quot;Token&quot;:&quot;cAnArY&quot;,&quot;Endpoint&quot;:&quot;b&quot;}}"
        );
        assert_eq!(run(&sealing(&server, &request(&found, &json))), Ok(Status::Done));
        let bodies = server.bodies();
        let sent = &bodies[4];
        assert!(sent.contains(&format!("&quot;ClientSecret&quot;:&quot;{SEALED}&quot;")), "{sent}");
        assert!(sent.contains("&quot;Token&quot;:&quot;enc:v1:") && !sent.contains("cAnArY"), "{sent}");
        assert!(sent.contains("&quot;Endpoint&quot;:&quot;b&quot;"), "{sent}");
    }
}

#[test]
fn where_what_is_stored_does_not_open_the_template_alone_decides() {
    let server = Scripted::answering(&[
        ("200 OK", CREATED),
        ("200 OK", SIGNED_IN),
        ("200 OK", SHREDDED),
        ("200 OK", INFO),
        ("200 OK", TYPE),
        ("200 OK", SUCCESS),
        ("200 OK", SUCCESS),
    ]);
    let found = "<Property Name='CRMConfigurationID'>8b:1</Property>";
    let json = |secret: &str| format!("{{&quot;ClientSecret&quot;:&quot;{secret}&quot;}}");
    assert_eq!(run(&sealing(&server, &request(found, &json(PLAIN)))), Ok(Status::Done));
    let bodies = server.bodies();
    assert!(bodies[3].contains("<Property Name=\"ReturnJSON\">true</Property>"), "{}", bodies[3]);
    assert_eq!(bodies[5], request(found, &json(SEALED)).replace("OLD", SESSION));
}

#[test]
fn what_is_stored_under_a_name_that_the_template_has_no_more_is_sent_as_it_is() {
    let found = "<Property Name='CRMConfigurationID'>8b:1</Property>";
    let plain = INFO.replace(
        "</Success>",
        "<Container Name=\"CRMConfiguration\"><Property Name=\"Old\">a</Property></Container></Success>",
    );
    let as_json = INFO.replace(
        "</Success>",
        "<Container Name=\"CRMConfiguration\"><Property Name=\"JSONData\">{&quot;Old&quot;:&quot;a&quot;}</Property>\
         </Container></Success>",
    );
    for stored in [&[plain.as_str()][..], &[SHREDDED, &as_json]] {
        for (name, goes) in [("Old", true), ("old", false)] {
            let mut answers = vec![("200 OK", CREATED), ("200 OK", SIGNED_IN)];
            answers.extend(stored.iter().map(|answer| ("200 OK", *answer)));
            answers.extend([("200 OK", TYPE), ("200 OK", SUCCESS)]);
            answers.extend(goes.then_some(("200 OK", SUCCESS)));
            let server = Scripted::answering(&answers);
            let json = format!(
                "{{&quot;ClientSecret&quot;:&quot;{PLAIN}&quot;,&quot;{name}&quot;:&quot;cAnArY&quot;}}"
            );
            assert_eq!(run(&sealing(&server, &request(found, &json))).is_ok(), goes, "{name}");
            assert_eq!(server.bodies()[2..].concat().contains("cAnArY"), goes, "{name}");
        }
    }
}

#[test]
fn null_and_what_is_marked_as_sealed_are_sent_as_they_are() {
    for json in ["{\"ClientSecret\":null}", "{\"ClientSecret\":\"enc:v1:AAAA\"}"] {
        let server = Scripted::answering(&[
            ("200 OK", CREATED),
            ("200 OK", SIGNED_IN),
            ("200 OK", TYPE),
            ("200 OK", SUCCESS),
            ("200 OK", SUCCESS),
        ]);
        assert_eq!(run(&sealing(&server, &add(json))), Ok(Status::Done));
        let sent = add(&json.replace('"', "&quot;")).replace("OLD", SESSION);
        assert_eq!(server.bodies()[3], sent);
    }
}

#[test]
fn what_cannot_be_sealed_is_not_sent_and_the_session_still_ends() {
    for (json, expected) in [
        (
            "{\"Endpoint\":\"cAnArY\"}",
            "it has none of the type's password fields (password fields of T & T: ClientSecret)",
        ),
        // The one that is right does not let the other one through.
        (
            "{\"ClientSecret\":\"cAnArY\",\"Clientsecret2\":\"cAnArY\"}",
            "\"Clientsecret2\" is no field of the type, and none that is stored: is it misspelt?",
        ),
        (
            "{\"ClientSecret\":[\"cAnArY\"]}",
            "the password field ClientSecret holds something that is no text",
        ),
        ("cAnArY", "it is no JSON object (line 1, column 1 of the JSON)"),
    ] {
        let server = Scripted::answering(&[
            ("200 OK", CREATED),
            ("200 OK", SIGNED_IN),
            ("200 OK", TYPE),
            ("200 OK", SUCCESS),
        ]);
        let message = run(&sealing(&server, &add(json))).unwrap_err().to_string();
        assert!(message.contains(expected) && message.ends_with("the request was not sent"), "{message}");
        assert!(!message.contains("cAnArY"), "{message}");
        let bodies = server.bodies();
        assert!(bodies[3].contains("Logout"), "{}", bodies[3]);
        // The password that signs in has a canary of its own, in the second.
        assert!(!bodies[2..].concat().contains("cAnArY"));
    }
}

#[test]
fn a_request_that_has_nothing_to_seal_is_refused_before_anybody_signs_in() {
    let named = "<Property Name='CRMType'>T</Property>";
    let json = "<Container Name='CRMConfiguration'><Property Name='JSONData'>{}</Property></Container>";
    let payload =
        |content: &str| format!("<Request><OperationPayload>{content}</OperationPayload></Request>");
    for (request, expected) in [
        (payload(named), "it has no JSONData in a container CRMConfiguration"),
        (payload(&[named, json, json].concat()), "the JSONData of CRMConfiguration more than once"),
        (payload(json), "it names neither CRMType nor CRMConfigurationID"),
        (payload(&["<Property Name='CRMType'>&x;</Property>", json].concat()), "a reference or an attribute"),
    ] {
        let server = Scripted { address: "127.0.0.1:9".to_owned(), thread: std::thread::spawn(Vec::new) };
        let message = run(&sealing(&server, &request)).unwrap_err().to_string();
        assert!(message.contains(expected) && message.ends_with("nothing was sent"), "{message}");
    }
}

#[test]
fn an_account_without_a_transport_key_is_told_why_and_nothing_else_is_sent() {
    for (seal, open) in [(true, false), (false, true)] {
        let server = Scripted::answering(&[("200 OK", CREATED), ("200 OK", SUCCESS), ("200 OK", SUCCESS)]);
        let args = CallArgs { seal, open, ..server.call(&add("{\"ClientSecret\":\"cAnArY\"}")) };
        let message = run(&args).unwrap_err().to_string();
        assert!(
            message.contains("gave ad<min no TransportKey") && message.contains("Client, Editor or"),
            "{message}"
        );
        let bodies = server.bodies();
        assert!(bodies[2].contains("Logout"), "{}", bodies[2]);
        assert!(!bodies[2].contains("cAnArY") && !message.contains("cAnArY"));
    }
}

#[test]
fn what_the_answer_holds_sealed_is_opened_and_the_rest_is_as_it_came() {
    const ANSWER: &str = "<Response Result=\"Success\"><InvokeID>1</InvokeID>\r\n<Success><Container Name=\"CRMConfiguration\">\
        <Property Name=\"ClientSecret\">enc:v1:5-lkpVLsHP9wfbtdWTB1uOFZUOR-e2TlsHdR2_Gteg</Property>\
        <Property Name=\"Other\">enc:v1:5-lkpVLsHP9wfbtdWTB1uOFZUOR-e2TlsHdR2_Gteg</Property></Container></Success></Response>";
    let server = Scripted::answering(&[
        ("200 OK", CREATED),
        ("200 OK", SIGNED_IN),
        ("200 OK", ANSWER),
        ("200 OK", SUCCESS),
    ]);
    let args = CallArgs { open: true, ..server.call(REQUEST) };
    assert_eq!(*converse(&args).unwrap().body, ANSWER.replacen(SEALED, PLAIN, 1));
    assert_eq!(server.bodies()[2], REQUEST.replace("OLD", SESSION));
}
