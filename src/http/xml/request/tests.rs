//! Requests read, faults noted, bodies refused.

mod faults;

use proptest::prelude::*;

use super::super::{API_NAMESPACE, PROPERTIES_MAX, XmlFault};
use super::*;

const SEED: [(&str, &str); 6] = [
    ("add", include_str!("../../../../tests/fixtures/seed/add.xml")),
    ("change", include_str!("../../../../tests/fixtures/seed/change.xml")),
    ("delete", include_str!("../../../../tests/fixtures/seed/delete.xml")),
    ("info", include_str!("../../../../tests/fixtures/seed/info.xml")),
    ("list-device", include_str!("../../../../tests/fixtures/seed/list-device.xml")),
    ("list-every", include_str!("../../../../tests/fixtures/seed/list-every.xml")),
];

fn read(document: &str) -> ParsedRequest {
    ParsedRequest::from_body(document.as_bytes()).unwrap_or_else(|error| panic!("{error}: {document}"))
}

/// A request whose root holds that.
fn request(inside: &str) -> ParsedRequest {
    read(&format!("<Request Operation='O'>{inside}</Request>"))
}

fn refused(document: &str) -> RequestError {
    match ParsedRequest::from_body(document.as_bytes()) {
        Ok(request) => panic!("accepted {document:?} as {request:?}"),
        Err(error) => error,
    }
}

/// The request in lines, for comparison with what a person would write down.
fn outline(request: &ParsedRequest) -> Vec<String> {
    let mut lines = Vec::new();
    let heads = [
        ("Operation", request.operation.as_deref()),
        ("InvokeID", request.invoke_id.as_deref()),
        ("SessionID", request.session_id.as_ref().map(SessionIdText::as_str)),
        ("Offset", request.offset.as_deref()),
        ("Limit", request.limit.as_deref()),
    ];
    lines.extend(heads.iter().filter_map(|(name, value)| value.map(|value| format!("{name}: {value}"))));
    let line = |property: &Property| format!("{} = {}", property.name, property.value.as_str());
    lines.extend(request.properties.iter().map(line));
    for container in &request.containers {
        lines.push(format!("[{}]", container.name.as_deref().unwrap_or_default()));
        lines.extend(container.properties.iter().map(line));
    }
    lines
}

#[test]
fn every_example_request_of_the_api_is_read_without_fault() {
    const SESSION: &str = "SessionID: 5E4924352BA7E2038339957559C2DA75";
    const ID: &str = "CRMConfigurationID = 8b421354e7ea58f6:1007bf0b:197cf8dc588:-776e";
    const DEVICE: [&str; 3] = ["TelSysID = 1", "PartIDInTelSys = 1", "DeviceNumber = 01234567101"];
    const PARTS: [&str; 4] = [
        "[CRMConfiguration]",
        r#"JSONData = {"ClientId":"0987654321","SObjectNames":["Account","Contact","Lead"]}"#,
        "[CRMConfigurationCommon]",
        r#"JSONData = {"Cached":"true","CacheFrequency":60,"CacheFrequencyUnit":"Minutes"}"#,
    ];
    const TEXT: &str = "Description = CRM Configuration Description";
    let sugar = "CRMType = CrmAddin.SugarCrm.SugarCrmAddin";
    let expected = [
        [&["Operation: CRMConfigurationAdd", "InvokeID: 11", SESSION][..], &DEVICE, &[TEXT, sugar], &PARTS]
            .concat(),
        [&["Operation: CRMConfigurationChange", "InvokeID: 11", SESSION, ID][..], &DEVICE, &[TEXT], &PARTS]
            .concat(),
        [&["Operation: CRMConfigurationDelete", "InvokeID: 12", SESSION][..], &DEVICE, &[ID]].concat(),
        [&["Operation: CRMConfigurationInfo", "InvokeID: 13", SESSION][..], &DEVICE, &[ID]].concat(),
        [
            &["Operation: CRMConfigurationList", "InvokeID: 14", SESSION][..],
            &DEVICE,
            &["CRMConfigurationFields = CRMConfigurationID,Description,CRMType", "Sort = Description:ASC"],
        ]
        .concat(),
        vec![
            "Operation: CRMConfigurationList",
            "InvokeID: 15",
            SESSION,
            "Offset: 0",
            "Limit: 10",
            "TelSysID = -1",
            "PartIDInTelSys = -1",
            "DeviceNumber = UnknownNoneOrAll",
            "CrmType = CrmAddin.SugarCrm.SugarCrmAddin",
            "SearchQuery = demo",
        ],
    ];
    for ((name, document), expected) in SEED.iter().zip(expected) {
        let request = read(document);
        assert_eq!(outline(&request), expected, "{name}");
        assert_eq!(request.faults, vec![], "{name}");
        assert_eq!(request.namespace, Namespace::Bare, "{name}");
    }
}

