//! What the reader accepts and what it refuses, rule by rule.

use proptest::prelude::*;

use super::super::{ATTRIBUTES_MAX, NAMESPACES_MAX};
use super::*;

/// Everything the reader tells, in one line: `<{namespace}local attribute=[value]>`, text joined, `</>`.
fn told(document: &[u8]) -> Result<String, XmlError> {
    let mut xml = XmlReader::new(document)?;
    let mut told = String::new();
    while let Some(event) = xml.next_event()? {
        match event {
            XmlEvent::Start(element) => {
                told.push('<');
                push_name(&mut told, element.namespace.as_deref(), element.local);
                for attribute in &element.attributes {
                    told.push(' ');
                    push_name(&mut told, attribute.namespace.as_deref(), attribute.local);
                    told.push_str(&format!("=[{}]", attribute.value));
                }
                told.push('>');
            }
            XmlEvent::Text(text) => told.push_str(&text),
            XmlEvent::End => told.push_str("</>"),
        }
    }
    Ok(told)
}

fn push_name(told: &mut String, namespace: Option<&str>, local: &str) {
    if let Some(namespace) = namespace {
        told.push_str(&format!("{{{namespace}}}"));
    }
    told.push_str(local);
}

fn fault_of(document: impl AsRef<[u8]>) -> XmlFault {
    match told(document.as_ref()) {
        Ok(told) => panic!("accepted {:?} as {told:?}", String::from_utf8_lossy(document.as_ref())),
        Err(error) => error.fault,
    }
}

