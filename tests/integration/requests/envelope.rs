//! The envelope: InvokeID, namespaces, the order of elements, and what is unknown or there twice.

use super::{CHANGE, INFO, LIST, SERVER, own};
use crate::harness::{Reply, escape, post, property};

#[test]
fn the_invoke_id_is_echoed_verbatim_up_to_its_limit() {
    let server = SERVER.get();
    let editor = server.session("editor");
    let with = |id: &str| editor.send(&editor.request(LIST, "").replace(">7<", &format!(">{}<", escape(id))));
    let longest = "\u{1F600}".repeat(256);
    for id in [" 11 ", "<&\"'>", "0", "a\tb\nc", &longest] {
        let reply = with(id).expect_success();
        let shown = id.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let echoed = format!("<InvokeID>{shown}</InvokeID>");
        assert!(reply.body.contains(&echoed), "{id:?}: {}", reply.body);
    }
    let refused = with(&"x".repeat(257)).expect_code(10108);
    assert_eq!(refused.status, 200);
    assert!(refused.body.contains("<InvokeID/>") && refused.body.contains("256"), "{}", refused.body);
    for blank in ["", " ", "\n"] {
        assert!(with(blank).expect_code(10101).body.contains("<InvokeID/>"));
    }
}

#[test]
fn a_namespaced_request_is_answered_in_its_namespace_also_when_it_fails() {
    let server = SERVER.get();
    let editor = server.session("editor");
    let own = own(&editor);
    let default = |body: String| body.replacen("<Request ", "<Request xmlns=\"urn:crmconf:api:1\" ", 1);
    let start = "<Response xmlns=\"urn:crmconf:api:1\" Result=";
    for body in [editor.request(INFO, &own.named), editor.request(INFO, ""), editor.request("Nothing", "")] {
        let bare = editor.send(&body);
        let namespaced = editor.send(&default(body));
        assert!(namespaced.body.starts_with(start), "{}", namespaced.body);
        assert_eq!(namespaced.body.replace(" xmlns=\"urn:crmconf:api:1\"", ""), bare.body);
    }
    let prefixed = format!(
        "<c:Request xmlns:c='urn:crmconf:api:1' Operation='{INFO}'><c:SessionID>{}</c:SessionID>\
         <c:OperationPayload>{}</c:OperationPayload><c:InvokeID>7</c:InvokeID></c:Request>",
        editor.id,
        own.named.replace("<Property", "<c:Property").replace("</Property", "</c:Property"),
    );
    assert!(editor.send(&prefixed).expect_success().body.starts_with(start));
    let mixed = prefixed.replace("c:InvokeID", "InvokeID");
    editor.send(&mixed).expect_code(10101);
    let foreign = editor.request(LIST, "").replacen("<Request ", "<Request xmlns=\"urn:other\" ", 1);
    assert_eq!(editor.send(&foreign).expect_code(10102).status, 400);
}

#[test]
fn what_is_unknown_is_named() {
    let server = SERVER.get();
    let editor = server.session("editor");
    let own = own(&editor);
    let payload = |more: &str| editor.request(CHANGE, &(own.named.clone() + more));
    let named = [
        (payload(&property("Descripton", "x")), "Descripton"),
        (payload("<Propety Name=\"Description\">x</Propety>"), "Propety"),
        (payload("<Property Name=\"Reason\" Nmae=\"x\">x</Property>"), "Nmae"),
        (payload("<Container Name=\"CRMConfig\"/>"), "CRMConfig"),
        (payload("").replace("<OperationPayload>", "<Session>x</Session><OperationPayload>"), "Session"),
        (payload("").replace("<Request ", "<Request operation=\"x\" "), "operation"),
        (payload("<o:Property xmlns:o=\"urn:other\" Name=\"Reason\">x</o:Property>"), "o:Property"),
        (payload(&property("ReturnJSON", "true")), "ReturnJSON"),
    ];
    for (body, name) in named {
        let reply = editor.send(&body).expect_code(10108);
        assert_eq!(reply.status, 200, "{name}");
        assert!(reply.property("ErrorMessage").unwrap().contains(name), "{name}: {}", reply.body);
    }
    let ignored = payload("<Property xml:lang=\"en\" Name=\"Reason\" xml:space=\"preserve\">x</Property>");
    editor.send(&ignored).expect_success();
}

