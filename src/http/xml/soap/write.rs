//! Writes envelopes and faults.

use super::super::XML_NAMESPACE;
use super::super::escape::{Place, push_escaped};
use super::super::writer::push_attribute;
use super::{FaultCode, HeaderName, SoapRule, SoapVersion};
use crate::buffer::Buffer;

/// Writes an envelope whose body is what `body` writes.
pub(in crate::http::xml) fn push_envelope(
    out: &mut Buffer,
    version: SoapVersion,
    body: impl FnOnce(&mut Buffer),
) {
    begin(out, version);
    out.push(b"<soap:Body>");
    body(out);
    out.push(b"</soap:Body></soap:Envelope>");
}

/// A fault's whole envelope. `detail` writes what stands in its detail.
#[must_use]
pub(in crate::http) fn fault(
    version: SoapVersion,
    code: &FaultCode,
    message: &str,
    detail: Option<&dyn Fn(&mut Buffer)>,
) -> Vec<u8> {
    let mut out = Buffer::plain(1_024);
    begin(&mut out, version);
    push_fault_header(&mut out, version, code);
    out.push(b"<soap:Body><soap:Fault>");
    let ([text_start, text_end], name) = match version {
        SoapVersion::V11 => (["<faultstring>", "</faultstring>"], "detail"),
        SoapVersion::V12 => {
            (["<soap:Reason><soap:Text xml:lang=\"en\">", "</soap:Text></soap:Reason>"], "soap:Detail")
        }
    };
    let [code_start, code_end] = match version {
        SoapVersion::V11 => ["<faultcode>soap:", "</faultcode>"],
        SoapVersion::V12 => ["<soap:Code><soap:Value>soap:", "</soap:Value></soap:Code>"],
    };
    for text in [code_start, word(version, code), code_end, text_start] {
        out.push(text.as_bytes());
    }
    push_escaped(&mut out, message, Place::Text);
    out.push(text_end.as_bytes());
    if let Some(detail) = detail {
        for text in ["<", name, ">"] {
            out.push(text.as_bytes());
        }
        detail(&mut out);
        for text in ["</", name, ">"] {
            out.push(text.as_bytes());
        }
    }
    out.push(b"</soap:Fault></soap:Body></soap:Envelope>");
    out.to_vec()
}

fn begin(out: &mut Buffer, version: SoapVersion) {
    out.push(b"<soap:Envelope");
    push_attribute(out, "xmlns:soap", version.namespace());
    out.push(b">");
}

/// What SOAP 1.2 has in a fault's header: which blocks were not understood (5.4.8), and which versions are (5.4.7).
fn push_fault_header(out: &mut Buffer, version: SoapVersion, code: &FaultCode) {
    if version != SoapVersion::V12 {
        return;
    }
    match code {
        FaultCode::Sender | FaultCode::Receiver => {}
        FaultCode::Rule(SoapRule::MustUnderstand(blocks)) => {
            out.push(b"<soap:Header>");
            for HeaderName { namespace, local } in blocks {
                out.push(b"<soap:NotUnderstood");
                // To the namespace of XML no other prefix may be bound (Namespaces in XML, section 3).
                if namespace == XML_NAMESPACE {
                    push_attribute(out, "qname", &format!("xml:{local}"));
                } else {
                    push_attribute(out, "xmlns:b", namespace);
                    push_attribute(out, "qname", &format!("b:{local}"));
                }
                out.push(b"/>");
            }
            out.push(b"</soap:Header>");
        }
        FaultCode::Rule(SoapRule::VersionMismatch) => {
            out.push(b"<soap:Header><soap:Upgrade>");
            for known in SoapVersion::ALL.into_iter().rev() {
                out.push(b"<soap:SupportedEnvelope qname=\"e:Envelope\"");
                push_attribute(out, "xmlns:e", known.namespace());
                out.push(b"/>");
            }
            out.push(b"</soap:Upgrade></soap:Header>");
        }
    }
}

const fn word(version: SoapVersion, code: &FaultCode) -> &'static str {
    match (code, version) {
        (FaultCode::Sender, SoapVersion::V11) => "Client",
        (FaultCode::Receiver, SoapVersion::V11) => "Server",
        (FaultCode::Sender, SoapVersion::V12) => "Sender",
        (FaultCode::Receiver, SoapVersion::V12) => "Receiver",
        (FaultCode::Rule(SoapRule::MustUnderstand(_)), _) => "MustUnderstand",
        (FaultCode::Rule(SoapRule::VersionMismatch), _) => "VersionMismatch",
    }
}
