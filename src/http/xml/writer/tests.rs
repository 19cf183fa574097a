//! Responses to the letter, and everything written read back as it was.

use proptest::prelude::*;

use super::super::{ParsedRequest, XmlEvent, XmlReader};
use super::*;
use crate::memory::Sought;

fn text(response: Response) -> String {
    String::from_utf8(response.into_bytes(None).to_vec()).unwrap()
}

#[test]
fn responses_have_the_shape_of_the_examples() {
    assert_eq!(
        text(Response::success("11", Namespace::Bare)),
        r#"<Response Result="Success"><InvokeID>11</InvokeID></Response>"#
    );
    let mut payload = Payload::new();
    payload.property("Offset", "0").property("Total", "1").container(None, |row| {
        row.property("Description", "CRM Configuration 10");
    });
    payload.container(Some("CRMConfiguration"), |container| {
        container.property("Empty", "");
    });
    assert_eq!(
        text(Response::success_with("14", Namespace::Bare, payload)),
        "<Response Result=\"Success\"><InvokeID>14</InvokeID><Success><Property Name=\"Offset\">0</Property>\
         <Property Name=\"Total\">1</Property><Container><Property Name=\"Description\">CRM Configuration 10</Property>\
         </Container><Container Name=\"CRMConfiguration\"><Property Name=\"Empty\"></Property></Container></Success>\
         </Response>"
    );
    assert_eq!(
        text(Response::success_with("1", Namespace::Bare, Payload::new())),
        r#"<Response Result="Success"><InvokeID>1</InvokeID><Success></Success></Response>"#
    );
}

#[test]
fn failures_have_one_layout_and_an_empty_invoke_id_when_none_could_be_read() {
    assert_eq!(
        text(Response::fail(Some("11"), Namespace::Bare, 31003, "No such <configuration>.")),
        "<Response Result=\"Fail\"><InvokeID>11</InvokeID><Fail><Property Name=\"ErrorCode\">31003</Property>\
         <Property Name=\"ErrorMessage\">No such &lt;configuration&gt;.</Property></Fail></Response>"
    );
    for none in [None, Some("")] {
        assert_eq!(
            text(Response::fail(none, Namespace::Bare, 10101, "m")),
            "<Response Result=\"Fail\"><InvokeID/><Fail><Property Name=\"ErrorCode\">10101</Property>\
             <Property Name=\"ErrorMessage\">m</Property></Fail></Response>"
        );
    }
}

#[test]
fn a_namespaced_request_is_answered_in_its_namespace() {
    assert_eq!(
        text(Response::success("1", Namespace::Api)),
        r#"<Response xmlns="urn:crmconf:api:1" Result="Success"><InvokeID>1</InvokeID></Response>"#
    );
}

#[test]
fn text_and_attributes_are_escaped_each_as_they_need() {
    let mut payload = Payload::new();
    payload.property("&<>\"'\t\n\r", "&<>\"'\t\n\r]]>\u{0}\u{ffff}\u{1f600}");
    assert_eq!(
        String::from_utf8(payload.bytes.to_vec()).unwrap(),
        "<Property Name=\"&amp;&lt;&gt;&quot;'&#9;&#10;&#13;\">\
         &amp;&lt;&gt;\"'\t\n&#13;]]&gt;\u{fffd}\u{fffd}\u{1f600}</Property>"
    );
}

/// Any text that XML can carry, with what needs an escape more often than chance would have it.
fn carried() -> impl Strategy<Value = String> {
    let special = prop::sample::select(vec![
        '&', '<', '>', '"', '\'', '\t', '\n', '\r', ']', ' ', '\u{85}', '\u{fffd}',
    ]);
    let any = any::<char>().prop_filter("carried", |&c| crmconf_events::is_carried(c));
    prop::collection::vec(prop_oneof![special, any], 0..30).prop_map(|chars| chars.into_iter().collect())
}

