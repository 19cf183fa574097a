//! Writes responses, to the letter of the API's examples: no declaration, no line breaks, one layout for failures.

#[cfg(test)]
mod tests;

use actix_web::web::Bytes;

use super::escape::{Place, push_escaped};
use super::soap::push_envelope;
use super::{Namespace, SoapVersion};
use crate::buffer::Buffer;

/// What stands inside a response's `<Success>`: properties and containers, written as they are pushed.
///
/// Everything goes into one buffer at once, so that a list of ten thousand rows costs no more than its bytes.
#[derive(Default)]
pub struct Payload {
    bytes: Buffer,
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
        Self { bytes: Buffer::plain(bytes) }
    }

    /// One that holds nothing yet, and will hold a secret: it is wiped, as is the answer that it becomes.
    #[must_use]
    pub fn secret() -> Self {
        Self { bytes: Buffer::secret(0) }
    }

    /// Appends `<Property Name="…">…</Property>`.
    pub fn property(&mut self, name: &str, value: &str) -> &mut Self {
        push_property(&mut self.bytes, name, value);
        self
    }

    /// Appends a container, which `fill` gives its properties and containers. Rows of a list have no name.
    pub fn container(&mut self, name: Option<&str>, fill: impl FnOnce(&mut Self)) -> &mut Self {
        self.bytes.push(b"<Container");
        if let Some(name) = name {
            push_name(&mut self.bytes, name);
        }
        self.bytes.push(b">");
        fill(self);
        self.bytes.push(b"</Container>");
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

    /// The document, or the envelope with it in its body: UTF-8 without declaration.
    #[must_use]
    pub fn into_bytes(self, envelope: Option<SoapVersion>) -> Bytes {
        let mut out = match &self.outcome {
            Outcome::Success(Some(payload)) => payload.bytes.like(self.size_hint()),
            Outcome::Success(None) | Outcome::Fail { .. } => Buffer::plain(self.size_hint()),
        };
        match envelope {
            None => self.write_into(&mut out),
            Some(version) => push_envelope(&mut out, version, |out| self.write_into(out)),
        }
        out.into_shared()
    }

    fn write_into(&self, out: &mut Buffer) {
        let result = match self.outcome {
            Outcome::Success(_) => "Success",
            Outcome::Fail { .. } => "Fail",
        };
        out.push(b"<Response");
        if let Some(uri) = self.namespace.uri() {
            push_attribute(out, "xmlns", uri);
        }
        push_attribute(out, "Result", result);
        out.push(b">");
        self.push_invoke_id(out);
        match &self.outcome {
            Outcome::Success(None) => {}
            Outcome::Success(Some(payload)) => {
                out.push(b"<Success>");
                out.push(&payload.bytes);
                out.push(b"</Success>");
            }
            Outcome::Fail { code, message } => push_fail(out, None, *code, message),
        }
        out.push(b"</Response>");
    }

    fn push_invoke_id(&self, out: &mut Buffer) {
        match self.invoke_id.as_deref().filter(|id| !id.is_empty()) {
            Some(id) => {
                out.push(b"<InvokeID>");
                push_escaped(out, id, Place::Text);
                out.push(b"</InvokeID>");
            }
            None => out.push(b"<InvokeID/>"),
        }
    }

    fn size_hint(&self) -> usize {
        const ENVELOPE: usize = 640;
        match &self.outcome {
            Outcome::Success(payload) => ENVELOPE + payload.as_ref().map_or(0, Payload::len),
            Outcome::Fail { message, .. } => ENVELOPE + message.len(),
        }
    }
}

/// The layout of a failure. The API's published pages do not show it, so it stands here only.
fn push_fail(out: &mut Buffer, namespace: Option<&str>, code: u32, message: &str) {
    out.push(b"<Fail");
    if let Some(uri) = namespace {
        push_attribute(out, "xmlns", uri);
    }
    out.push(b">");
    push_property(out, "ErrorCode", &code.to_string());
    push_property(out, "ErrorMessage", message);
    out.push(b"</Fail>");
}

/// A failure's `Fail` by itself, as it stands in the detail of a SOAP fault.
pub(in crate::http) fn push_fail_in(out: &mut Buffer, namespace: Namespace, code: u32, message: &str) {
    push_fail(out, namespace.uri(), code, message);
}

/// A text as it may stand in the value of an attribute.
#[must_use]
pub(in crate::http) fn escaped_attribute(text: &str) -> String {
    let mut out = Buffer::plain(text.len());
    push_escaped(&mut out, text, Place::Attribute);
    String::from_utf8_lossy(&out).into_owned()
}

fn push_property(out: &mut Buffer, name: &str, value: &str) {
    out.push(b"<Property");
    push_name(out, name);
    out.push(b">");
    push_escaped(out, value, Place::Text);
    out.push(b"</Property>");
}

fn push_name(out: &mut Buffer, name: &str) {
    push_attribute(out, "Name", name);
}

pub(super) fn push_attribute(out: &mut Buffer, name: &'static str, value: &str) {
    out.push(b" ");
    out.push(name.as_bytes());
    out.push(b"=\"");
    push_escaped(out, value, Place::Attribute);
    out.push(b"\"");
}