#[test]
fn what_may_be_there_once_is_refused_when_it_is_there_twice() {
    let server = SERVER.get();
    let editor = server.session("editor");
    let own = own(&editor);
    let payload = |more: &str| editor.request(CHANGE, &(own.named.clone() + more));
    let reason = property("Reason", "x");
    let empty = "<Container Name=\"CRMConfiguration\"/>";
    for body in [
        payload(&(reason.clone() + &reason)),
        payload(&empty.repeat(2)),
        payload("").replace("<InvokeID>", "<InvokeID>7</InvokeID><InvokeID>"),
        payload("</OperationPayload><OperationPayload>"),
    ] {
        let reply = editor.send(&body).expect_code(10108);
        assert!(reply.body.contains("twice"), "{}", reply.body);
    }
}

#[test]
fn utf_8_may_be_declared_and_marked_and_nothing_else_may() {
    let server = SERVER.get();
    let editor = server.session("editor");
    let body = editor.request(LIST, "");
    let send = |bytes: &[u8], kind: &str| -> Reply {
        post(server.address, "/api/xml", &[("Content-Type", kind)], bytes).unwrap()
    };
    for kind in
        ["text/xml", "application/xml", "Text/XML; Charset=\"UTF-8\"", "application/xml;charset=utf-8"]
    {
        send(body.as_bytes(), kind).expect_success();
    }
    for start in ["\u{feff}", "<?xml version=\"1.0\"?>", "<?xml version='1.0' encoding='utf-8'?>\n<!-- a -->"]
    {
        send(format!("{start}{body}").as_bytes(), "text/xml").expect_success();
    }
    for start in [
        "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>",
        "<?xml version=\"1.1\"?>",
        "<?pi x?>",
        " <?xml version=\"1.0\"?>",
    ] {
        let reply = send(format!("{start}{body}").as_bytes(), "text/xml").expect_code(10108);
        assert_eq!(reply.status, 400, "{start}");
    }
}

#[test]
fn elements_come_in_any_order() {
    let server = SERVER.get();
    let editor = server.session("editor");
    let own = own(&editor);
    let body = format!(
        "<Request Operation=\"{INFO}\"><OperationPayload>{}</OperationPayload>\n\
         <SessionID>\n {} </SessionID><InvokeID>7</InvokeID></Request>",
        own.named, editor.id
    );
    assert_eq!(editor.send(&body).expect_success().body, own.info(&editor).body);
}

#[test]
fn ids_have_one_form() {
    let server = SERVER.get();
    let admin = server.session("admin");
    let list = |name: &str, value: &str, above: &str| {
        admin.call(LIST, &(above.to_owned() + &property(name, value))).code()
    };
    let telsys = property("TelSysID", "1");
    let partition = telsys.clone() + &property("PartIDInTelSys", "1");
    for bad in [
        "0",
        "-2",
        "+1",
        "1.0",
        "0x1",
        "2147483648",
        "99999999999999999999",
        "1 1",
        "\u{661}",
        "UnknownNoneOrAll",
    ] {
        assert_eq!(list("TelSysID", bad, ""), 11012, "{bad}");
        assert_eq!(list("PartIDInTelSys", bad, &telsys), 10108, "{bad}");
    }
    assert_eq!(list("TelSysID", "2147483647", ""), 11013);
    assert_eq!(list("PartIDInTelSys", "2147483647", &telsys), 11131);
    assert_eq!(list("DeviceNumber", &"9".repeat(64), &partition), 11161);
    assert_eq!(list("DeviceNumber", &"9".repeat(65), &partition), 10108);
    for other in ["1234567101", "+01234567101", "001234567101", "01234567101.0", "unknownnoneorall"] {
        assert_eq!(list("DeviceNumber", other, &partition), 11161, "{other} is compared exactly");
    }
    for id in ["x", "8b421354e7ea58f6:1007bf0b:197cf8dc588", "-", &"f".repeat(10_000)] {
        admin.call(INFO, &(partition.clone() + &property("CRMConfigurationID", id))).expect_code(31003);
    }
}
