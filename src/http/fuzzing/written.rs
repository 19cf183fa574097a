//! Writes a request as a client would, so that it can be read back.

use super::super::answer::Form;
use super::super::xml::{Container, ParsedRequest, Property, SessionIdText, escaped_attribute};

/// The document, in the envelope of its form if it has one.
pub(super) fn document(request: &ParsedRequest, form: Form) -> String {
    let request = bare(request);
    form.envelope.map_or_else(
        || request.clone(),
        |version| {
            let namespace = version.namespace();
            format!("<e:Envelope xmlns:e=\"{namespace}\"><e:Body>{request}</e:Body></e:Envelope>")
        },
    )
}

fn bare(request: &ParsedRequest) -> String {
    let namespace = request.namespace.uri().map(|uri| format!(" xmlns=\"{uri}\"")).unwrap_or_default();
    let operation = attribute("Operation", request.operation.as_deref());
    let texts = [
        ("InvokeID", request.invoke_id.as_deref()),
        ("SessionID", request.session_id.as_ref().map(SessionIdText::as_str)),
        ("Offset", request.offset.as_deref()),
        ("Limit", request.limit.as_deref()),
    ];
    let element = |(name, text): (&str, Option<&str>)| {
        text.map(|text| format!("<{name}>{}</{name}>", escaped_attribute(text))).unwrap_or_default()
    };
    let texts: String = texts.into_iter().map(element).collect();
    let properties: String = request.properties.iter().map(property).collect();
    let containers: String = request.containers.iter().map(container).collect();
    let payload = format!("<OperationPayload>{properties}{containers}</OperationPayload>");
    format!("<Request{namespace}{operation}>{texts}{payload}</Request>")
}

fn attribute(name: &str, value: Option<&str>) -> String {
    value.map(|value| format!(" {name}=\"{}\"", escaped_attribute(value))).unwrap_or_default()
}

fn property(property: &Property) -> String {
    let Property { name, value } = property;
    format!("<Property{}>{}</Property>", attribute("Name", Some(name)), escaped_attribute(value.as_str()))
}

fn container(of: &Container) -> String {
    let Container { name, properties } = of;
    let properties: String = properties.iter().map(property).collect();
    format!("<Container{}>{properties}</Container>", attribute("Name", name.as_deref()))
}