#[test]
fn well_formed_documents_are_told_as_xml_1_0_and_namespaces_define_them() {
    for (document, expected) in [
        ("<a/>", "<a></>"),
        ("<a></a >", "<a></>"),
        ("<a\n\t/>", "<a></>"),
        ("\u{feff}<a/>", "<a></>"),
        ("<?xml version='1.0'?><a/>", "<a></>"),
        ("<?xml version=\"1.0\" encoding=\"utf-8\" standalone='yes' ?>\r\n<a/>", "<a></>"),
        ("<?xml version='1.0' standalone='no'?><a/>", "<a></>"),
        ("\u{feff}<?xml version='1.0' encoding='UTF-8'?><a/>", "<a></>"),
        (" <!-- before --> <a/> <!-- after -->\n", "<a></>"),
        ("<a>x<!-- c - d -->y</a>", "<a>xy</>"),
        ("<a>1<![CDATA[<b>&amp;]] >]]>2<![CDATA[]]></a>", "<a>1<b>&amp;]] >2</>"),
        ("<a><![CDATA[]]]]><![CDATA[>]]></a>", "<a>]]></>"),
        ("<a>&lt;&gt;&amp;&quot;&apos;&#65;&#x1F600;]]&gt;</a>", "<a><>&\"'A\u{1f600}]]></>"),
        ("<a>1\r\n2\r3\n4\n\r5\r\r\n6</a>", "<a>1\n2\n3\n4\n\n5\n\n6</>"),
        ("<a><![CDATA[1\r\n2\r3]]></a>", "<a>1\n2\n3</>"),
        ("<a>1&#13;\n2&#xD;&#10;3\r&#10;4</a>", "<a>1\r\n2\r\n3\n\n4</>"),
        ("<a>\u{85}\u{2028}</a>", "<a>\u{85}\u{2028}</>"),
        ("<a b='1\t2\n3\r\n4&#9;5' c=\"&lt;'>\" d = ''/>", "<a b=[1 2 3 4\t5] c=[<'>] d=[]></>"),
        ("<é-1.2_x/>", "<é-1.2_x></>"),
        ("<a xmlns='u'><b c='1'/></a>", "<{u}a><{u}b c=[1]></></>"),
        ("<p:a xmlns:p='u' p:c='1' c='2'/>", "<{u}a {u}c=[1] c=[2]></>"),
        ("<a p:c='1' xmlns:p='u'/>", "<a {u}c=[1]></>"),
        ("<a xmlns='u'><b xmlns=''/><c xmlns='v'/><d/></a>", "<{u}a><b></><{v}c></><{u}d></></>"),
        ("<a xmlns:p='u'><p:b xmlns:p='v'/><p:c/></a>", "<a><{v}b></><{u}c></></>"),
        ("<a xmlns='u&#58;&amp;1'/>", "<{u:&1}a></>"),
        ("<a xml:lang='en'/>", "<a {http://www.w3.org/XML/1998/namespace}lang=[en]></>"),
        ("<a xmlns:xml='http://www.w3.org/XML/1998/namespace'/>", "<a></>"),
    ] {
        assert_eq!(told(document.as_bytes()).as_deref(), Ok(expected), "{document:?}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of one rule a line, which reads best in one piece")]
fn what_is_not_well_formed_is_refused_with_the_rule_it_breaks() {
    use XmlFault as F;
    let attribute = "malformed start tag";
    let cases: &[(&str, F)] = &[
        // The document as a whole.
        ("", F::NoRoot),
        (" <!-- c --> ", F::NoRoot),
        ("<?xml version='1.0'?>", F::NoRoot),
        ("<a/><b/>", F::SecondRoot),
        ("<a></a><a></a>", F::SecondRoot),
        ("x<a/>", F::TextOutsideRoot),
        ("<a/>x", F::TextOutsideRoot),
        ("<a/>&#32;", F::TextOutsideRoot),
        ("&lt;<a/>", F::TextOutsideRoot),
        ("<a/><![CDATA[]]>", F::TextOutsideRoot),
        ("\u{a0}<a/>", F::TextOutsideRoot),
        ("\u{feff}\u{feff}<a/>", F::TextOutsideRoot),
        ("<a/>\u{feff}", F::TextOutsideRoot),
        ("<a>", F::Truncated),
        ("<a><b></b>", F::Truncated),
        ("<a", F::Truncated),
        ("<a b='", F::Truncated),
        ("<a>x<!-- ", F::Truncated),
        ("<a><![CDATA[x]]", F::Truncated),
        ("<a></b>", F::MismatchedEnd),
        ("<a><b></a></b>", F::MismatchedEnd),
        ("<a></A>", F::MismatchedEnd),
        ("</a>", F::MismatchedEnd),
        ("<a/></a>", F::MismatchedEnd),
        ("<a></ a>", F::MismatchedEnd),
        ("<a></a b='1'>", F::MismatchedEnd),
        ("<p:a xmlns:p='u' xmlns:q='u'></q:a>", F::MismatchedEnd),
        // Names.
        ("<1a/>", F::BadName),
        ("<-a/>", F::BadName),
        ("< a/>", F::BadName),
        ("<>", F::BadName),
        ("<a><></></a>", F::BadName),
        ("<a/b/>", F::BadName),
        ("<a:b:c xmlns:a='u'/>", F::BadName),
        ("<:a/>", F::BadName),
        ("<a:/>", F::BadName),
        ("<a\u{d7}/>", F::BadName),
        ("<a 1='x'/>", F::BadName),
        ("<a <b='x'/>", F::BadName),
        ("<a =''/>", F::BadName),
        // Text.
        ("<a>]]></a>", F::CdataEndInText),
        ("<a>&</a>", F::BareAmpersand),
        ("<a>&amp</a>", F::BareAmpersand),
        ("<a>a && b;</a>", F::BareAmpersand),
        ("<a>&nbsp;</a>", F::UnknownEntity),
        ("<a>&;</a>", F::UnknownEntity),
        ("<a>& amp;</a>", F::UnknownEntity),
        ("<a>&#0;</a>", F::BadCharacterReference),
        ("<a>&#xFFFE;</a>", F::BadCharacterReference),
        ("<a>&#xD800;</a>", F::BadCharacterReference),
        ("<a>&#;</a>", F::BadCharacterReference),
        ("<a>&#X41;</a>", F::BadCharacterReference),
        ("<a>\u{0}</a>", F::BadCharacter),
        ("<a>\u{b}</a>", F::BadCharacter),
        ("<a>\u{ffff}</a>", F::BadCharacter),
        ("<a b='\u{1}'/>", F::BadCharacter),
        ("<a><!-- \u{1} --></a>", F::BadCharacter),
        ("<a><![CDATA[\u{1f}]]></a>", F::BadCharacter),
        ("<a/>\u{0}", F::BadCharacter),
        ("<a><!-- a -- b --></a>", F::BadComment),
        ("<a><!-- a ---></a>", F::BadComment),
        ("<a><!b></a>", F::BadMarkup),
        ("<a><![cdata[x]]></a>", F::Truncated),
        // Attributes.
        ("<a b='1' b='2'/>", F::DuplicateAttribute),
        ("<a xmlns='u' xmlns='v'/>", F::DuplicateAttribute),
        ("<a xmlns:p='u' xmlns:q='u' p:b='1' q:b='2'/>", F::DuplicateAttribute),
        ("<a b='<'/>", F::LessThanInAttribute),
        ("<a b='&'/>", F::BareAmpersand),
        ("<a b='&&lt;'/>", F::BareAmpersand),
        ("<a b='&nbsp;'/>", F::UnknownEntity),
        ("<a b='&#1;'/>", F::BadCharacterReference),
        // Namespaces.
        ("<p:a/>", F::UndeclaredPrefix),
        ("<a p:b='1'/>", F::UndeclaredPrefix),
        ("<a><b xmlns:p='u'/><p:c/></a>", F::UndeclaredPrefix),
        ("<xmlns:a/>", F::UndeclaredPrefix),
        // What is well-formed and still not accepted.
        ("<!DOCTYPE a><a/>", F::Doctype),
        ("<!doctype a><a/>", F::Doctype),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", F::Doctype),
        ("<!DOCTYPE a [", F::Doctype),
        ("<?pi?><a/>", F::ProcessingInstruction),
        ("<a><?pi x?></a>", F::ProcessingInstruction),
        ("<a/><?xml-stylesheet href='x'?>", F::ProcessingInstruction),
        ("<?XML version='1.0'?><a/>", F::ProcessingInstruction),
        ("<?xml version='1.0' encoding='ISO-8859-1'?><a/>", F::OtherEncoding),
        ("<?xml version='1.0' encoding='UTF-16'?><a/>", F::OtherEncoding),
        ("<?xml version='1.0' encoding=''?><a/>", F::OtherEncoding),
    ];
    for (document, expected) in cases {
        assert_eq!(fault_of(document), *expected, "{document:?}");
    }
    for document in
        ["<a b/>", "<a b=1/>", "<a b=/>", "<a b='1'c='2'/>", "<a / >", "<a b='1' /c/>", "<a b c='1'/>"]
    {
        let fault = fault_of(document);
        assert!(fault.to_string().starts_with(attribute), "{document:?}: {fault}");
    }
}

#[test]
fn a_malformed_declaration_is_refused() {
    for inside in [
        "",
        " version='1.1'",
        " version='2.0'",
        " version=1.0",
        " version",
        " encoding='UTF-8'",
        " encoding='UTF-8' version='1.0'",
        " version='1.0' standalone='yes' encoding='UTF-8'",
        " version='1.0' standalone='maybe'",
        " version='1.0' version='1.0'",
        " version='1.0' other='x'",
        " version='1.0'encoding='UTF-8'",
        " Version='1.0'",
    ] {
        let fault = fault_of(format!("<?xml{inside}?><a/>"));
        assert!(matches!(fault, XmlFault::BadDeclaration(_)), "{inside:?}: {fault}");
    }
    for document in
        [" <?xml version='1.0'?><a/>", "<!-- c --><?xml version='1.0'?><a/>", "<a><?xml version='1.0'?></a>"]
    {
        let fault = fault_of(document);
        assert!(matches!(fault, XmlFault::BadDeclaration(_)), "{document:?}: {fault}");
    }
}

#[test]
fn forbidden_namespace_declarations_are_refused() {
    for declaration in [
        "xmlns:xmlns='u'",
        "xmlns:xml='u'",
        "xmlns:p=''",
        "xmlns:p='http://www.w3.org/XML/1998/namespace'",
        "xmlns:p='http://www.w3.org/2000/xmlns/'",
        "xmlns='http://www.w3.org/XML/1998/namespace'",
        "xmlns='http://www.w3.org/2000/xmlns/'",
    ] {
        let fault = fault_of(format!("<a {declaration}/>"));
        assert!(matches!(fault, XmlFault::BadNamespace(_)), "{declaration}: {fault}");
    }
}

#[test]
fn bytes_that_are_not_utf_8_are_refused() {
    let utf_16_be: Vec<u8> = "<a/>".encode_utf16().flat_map(u16::to_be_bytes).collect();
    let utf_16_le: Vec<u8> = "<a/>".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let utf_32_be: Vec<u8> = "<a/>".chars().flat_map(|c| u32::from(c).to_be_bytes()).collect();
    for (body, expected) in [
        ([b"\xfe\xff", utf_16_be.as_slice()].concat(), XmlFault::OtherEncoding),
        ([b"\xff\xfe", utf_16_le.as_slice()].concat(), XmlFault::OtherEncoding),
        ([b"\0\0\xfe\xff", utf_32_be.as_slice()].concat(), XmlFault::OtherEncoding),
        (utf_16_be, XmlFault::OtherEncoding),
        (utf_16_le, XmlFault::OtherEncoding),
        (utf_32_be, XmlFault::OtherEncoding),
        (b"<a>\xe9</a>".to_vec(), XmlFault::NotUtf8),
        (b"<a>\xc0\xbc</a>".to_vec(), XmlFault::NotUtf8),
        (b"<a>\xed\xa0\x80</a>".to_vec(), XmlFault::NotUtf8),
        (b"<a b='\xff'/>".to_vec(), XmlFault::NotUtf8),
        (b"<a/>\xc3".to_vec(), XmlFault::NotUtf8),
        (b"<?xml version='1.0' encoding='latin1'?><a>\xe9</a>".to_vec(), XmlFault::OtherEncoding),
    ] {
        assert_eq!(fault_of(&body), expected, "{body:x?}");
    }
}

#[test]
fn each_limit_holds_at_its_value_and_is_refused_one_past_it() {
    let nested = |depth: usize| format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
    let children = |count: usize| format!("<a>{}</a>", "<b/>".repeat(count));
    let attributes = |count: usize| {
        let list: String = (0..count).map(|i| format!(" a{i}=''")).collect();
        format!("<a{list}/>")
    };
    let namespaces = |count: usize| {
        let list =
            |range: std::ops::Range<usize>| -> String { range.map(|i| format!(" xmlns:p{i}='u'")).collect() };
        let (first, second, third) = (list(0..60), list(60..120), list(120..count));
        format!("<a{first}><a{second}><a{third}/><a{third}/></a></a>")
    };
    let pair = |max: usize, document: fn(usize) -> String| (document(max), document(max + 1));
    for ((at, past), fault) in [
        (pair(ELEMENT_DEPTH_MAX, nested), XmlFault::TooDeep),
        (pair(ELEMENTS_MAX - 1, children), XmlFault::TooManyElements),
        (pair(ATTRIBUTES_MAX, attributes), XmlFault::TooManyAttributes),
        (pair(NAMESPACES_MAX, namespaces), XmlFault::TooManyNamespaces),
    ] {
        assert!(told(at.as_bytes()).is_ok(), "{fault}");
        assert_eq!(fault_of(past), fault);
    }
}

#[test]
fn errors_name_line_and_column_and_never_content() {
    for (document, expected) in [
        ("<a>\n  <b></c>\n</a>", "line 2, column 6: an end tag does not match its start tag"),
        (
            "<a>\r\nü&hunter2;</a>",
            "line 2, column 2: an unknown entity; only lt, gt, amp, quot and apos are known",
        ),
        ("<a>\r\rhunter2 ]]></a>", "line 3, column 9: `]]>` in text; it is written `]]&gt;`"),
        ("<a b='x'\n c='hunter2' b=''/>", "line 2, column 14: an attribute is given twice"),
        ("<a></hunter2>", "line 1, column 4: an end tag does not match its start tag"),
        ("\u{feff}<a>hunter2\u{7}", "line 1, column 11: a character that XML 1.0 cannot carry"),
        ("<a b='hunter2 <'/>", "line 1, column 15: `<` in the value of an attribute; it is written `&lt;`"),
        ("<a><hunter2 hunter2='1' hunter2='2'/></a>", "line 1, column 25: an attribute is given twice"),
        ("<a><hunter2:b/></a>", "line 1, column 5: a prefix is not declared"),
        ("<a>\nhunter2", "line 2, column 8: the document ends before it is complete"),
    ] {
        let error = told(document.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), expected, "{document:?}");
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    }
}