#[test]
fn a_request_may_stand_in_the_apis_namespace_by_default_or_by_prefix() {
    for document in [
        "<Request xmlns='urn:crmconf:api:1'><InvokeID>1</InvokeID></Request>",
        "<c:Request xmlns:c='urn:crmconf:api:1'><c:InvokeID>1</c:InvokeID></c:Request>",
        "<c:Request xmlns:c='urn:crmconf:api:1'><InvokeID xmlns='urn:crmconf:api:1'>1</InvokeID></c:Request>",
    ] {
        let request = read(document);
        assert_eq!(request.namespace, Namespace::Api, "{document}");
        assert_eq!(request.invoke_id.as_deref(), Some("1"), "{document}");
        assert_eq!(request.faults, vec![], "{document}");
    }
    assert_eq!(Namespace::of(Some(API_NAMESPACE)), Some(Namespace::Api));
}

#[test]
fn text_is_joined_and_kept_or_trimmed_as_each_element_asks() {
    let request = request(
        "<InvokeID> a<!-- c -->&#98;<![CDATA[<c>]]>\r\n</InvokeID><SessionID>\n S\t</SessionID><Limit> 5 </Limit>\
         <OperationPayload><Property Name='a b'> 1<!-- x --><![CDATA[ & ]]>&#13; </Property></OperationPayload>\
         <Offset>\n</Offset>",
    );
    assert_eq!(
        outline(&request),
        ["Operation: O", "InvokeID:  ab<c>\n", "SessionID: S", "Limit: 5", "a b =  1 & \r "]
    );
    assert_eq!(request.faults, vec![]);
}

#[test]
fn blank_ids_and_nil_elements_count_as_absent() {
    let xsi = "xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'";
    let request = request(&format!(
        "<InvokeID> \n</InvokeID><SessionID {xsi} xsi:nil='true'/><SessionID>S</SessionID><Offset></Offset>\
         <OperationPayload {xsi} xsi:type='x'><Property Name='a' xsi:nil=' 1 '> </Property>\
         <Property Name='a' xsi:nil='false' xml:space='preserve'></Property>\
         <Container Name='c' xsi:nil='true'/></OperationPayload>"
    ));
    assert_eq!(outline(&request), ["Operation: O", "SessionID: S", "a = "]);
    assert_eq!(request.faults, vec![]);
}

#[test]
fn nothing_is_taken_from_inside_an_element_that_is_skipped() {
    let request = request(
        "<Foo><InvokeID>1</InvokeID></Foo><OperationPayload><Container><Container><Property Name='a'/></Container>\
         </Container></OperationPayload><OperationPayload><Property Name='b'/></OperationPayload>",
    );
    assert_eq!(outline(&request), ["Operation: O", "[]"]);
}

#[test]
fn containers_of_one_name_may_repeat_for_the_caller_to_judge() {
    let request = request(
        "<OperationPayload><Container Name='Grant'><Property Name='Role'>Viewer</Property></Container>\
         <Container Name='Grant'><Property Name='Role'>Client</Property></Container></OperationPayload>",
    );
    assert_eq!(outline(&request), ["Operation: O", "[Grant]", "Role = Viewer", "[Grant]", "Role = Client"]);
    assert_eq!(request.faults, vec![]);
}

#[test]
fn another_root_is_no_request_once_the_document_is_known_to_be_well_formed() {
    for (document, name, namespace) in [
        ("<Response/>", "`Response`", Some(Namespace::Bare)),
        ("<request/>", "`request`", Some(Namespace::Bare)),
        ("<Reqest xmlns='urn:crmconf:api:1'/>", "`Reqest`", Some(Namespace::Api)),
        ("<p:Request xmlns:p='urn:other'><InvokeID>1</InvokeID></p:Request>", "`p:Request`", None),
    ] {
        let error = refused(document);
        assert!(
            matches!(&error.reason, RequestErrorReason::NotARequest(shown) if shown.to_string() == name),
            "{error}"
        );
        assert_eq!((error.invoke_id, error.namespace), (None, namespace), "{document}");
    }
    let error = refused("<Response></Request>");
    assert!(matches!(error.reason, RequestErrorReason::Xml(_)), "{error}");
}

