//! What is a request in an envelope, what is none, and how envelopes and faults are written.

use super::super::{Namespace, RequestErrorReason};
use super::*;

const REQUEST: &str = r#"<Request Operation="Logout"><InvokeID>7</InvokeID></Request>"#;

/// An envelope of a version with this header and body.
fn envelope(version: SoapVersion, header: &str, body: &str) -> String {
    let namespace = version.namespace();
    format!("<e:Envelope xmlns:e=\"{namespace}\">{header}<e:Body>{body}</e:Body></e:Envelope>")
}

fn read(text: &str) -> Result<Enveloped, EnvelopeError> {
    Enveloped::from_body(text.as_bytes(), SoapVersion::V11)
}

/// How an envelope is not as SOAP has it, in words.
fn malformed(text: &str) -> String {
    match read(text).unwrap_err().reason {
        EnvelopeErrorReason::Malformed(why) => why.to_string(),
        other @ (EnvelopeErrorReason::Request(_) | EnvelopeErrorReason::Soap(_)) => {
            panic!("{text}: {other:?}")
        }
    }
}

fn not_understood(text: &str) -> Vec<(String, String)> {
    let reason = read(text).unwrap_err().reason;
    let EnvelopeErrorReason::Soap(SoapRule::MustUnderstand(blocks)) = reason else {
        panic!("{text}: {reason:?}")
    };
    blocks.into_iter().map(|HeaderName { namespace, local }| (namespace, local)).collect()
}

#[test]
fn a_request_is_found_in_either_version_and_namespace() {
    for version in SoapVersion::ALL {
        for (request, namespace) in [
            (REQUEST.to_owned(), Namespace::Bare),
            (REQUEST.replacen("<Request", "<Request xmlns=\"urn:crmconf:api:1\"", 1), Namespace::Api),
        ] {
            let text = envelope(version, "", &request);
            let found = read(&text).unwrap();
            assert_eq!((found.version, found.request.namespace), (version, namespace));
            assert_eq!(found.request.operation.as_deref(), Some("Logout"));
            assert_eq!(found.request.invoke_id.as_deref(), Some("7"));
            assert_eq!(found.request.faults, []);
        }
    }
}

#[test]
fn white_space_comments_attributes_and_a_prefix_of_the_clients_own_are_no_matter() {
    let text = format!(
        "<?xml version=\"1.0\"?>\n<!-- a --><Envelope xmlns=\"{}\" encodingStyle=\"x\">\n <Header/> <!-- b -->\n \
         <Body id=\"b\">\n {} \n</Body>\n</Envelope>\n",
        SoapVersion::V12.namespace(),
        REQUEST.replacen("<Request", "<Request xmlns=\"\"", 1),
    );
    assert_eq!(read(&text).unwrap().version, SoapVersion::V12);
}

#[test]
fn what_is_no_envelope_of_one_request_is_told_where() {
    let v11 = |body: &str| envelope(SoapVersion::V11, "", body);
    let namespace = SoapVersion::V11.namespace();
    let of = |children: &str| format!("<e:Envelope xmlns:e=\"{namespace}\">{children}</e:Envelope>");
    for (text, words) in [
        (REQUEST.to_owned(), "the root element `Request` is not an `Envelope`"),
        (format!("<Body xmlns=\"{namespace}\"/>"), "`Body`"),
        (of(""), "has no `Body`"),
        (of("<e:Header/>"), "has no `Body`"),
        (of("<e:Header/><e:Header/><e:Body/>"), "the element `e:Header` may not stand there"),
        (of(&format!("<e:Body>{REQUEST}</e:Body><e:Header/>")), "`e:Header` may not stand there"),
        (of(&format!("<Body>{REQUEST}</Body>")), "the element `Body` may not stand there"),
        (of("x<e:Body/>"), "text in the `Envelope`"),
        (v11(""), "the `Body` is empty"),
        (v11("x"), "text in the `Body`"),
        (v11(&format!("{REQUEST}x")), "text in the `Body`"),
        (v11(&REQUEST.repeat(2)), "the element `Request` stands in the `Body` beside"),
        (envelope(SoapVersion::V11, "<e:Header>x</e:Header>", REQUEST), "text in the `Header`"),
        (envelope(SoapVersion::V11, "<e:Header><x/></e:Header>", REQUEST), "`x` is in no namespace"),
        (
            envelope(
                SoapVersion::V11,
                "<e:Header><x xmlns=\"u\" e:mustUnderstand=\"yes\"/></e:Header>",
                REQUEST,
            ),
            "`mustUnderstand` of the header block `x` is neither",
        ),
    ] {
        let told = malformed(&text);
        assert!(told.contains(words), "{text}: {told}");
    }
}

