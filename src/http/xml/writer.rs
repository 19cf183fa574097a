//! Writes responses, to the letter of the API's examples: no declaration, no line breaks, one layout for failures.

#[cfg(test)]
mod tests;

use super::Namespace;
use super::escape::{Place, push_escaped};

/// What stands inside a response's `<Success>`: properties and containers, written as they are pushed.
///
/// Everything goes into one buffer at once, so that a list of ten thousand rows costs no more than its bytes.
#[derive(Default)]
pub struct Payload {
    bytes: Vec<u8>,
}

impl Payload {
    /// One that holds nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// One with room for that many bytes.
    #[must_use]
    pub fn with_capacity(bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes) }
    }

    /// Appends `<Property Name="…">…</Property>`.
    pub fn property(&mut self, name: &str, value: &str) -> &mut Self {
        push_property(&mut self.bytes, name, value);
        self
    }

    /// Appends a container, which `fill` gives its properties and containers. Rows of a list have no name.
    pub fn container(&mut self, name: Option<&str>, fill: impl FnOnce(&mut Self)) -> &mut Self {
        self.bytes.extend_from_slice(b"<Container");
        if let Some(name) = name {
            push_name(&mut self.bytes, name);
        }
        self.bytes.push(b'>');
        fill(self);
        self.bytes.extend_from_slice(b"</Container>");
        self
    }

    /// How many bytes it has come to.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether nothing was pushed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}

/// A response. It stands in the namespace of the request that it answers.
pub struct Response {
    invoke_id: Option<String>,
    namespace: Namespace,
    outcome: Outcome,
}

enum Outcome {
    Success(Option<Payload>),
    Fail { code: u32, message: String },
}

impl Response {
    /// A success that says nothing more. `invoke_id` is the request's, verbatim.
    #[must_use]
    pub fn success(invoke_id: &str, namespace: Namespace) -> Self {
        Self { invoke_id: Some(invoke_id.to_owned()), namespace, outcome: Outcome::Success(None) }
    }

    /// A success with a `<Success>` element, even if the payload is empty.
    #[must_use]
    pub fn success_with(invoke_id: &str, namespace: Namespace, payload: Payload) -> Self {
        Self { outcome: Outcome::Success(Some(payload)), ..Self::success(invoke_id, namespace) }
    }

    /// A failure with its code and message. No `invoke_id`: an empty element.
    #[must_use]
    pub fn fail(invoke_id: Option<&str>, namespace: Namespace, code: u32, message: &str) -> Self {
        let outcome = Outcome::Fail { code, message: message.to_owned() };
        Self { invoke_id: invoke_id.map(str::to_owned), namespace, outcome }
    }

    /// The document: UTF-8 without declaration.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.size_hint());
        self.write_into(&mut out);
        out
    }

    /// Appends the document, for instance inside a SOAP body.
    pub fn write_into(&self, out: &mut Vec<u8>) {
        let result = match self.outcome {
            Outcome::Success(_) => "Success",
            Outcome::Fail { .. } => "Fail",
        };
        out.extend_from_slice(b"<Response");
        if let Some(uri) = self.namespace.uri() {
            push_attribute(out, "xmlns", uri);
        }
        push_attribute(out, "Result", result);
        out.push(b'>');
        self.push_invoke_id(out);
        match &self.outcome {
            Outcome::Success(None) => {}
            Outcome::Success(Some(payload)) => {
                out.extend_from_slice(b"<Success>");
                out.extend_from_slice(&payload.bytes);
                out.extend_from_slice(b"</Success>");
            }
            Outcome::Fail { code, message } => push_fail(out, *code, message),
        }
        out.extend_from_slice(b"</Response>");
    }

    fn push_invoke_id(&self, out: &mut Vec<u8>) {
        match self.invoke_id.as_deref().filter(|id| !id.is_empty()) {
            Some(id) => {
                out.extend_from_slice(b"<InvokeID>");
                push_escaped(out, id, Place::Text);
                out.extend_from_slice(b"</InvokeID>");
            }
            None => out.extend_from_slice(b"<InvokeID/>"),
        }
    }

    fn size_hint(&self) -> usize {
        const ENVELOPE: usize = 512;
        match &self.outcome {
            Outcome::Success(payload) => ENVELOPE + payload.as_ref().map_or(0, Payload::len),
            Outcome::Fail { message, .. } => ENVELOPE + message.len(),
        }
    }
}

/// The layout of a failure. The API's published pages do not show it, so it stands here only.
fn push_fail(out: &mut Vec<u8>, code: u32, message: &str) {
    out.extend_from_slice(b"<Fail>");
    push_property(out, "ErrorCode", &code.to_string());
    push_property(out, "ErrorMessage", message);
    out.extend_from_slice(b"</Fail>");
}

fn push_property(out: &mut Vec<u8>, name: &str, value: &str) {
    out.extend_from_slice(b"<Property");
    push_name(out, name);
    out.push(b'>');
    push_escaped(out, value, Place::Text);
    out.extend_from_slice(b"</Property>");
}

fn push_name(out: &mut Vec<u8>, name: &str) {
    push_attribute(out, "Name", name);
}

fn push_attribute(out: &mut Vec<u8>, name: &'static str, value: &str) {
    out.push(b' ');
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"=\"");
    push_escaped(out, value, Place::Attribute);
    out.push(b'"');
}
