//! `Payload`: what a request of ours asks with, written as XML that leaves no copy of a password behind.

use zeroize::Zeroizing;

use super::wiped::Wiped;

/// Properties and containers, as they stand in `OperationPayload`. Wiped when it is dropped, as is what it becomes.
#[derive(Default)]
pub(in crate::commands) struct Payload(Wiped);

impl Payload {
    /// These properties.
    pub(in crate::commands) fn of(properties: &[(&str, &str)]) -> Self {
        let mut payload = Self::default();
        for (name, value) in properties {
            payload.property(name, value);
        }
        payload
    }

    /// Adds a property.
    pub(in crate::commands) fn property(&mut self, name: &str, value: &str) {
        let Self(text) = self;
        text.reserve(value.len());
        text.push_all(&["<Property Name=\"", name, "\">"]);
        text.push_escaped(value);
        text.push("</Property>");
    }

    /// Adds a property that has a value.
    pub(in crate::commands) fn property_of(&mut self, name: &str, value: Option<impl AsRef<str>>) {
        if let Some(value) = value {
            self.property(name, value.as_ref());
        }
    }

    /// Adds a container with these properties.
    pub(in crate::commands) fn container(&mut self, name: &str, Self(properties): &Self) {
        self.0.push_all(&["<Container Name=\"", name, "\">", properties, "</Container>"]);
    }

    /// The request with this payload.
    pub(super) fn request(
        &self,
        operation: &str,
        invoke_id: &str,
        session: Option<&str>,
    ) -> Zeroizing<String> {
        let Self(payload) = self;
        let mut text = Wiped::default();
        text.reserve(payload.len());
        text.push_all(&["<Request Operation=\"", operation, "\"><InvokeID>", invoke_id, "</InvokeID>"]);
        if let Some(session) = session {
            text.push_all(&["<SessionID>", session, "</SessionID>"]);
        }
        text.push_all(&["<OperationPayload>", payload, "</OperationPayload></Request>"]);
        text.into_text()
    }
}

/// A text as it stands in XML, in parts. A CR is a reference, since XML reads a plain one as a line feed.
pub(in crate::commands) fn escaped(text: &str) -> impl Iterator<Item = &str> {
    let parts = text.split_inclusive(|character| reference(character).is_some());
    parts.flat_map(|part| match part.chars().next_back().and_then(|last| Some((last, reference(last)?))) {
        Some((last, reference)) => {
            let plain = part.strip_suffix(last).unwrap_or_default();
            [plain, reference]
        }
        None => [part, ""],
    })
}

/// How many bytes a text has as it stands in XML.
pub(in crate::commands) fn escaped_bytes(text: &str) -> usize {
    escaped(text).map(str::len).sum()
}

/// What stands for a character that cannot stand for itself.
const fn reference(character: char) -> Option<&'static str> {
    match character {
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        '&' => Some("&amp;"),
        '"' => Some("&quot;"),
        '\'' => Some("&apos;"),
        '\r' => Some("&#13;"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::reply::Reply;
    use super::*;

    #[test]
    fn a_request_bears_the_session_and_its_properties_escaped() {
        let mut payload = Payload::of(&[("A", "x < y"), ("B", "")]);
        payload.property_of("C", None::<&str>);
        payload.container("Grant", &Payload::of(&[("Role", "R&D")]));
        assert_eq!(
            *payload.request("Do", "crmconf test", Some("5E49")),
            "<Request Operation=\"Do\"><InvokeID>crmconf test</InvokeID><SessionID>5E49</SessionID><OperationPayload>\
             <Property Name=\"A\">x &lt; y</Property><Property Name=\"B\"></Property><Container Name=\"Grant\">\
             <Property Name=\"Role\">R&amp;D</Property></Container></OperationPayload></Request>"
        );
        let first = Payload::default().request("CreateSession", "i", None);
        assert!(!first.contains("SessionID"), "{}", *first);
    }

    #[test]
    fn what_is_escaped_is_read_as_it_was_and_its_size_is_known() {
        for text in ["a\r\nb\rc \"<&>' \t\nü", "", "plain", "\r", "<<"] {
            let payload = Payload::of(&[("x", text)]).0;
            let body = format!("<Response Result='Success'><Success>{}</Success></Response>", &*payload);
            let Some(Reply::Success(content)) = Reply::read(&body) else { panic!("{body}") };
            assert_eq!(content.property("x"), Some(text));
            assert!(!payload.contains('\r'));
            assert_eq!(payload.len(), escaped_bytes(text) + "<Property Name=\"x\"></Property>".len());
        }
    }
}