#[test]
fn a_broken_document_still_echoes_what_was_read_before_the_break() {
    let long = "é".repeat(256);
    let cases = [
        ("<Request><InvokeID>1</InvokeID><b></Request>", Some("1")),
        ("<Request><InvokeID>1</InvokeID></Request><b/>", Some("1")),
        ("<Request><InvokeID>1</InvokeID>&nbsp;", Some("1")),
        ("<Request><InvokeID>1</InvokeID>\u{1}</Request>", Some("1")),
        ("<Request><InvokeID>1</InvokeID><InvokeID>2</InvokeID>", Some("1")),
        ("<Request><InvokeID>1</InvokeI", None),
        ("<Request><b></c><InvokeID>1</InvokeID></Request>", None),
        ("<Request><InvokeID> </InvokeID>", None),
        (&format!("<Request><InvokeID>{long}</InvokeID>"), Some(long.as_str())),
        (&format!("<Request><InvokeID>{long}x</InvokeID>"), None),
    ];
    for (document, echoed) in cases {
        let error = refused(document);
        assert!(matches!(error.reason, RequestErrorReason::Xml(_)), "{document}: {error}");
        assert_eq!(error.invoke_id.as_deref(), echoed, "{document}");
        assert_eq!(error.namespace, Some(Namespace::Bare), "{document}");
    }
    let mut not_utf_8 = b"<Request xmlns='urn:crmconf:api:1'><InvokeID>1</InvokeID>".to_vec();
    not_utf_8.extend_from_slice(b"<SessionID>\xff</SessionID></Request>");
    let error = ParsedRequest::from_body(&not_utf_8).unwrap_err();
    assert_eq!((error.invoke_id.as_deref(), error.namespace), (Some("1"), Some(Namespace::Api)));
}

#[test]
fn an_invoke_id_over_its_limit_is_kept_but_not_echoed() {
    let request = request(&format!("<InvokeID>{}</InvokeID>", "x".repeat(257)));
    assert_eq!(request.invoke_id.as_ref().map(String::len), Some(257));
    assert_eq!(request.echoed_invoke_id(), None);
}

#[test]
fn properties_are_limited_over_all_containers() {
    let document = |count: usize| {
        let half: String = (0..count / 2).map(|i| format!("<Property Name='{i}'/>")).collect();
        let rest: String = (count / 2..count).map(|i| format!("<Property Name='{i}'/>")).collect();
        format!("<Request><OperationPayload>{half}<Container>{rest}</Container></OperationPayload></Request>")
    };
    assert_eq!(read(&document(PROPERTIES_MAX)).faults, vec![]);
    let error = refused(&document(PROPERTIES_MAX + 1));
    assert!(
        matches!(&error.reason, RequestErrorReason::Xml(xml) if xml.fault == XmlFault::TooManyProperties),
        "{error}"
    );
}

#[test]
fn an_example_truncated_at_any_byte_is_an_error() {
    for (name, document) in SEED {
        let whole = document.trim_end();
        for end in 0..whole.len() {
            let cut = ParsedRequest::from_body(&whole.as_bytes()[..end]);
            assert!(
                matches!(cut, Err(RequestError { reason: RequestErrorReason::Xml(_), .. })),
                "{name} at {end}"
            );
        }
    }
}

#[test]
fn debug_output_shows_neither_passwords_nor_the_session_id() {
    let request = request(
        "<InvokeID>7</InvokeID><SessionID>5E4924352BA7E203</SessionID><OperationPayload>\
         <Property Name='Password'>hunter2</Property><Container Name='CRMConfiguration'>\
         <Property Name='JSONData'>{\"Password\":\"hunter2\"}</Property></Container></OperationPayload>",
    );
    let copies =
        (request.clone(), request.session_id.clone(), request.properties.clone(), request.containers.clone());
    for shown in [format!("{copies:?}"), format!("{copies:#?}")] {
        assert!(!shown.contains("hunter2") && !shown.contains("5E49"), "{shown}");
        assert!(
            shown.contains("Password") && shown.contains("<7 bytes>") && shown.contains("<16 bytes>"),
            "{shown}"
        );
    }
}

#[test]
fn the_echo_and_the_error_of_a_hostile_body_stay_small() {
    let error = refused(&format!("<Request><{}></b>", "a".repeat(100_000)));
    assert!(format!("{error} {error:?}").len() < 1_000);
    let request = request(&format!("<{}/>", "a".repeat(100_000)));
    assert!(request.faults[0].to_string().len() < 200);
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        drop(ParsedRequest::from_body(&bytes));
    }

    /// An example with a few bytes changed: near enough to a request to reach every part of the reader.
    #[test]
    fn no_damage_to_an_example_makes_it_panic(
        which in 0..SEED.len(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut body = SEED[which].1.as_bytes().to_vec();
        for (at, byte) in damage {
            let at = at.index(body.len());
            body[at] = byte;
        }
        if let Ok(request) = ParsedRequest::from_body(&body) {
            prop_assert!(request.faults.len() <= 24);
        }
    }
}