#[test]
fn an_error_stays_when_reading_goes_on() {
    let mut xml = XmlReader::new(b"<a>&nbsp;</a>").unwrap();
    assert!(matches!(xml.next_event(), Ok(Some(XmlEvent::Start(_)))));
    let first = xml.next_event().err();
    assert!(first.is_some());
    assert_eq!(xml.next_event().err(), first);
}

#[test]
fn a_document_truncated_at_any_byte_is_an_error() {
    let document = "\u{feff}<?xml version='1.0' encoding='UTF-8'?><!-- ä --><p:a xmlns:p='u' b=\"ü&amp;\">\
                    x&#65;<![CDATA[<é>]]><!-- c --><b c='1'/>\r\n\u{1f600}</p:a>";
    assert!(told(document.as_bytes()).is_ok());
    for end in 0..document.len() {
        assert!(told(&document.as_bytes()[..end]).is_err(), "accepted {end} bytes");
    }
}

/// Pieces of markup that, strung together, come near to what the reader has to decide about.
fn markup() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "<",
        ">",
        "</",
        "/>",
        "<a",
        "<a>",
        "</a>",
        "a",
        "b='1'",
        " ",
        "\n",
        "\r",
        "=",
        "'",
        "\"",
        "&",
        ";",
        "&amp;",
        "&#",
        "x",
        "<!--",
        "-->",
        "--",
        "<![CDATA[",
        "]]>",
        "<?",
        "?>",
        "<?xml version='1.0'?>",
        "<!DOCTYPE",
        "[",
        ":",
        "xmlns",
        "xmlns:p='u'",
        "p:",
        "\u{feff}",
        "\u{0}",
        "é",
        "\u{1f600}",
        "<!",
        "</a",
        "<p:a xmlns:p='u'>",
        "</p:a>",
    ]);
    prop::collection::vec(pieces, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        drop(told(&bytes));
    }

    #[test]
    fn no_markup_makes_it_panic_and_errors_lie_within_the_document(text in markup()) {
        if let Err(error) = told(text.as_bytes()) {
            let lines = text.split(['\r', '\n']).count();
            prop_assert!(error.position.line <= lines, "{error}");
            prop_assert!(error.position.column <= text.chars().count() + 1, "{error}");
        }
    }
}