/// The document's elements in order: local name, value of the attribute `Name`, own text.
fn elements(document: &[u8]) -> Vec<(String, Option<String>, String)> {
    let mut xml = XmlReader::new(document).unwrap();
    let (mut elements, mut open) = (Vec::new(), Vec::new());
    while let Some(event) = xml.next_event().unwrap() {
        match event {
            XmlEvent::Start(element) => {
                let name = element.attributes.iter().find(|attribute| attribute.name == "Name");
                open.push(elements.len());
                elements.push((
                    element.local.to_owned(),
                    name.map(|name| name.value.to_string()),
                    String::new(),
                ));
            }
            XmlEvent::Text(text) => elements[*open.last().unwrap()].2.push_str(&text),
            XmlEvent::End => drop(open.pop()),
        }
    }
    elements
}

proptest! {
    #[test]
    fn what_is_written_is_read_back_identically(id in carried(), name in carried(), value in carried()) {
        let mut payload = Payload::new();
        payload.container(Some(&name), |container| {
            container.property(&name, &value);
        });
        let response = Response::success_with(&id, Namespace::Api, payload).into_bytes(None);
        let read = elements(&response);
        let own = |local: &str, name: Option<&str>, text: &str| {
            (local.to_owned(), name.map(str::to_owned), text.to_owned())
        };
        prop_assert_eq!(read, vec![
            own("Response", None, ""),
            own("InvokeID", None, &id),
            own("Success", None, ""),
            own("Container", Some(&name), ""),
            own("Property", Some(&name), &value),
        ]);
    }

    #[test]
    fn failure_messages_are_read_back_identically(message in carried()) {
        let response = Response::fail(None, Namespace::Bare, 10108, &message).into_bytes(None);
        let read = elements(&response);
        prop_assert_eq!(read.last().map(|(_, _, text)| text.as_str()), Some(message.as_str()));
    }

    #[test]
    fn a_request_of_escaped_values_is_read_as_it_was_meant(name in carried(), value in carried(), id in carried()) {
        prop_assume!(!name.is_empty());
        let mut payload = Payload::new();
        payload.property(&name, &value);
        let mut body = Buffer::plain(0);
        body.push(b"<Request><InvokeID>");
        push_escaped(&mut body, &id, Place::Text);
        body.push(b"</InvokeID><OperationPayload>");
        body.push(&payload.bytes);
        body.push(b"</OperationPayload></Request>");
        let request = ParsedRequest::from_body(&body).unwrap();
        let blank = id.chars().all(|c| matches!(c, ' ' | '\t' | '\n' | '\r'));
        prop_assert_eq!(request.invoke_id, (!blank).then_some(id));
        prop_assert_eq!(&request.properties[0].name, &name);
        prop_assert_eq!(request.properties[0].value.as_str(), value);
        prop_assert_eq!(request.faults, vec![]);
    }
}

#[test]
fn a_list_of_ten_thousand_rows_is_one_buffer() {
    let mut payload = Payload::new();
    for row in 0..10_000 {
        payload.container(None, |container| {
            container.property("CRMConfigurationID", &row.to_string());
        });
    }
    let bytes = Response::success_with("1", Namespace::Bare, payload).into_bytes(None);
    assert_eq!(
        bytes.windows(b"</Container>".len()).filter(|window| window == b"</Container>").count(),
        10_000
    );
}

#[test]
fn a_secret_is_wiped_wherever_it_stood_on_its_way_into_the_answer() {
    let (secret, mut sought) = Sought::new();
    let mut payload = Payload::secret();
    for value in [secret.as_str()].into_iter().chain(["x"; 200]) {
        payload.property("TransportKey", value);
    }
    // Longer than the room that an answer has for it, so that the answer moves as well.
    let bytes = Response::success_with(&"<".repeat(256), Namespace::Api, payload).into_bytes(None);
    assert!(bytes.windows(secret.len()).any(|window| window == secret.as_bytes()));
    drop((secret, bytes));
    assert!(!sought.stands_in_memory());
}