#[test]
fn the_namespace_to_answer_in_is_told_wherever_a_request_was_begun() {
    let named = REQUEST.replacen("<Request", "<Request xmlns=\"urn:crmconf:api:1\"", 1);
    let cut = named.replacen("</Request>", "<b></Request>", 1);
    for (body, namespace) in [
        (named.repeat(2), Some(Namespace::Api)),
        (REQUEST.repeat(2), Some(Namespace::Bare)),
        (format!("{named}x"), Some(Namespace::Api)),
        (cut, Some(Namespace::Api)),
        ("<Reqest xmlns=\"urn:crmconf:api:1\"/>".to_owned(), Some(Namespace::Api)),
        ("<Reqest/>".to_owned(), Some(Namespace::Bare)),
        ("<Request xmlns=\"urn:other\"/>".to_owned(), None),
        (String::new(), None),
        ("x".to_owned(), None),
    ] {
        for version in SoapVersion::ALL {
            assert_eq!(read(&envelope(version, "", &body)).unwrap_err().namespace, namespace, "{body}");
        }
    }
    assert_eq!(read("<a").unwrap_err().namespace, None);
}

#[test]
fn an_envelope_of_another_version_is_told_from_what_is_none() {
    let text = "<Envelope xmlns=\"http://www.w3.org/2001/12/soap-envelope\"><Body/></Envelope>";
    let error = Enveloped::from_body(text.as_bytes(), SoapVersion::V12).unwrap_err();
    assert_eq!(error.version, SoapVersion::V12, "in the version that is expected");
    assert!(matches!(error.reason, EnvelopeErrorReason::Soap(SoapRule::VersionMismatch)));
}

#[test]
fn a_header_block_that_must_be_understood_is_refused_where_it_is_for_the_receiver() {
    let next = "http://schemas.xmlsoap.org/soap/actor/next";
    let next_12 = "http://www.w3.org/2003/05/soap-envelope/role/next";
    let ultimate = "http://www.w3.org/2003/05/soap-envelope/role/ultimateReceiver";
    let none = "http://www.w3.org/2003/05/soap-envelope/role/none";
    for (version, attributes, refused) in [
        (SoapVersion::V11, "e:mustUnderstand=\"1\"".to_owned(), true),
        (SoapVersion::V11, "e:mustUnderstand=\" 1 \"".to_owned(), true),
        (SoapVersion::V11, "e:mustUnderstand=\"0\"".to_owned(), false),
        // Not SOAP's own attribute.
        (SoapVersion::V11, "mustUnderstand=\"1\"".to_owned(), false),
        (SoapVersion::V11, format!("e:mustUnderstand=\"1\" e:actor=\"{next}\""), true),
        (SoapVersion::V11, "e:mustUnderstand=\"1\" e:actor=\"urn:somebody\"".to_owned(), false),
        (SoapVersion::V12, "e:mustUnderstand=\"true\"".to_owned(), true),
        (SoapVersion::V12, "e:mustUnderstand=\"false\"".to_owned(), false),
        (SoapVersion::V12, format!("e:mustUnderstand=\"1\" e:role=\"{next_12}\""), true),
        (SoapVersion::V12, format!("e:mustUnderstand=\"1\" e:role=\"{ultimate}\""), true),
        (SoapVersion::V12, format!("e:mustUnderstand=\"1\" e:role=\"{none}\""), false),
        (SoapVersion::V12, format!("e:mustUnderstand=\"1\" e:role=\"{next}\""), false),
    ] {
        let header = format!("<e:Header><x:a xmlns:x=\"urn:x\" {attributes}><b/></x:a></e:Header>");
        let text = envelope(version, &header, REQUEST);
        if refused {
            assert_eq!(not_understood(&text), [("urn:x".to_owned(), "a".to_owned())], "{attributes}");
        } else {
            assert!(read(&text).is_ok(), "{version:?} {attributes}");
        }
    }
}

