//! What is out of place in a request, and how it is told.

use super::*;

#[test]
#[expect(clippy::too_many_lines, reason = "a table of one rule a line, which reads best in one piece")]
fn what_is_out_of_place_is_noted_and_the_rest_still_read() {
    use FaultCategory::{Malformed, Twice, Unknown};
    let xsi = "xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'";
    let nil = &format!("<Limit {xsi} xsi:nil='true'>5</Limit>");
    let nil_element = &format!("<Limit {xsi} xsi:nil='true'><a/></Limit>");
    let bad_nil = &format!("<Limit {xsi} xsi:nil='yes'>5</Limit>");
    let payload = |inside: &str| format!("<OperationPayload>{inside}</OperationPayload>");
    let text_only = "where only text may stand; markup in a value is escaped or in CDATA";
    let cases: Vec<(String, FaultCategory, String)> = vec![
        ("<Foo/>".into(), Unknown, "unknown element `Foo` in `Request`".into()),
        ("<invokeid/>".into(), Unknown, "unknown element `invokeid` in `Request`".into()),
        ("<Property Name='a'/>".into(), Unknown, "unknown element `Property` in `Request`".into()),
        (
            payload("<InvokeID>2</InvokeID>"),
            Unknown,
            "unknown element `InvokeID` in `OperationPayload`".into(),
        ),
        (payload("<Container><Foo/></Container>"), Unknown, "unknown element `Foo` in `Container`".into()),
        ("<Limit a='1'>5</Limit>".into(), Unknown, "unknown attribute `a` of `Limit`".into()),
        (
            "<OperationPayload Name='x'/>".into(),
            Unknown,
            "unknown attribute `Name` of `OperationPayload`".into(),
        ),
        (payload("<Property Name='a' name='b'/>"), Unknown, "unknown attribute `name` of `Property`".into()),
        (
            payload("<Property Name='a' p:Name='b' xmlns:p='u'/>"),
            Unknown,
            "unknown attribute `p:Name` of `Property`".into(),
        ),
        (payload("<Container Nam='a'/>"), Unknown, "unknown attribute `Nam` of `Container`".into()),
        (
            "<InvokeID xmlns='urn:crmconf:api:1'>2</InvokeID>".into(),
            Unknown,
            "element `InvokeID` in `Request` is not in the namespace of its `Request`".into(),
        ),
        (
            payload("<p:Property xmlns:p='u' Name='a'/>"),
            Unknown,
            "element `p:Property` in `OperationPayload` is not in the namespace of its `Request`".into(),
        ),
        ("<InvokeID>2</InvokeID>".into(), Twice, "element `InvokeID` is given twice".into()),
        ("<SessionID>1</SessionID><SessionID/>".into(), Twice, "element `SessionID` is given twice".into()),
        ("<Offset>1</Offset><Offset>1</Offset>".into(), Twice, "element `Offset` is given twice".into()),
        ("<Limit/><Limit/>".into(), Twice, "element `Limit` is given twice".into()),
        (
            "<OperationPayload/><OperationPayload/>".into(),
            Twice,
            "element `OperationPayload` is given twice".into(),
        ),
        (
            payload("<Property Name='a'>1</Property><Property Name='&#97;'>1</Property>"),
            Twice,
            "property `a` is given twice in `OperationPayload`".into(),
        ),
        (
            payload("<Container><Property Name='a'/><Property Name='a'/></Container>"),
            Twice,
            "property `a` is given twice in `Container`".into(),
        ),
        ("x".into(), Malformed, "text in `Request`, where only elements may stand".into()),
        ("&#160;".into(), Malformed, "text in `Request`, where only elements may stand".into()),
        (
            payload("<![CDATA[x]]>"),
            Malformed,
            "text in `OperationPayload`, where only elements may stand".into(),
        ),
        (
            payload("<Container>x</Container>"),
            Malformed,
            "text in `Container`, where only elements may stand".into(),
        ),
        ("<Limit><b>5</b></Limit>".into(), Malformed, format!("an element in `Limit`, {text_only}")),
        (
            payload("<Property Name='a'><b/></Property>"),
            Malformed,
            format!("an element in `Property`, {text_only}"),
        ),
        (payload("<Property>x</Property>"), Malformed, "a `Property` has no `Name`".into()),
        (payload("<Property Name=''>x</Property>"), Malformed, "a `Property` has no `Name`".into()),
        (payload("<Container><Container/></Container>"), Malformed, "a `Container` in a `Container`".into()),
        (nil.into(), Malformed, "`Limit` is nil but not empty".into()),
        (nil_element.into(), Malformed, "`Limit` is nil but not empty".into()),
        (bad_nil.into(), Malformed, "`xsi:nil` of `Limit` is neither true nor false".into()),
    ];
    for (inside, category, message) in cases {
        let request = request(&format!("<InvokeID>1</InvokeID>\n{inside}"));
        let faults: Vec<_> =
            request.faults.iter().map(|fault| (fault.category(), fault.rule.to_string())).collect();
        assert_eq!(faults, [(category, message)], "{inside}");
        assert!(request.faults[0].to_string().starts_with("line 2, column "), "{}", request.faults[0]);
        assert_eq!(request.invoke_id.as_deref(), Some("1"), "{inside}");
    }
}

#[test]
fn faults_of_the_request_itself_are_noted() {
    let request = read(
        "<Request Operation='O' operation='P' xmlns:x='http://www.w3.org/2001/XMLSchema-instance' x:nil='true'/>",
    );
    let faults: Vec<_> = request.faults.iter().map(ToString::to_string).collect();
    assert_eq!(
        faults,
        [
            "line 1, column 24: unknown attribute `operation` of `Request`",
            "line 1, column 1: `Request` cannot be nil"
        ]
    );
    assert_eq!(request.operation.as_deref(), Some("O"));
}

#[test]
fn faults_stand_in_the_order_of_the_document() {
    let request = request("x<Limit/><Limit/><Foo/><Bar/>");
    let categories: Vec<_> = request.faults.iter().map(StructureFault::category).collect();
    use FaultCategory::{Malformed, Twice, Unknown};
    assert_eq!(categories, [Malformed, Twice, Unknown, Unknown]);
}

#[test]
fn many_faults_are_kept_in_bounds_and_hide_no_other_category() {
    let request = request(&format!("{}<Foo/><Limit/><Limit/>", "x<InvokeID/>".repeat(1_000)));
    assert_eq!(request.faults.len(), 8 + 8 + 1);
    let of = |category| request.faults.iter().filter(|fault| fault.category() == category).count();
    assert_eq!(of(FaultCategory::Unknown), 1);
}
