//! Reads an answer as a client would: it is well-formed, and says what a client looks for where it looks for it.

use actix_web::HttpResponse;
use actix_web::body::MessageBody as _;
use actix_web::web::Bytes;
use crmconf_events::fuzzing::broken;

use super::super::xml::{Namespace, SoapVersion, XmlEvent, XmlReader};

/// An element of an answer, read whole.
#[derive(Default)]
struct Node {
    namespace: Option<String>,
    local: String,
    attributes: Vec<(String, String)>,
    text: String,
    children: Vec<Self>,
}

/// An answer's body.
pub(super) fn bytes(response: HttpResponse) -> Bytes {
    let body = response.into_body().try_into_bytes();
    assert!(body.is_ok(), "an answer's body is not there at once");
    body.unwrap_or_default()
}

/// Checks that it is an answer, in an envelope or by itself.
pub(super) fn check(bytes: &[u8], enveloped: bool) {
    let root = read(bytes);
    if !enveloped {
        return response(&root);
    }
    let version =
        SoapVersion::ALL.into_iter().find(|version| root.namespace.as_deref() == Some(version.namespace()));
    assert!(version.is_some() && root.local == "Envelope", "an answer is in no envelope of SOAP");
    let body = root.children.last();
    assert!(
        body.is_some_and(|body| body.local == "Body" && body.namespace == root.namespace),
        "there is no body"
    );
    let [answer] = body.map(|body| body.children.as_slice()).unwrap_or_default() else {
        broken("a body does not hold one element")
    };
    if answer.local == "Fault" {
        assert_eq!(answer.namespace, root.namespace, "a fault is in another namespace");
        fault(answer);
    } else {
        response(answer);
    }
}

/// A fault has a code, says why, and tells the failure in its detail, if it has one.
fn fault(fault: &Node) {
    let first = |name: &str| fault.children.iter().find(|child| child.local.eq_ignore_ascii_case(name));
    let [code, reason] = [["faultcode", "Code"], ["faultstring", "Reason"]]
        .map(|names| names.into_iter().find_map(first).map(Node::all_text).unwrap_or_default());
    assert!(code.strip_prefix("soap:").is_some_and(|code| !code.is_empty()), "a fault has no code");
    assert!(!reason.is_empty(), "a fault has no reason");
    for failure in first("detail").into_iter().flat_map(|detail| &detail.children) {
        assert_eq!(failure.local, "Fail", "something else stands in the detail");
        fail(failure);
    }
}

fn response(response: &Node) {
    assert_eq!(response.local, "Response", "an answer is something else");
    assert!(Namespace::of(response.namespace.as_deref()).is_some(), "an answer is in another namespace");
    let result =
        response.attributes.iter().find(|(name, _)| name == "Result").map(|(_, value)| value.as_str());
    let [invoke_id, rest @ ..] = response.children.as_slice() else { broken("an answer is empty") };
    assert_eq!(invoke_id.local, "InvokeID", "an answer does not begin with its InvokeID");
    match (result, rest) {
        (Some("Success"), rest) => assert!(rest.len() <= 1, "a success says too much"),
        (Some("Fail"), [failure]) => fail(failure),
        (result, _) => broken(&format!("a result is {result:?}")),
    }
}

fn fail(failure: &Node) {
    let told = failure.children.iter().map(|property| {
        let name = property.attributes.iter().find(|(name, _)| name == "Name");
        (name.map(|(_, value)| value.as_str()).unwrap_or_default(), property.text.as_str())
    });
    let told: Vec<_> = told.collect();
    let [("ErrorCode", code), ("ErrorMessage", message)] = told.as_slice() else {
        broken(&format!("a failure tells {told:?}"))
    };
    assert!(code.len() == 5 && code.bytes().all(|byte| byte.is_ascii_digit()), "a code is {code:?}");
    assert!(!message.is_empty(), "a failure has no message");
}

impl Node {
    fn all_text(&self) -> String {
        self.children.iter().fold(self.text.clone(), |text, child| text + &child.all_text())
    }
}

/// Reads a document whole.
fn read(bytes: &[u8]) -> Node {
    let reader = XmlReader::new(bytes);
    assert!(reader.is_ok(), "an answer is not in UTF-8");
    let mut open = vec![Node::default()];
    let Ok(mut reader) = reader else { return Node::default() };
    loop {
        let event = reader.next_event();
        assert!(event.is_ok(), "{:?} in the answer {}", event.err(), String::from_utf8_lossy(bytes));
        match event {
            Ok(Some(XmlEvent::Start(element))) => open.push(Node {
                namespace: element.namespace.as_deref().map(str::to_owned),
                local: element.local.to_owned(),
                attributes: element
                    .attributes
                    .iter()
                    .map(|attribute| (attribute.local.to_owned(), attribute.value.clone().into_owned()))
                    .collect(),
                ..Node::default()
            }),
            Ok(Some(XmlEvent::Text(text))) => {
                if let Some(node) = open.last_mut() {
                    node.text.push_str(&text);
                }
            }
            Ok(Some(XmlEvent::End)) => {
                let ended = open.pop().unwrap_or_default();
                if let Some(parent) = open.last_mut() {
                    parent.children.push(ended);
                }
            }
            Ok(None) | Err(_) => {
                return open.pop().and_then(|mut all| all.children.pop()).unwrap_or_default();
            }
        }
    }
}