#[test]
fn what_must_be_understood_comes_before_the_body_and_behind_what_is_no_document() {
    let header = "<e:Header><a xmlns=\"urn:x\" e:mustUnderstand=\"1\"/></e:Header>";
    for body in [REQUEST, "", "<Other/>", "x", "<Request/><Request/>"] {
        assert_eq!(not_understood(&envelope(SoapVersion::V12, header, body)).len(), 1, "{body}");
    }
    for body in ["<Request>", "&unknown;", "<Request/><!-- -- -->"] {
        let error = read(&envelope(SoapVersion::V12, header, body)).unwrap_err();
        let EnvelopeErrorReason::Request(error) = error.reason else { panic!("{body}") };
        assert!(matches!(error.reason, RequestErrorReason::Xml(_)), "{body}");
    }
}

#[test]
fn what_breaks_behind_the_request_is_told_with_its_invoke_id() {
    for behind in ["</e:Body></e:Envelope><x/>", "</e:Body>", "</e:Envelope>", "&"] {
        let text =
            format!("<e:Envelope xmlns:e=\"{}\"><e:Body>{REQUEST}{behind}", SoapVersion::V11.namespace());
        let error = read(&text).unwrap_err();
        let EnvelopeErrorReason::Request(error) = error.reason else { panic!("{behind}") };
        assert_eq!(error.invoke_id.as_deref(), Some("7"), "{behind}");
    }
}

#[test]
fn faults_have_the_words_of_their_version() {
    let sender = String::from_utf8(fault(SoapVersion::V11, &FaultCode::Sender, "a < b", None)).unwrap();
    assert_eq!(
        sender,
        "<soap:Envelope xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\"><soap:Body><soap:Fault>\
         <faultcode>soap:Client</faultcode><faultstring>a &lt; b</faultstring></soap:Fault></soap:Body></soap:Envelope>"
    );
    let detail = |out: &mut crate::buffer::Buffer| out.push(b"<x/>");
    let receiver = fault(SoapVersion::V12, &FaultCode::Receiver, "b", Some(&detail));
    assert_eq!(
        String::from_utf8(receiver).unwrap(),
        "<soap:Envelope xmlns:soap=\"http://www.w3.org/2003/05/soap-envelope\"><soap:Body><soap:Fault><soap:Code>\
         <soap:Value>soap:Receiver</soap:Value></soap:Code><soap:Reason><soap:Text xml:lang=\"en\">b</soap:Text>\
         </soap:Reason><soap:Detail><x/></soap:Detail></soap:Fault></soap:Body></soap:Envelope>"
    );
}

#[test]
fn soap_12_tells_which_blocks_and_which_versions() {
    let blocks = vec![HeaderName { namespace: "urn:\"x\"".to_owned(), local: "a".to_owned() }];
    let told = fault(SoapVersion::V12, &FaultCode::Rule(SoapRule::MustUnderstand(blocks.clone())), "m", None);
    let told = String::from_utf8(told).unwrap();
    assert!(told.contains("<soap:NotUnderstood xmlns:b=\"urn:&quot;x&quot;\" qname=\"b:a\"/>"), "{told}");
    let of_xml =
        vec![HeaderName { namespace: super::super::XML_NAMESPACE.to_owned(), local: "a".to_owned() }];
    let told = fault(SoapVersion::V12, &FaultCode::Rule(SoapRule::MustUnderstand(of_xml)), "m", None);
    let told = String::from_utf8(told).unwrap();
    assert!(
        told.contains("<soap:NotUnderstood qname=\"xml:a\"/>"),
        "no other prefix may be bound to it: {told}"
    );
    let told =
        String::from_utf8(fault(SoapVersion::V12, &FaultCode::Rule(SoapRule::VersionMismatch), "m", None))
            .unwrap();
    for version in SoapVersion::ALL {
        let known =
            format!("<soap:SupportedEnvelope qname=\"e:Envelope\" xmlns:e=\"{}\"/>", version.namespace());
        assert!(told.contains(&known), "{told}");
    }
    let told = fault(SoapVersion::V11, &FaultCode::Rule(SoapRule::MustUnderstand(blocks)), "m", None);
    assert!(!String::from_utf8(told).unwrap().contains("Header"), "1.1 has no such blocks");
}
