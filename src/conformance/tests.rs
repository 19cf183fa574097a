//! The contract's parts by themselves: what is equal, what differs, and what a corpus may say.

use zeroize::Zeroizing;

use super::compare::{self, Difference, Unequal};
use super::corpus::{Corpus, CorpusError, Files};
use super::kind::Kind;
use super::template::{Template, Values, Verdict};
use super::tree::{Element, NoDocument};
use super::*;
use crate::http::xml::SoapVersion;

fn held(expected: &str, came: &str) -> Result<(), Difference> {
    let mut values = Values::default();
    let [expected, came] =
        [expected, came].map(|text| Element::read(text).unwrap_or_else(|_| panic!("{text}")));
    compare::element(&expected, &came, &mut values).map_err(|unequal| match unequal {
        Unequal::Differs(difference) => difference,
        Unequal::Corpus(why) => panic!("{why}"),
    })
}

fn place(expected: &str, came: &str) -> String {
    held(expected, came).unwrap_err().place
}

#[test]
fn layout_prefixes_and_spelling_do_not_count() {
    let came =
        "\u{feff}<?xml version=\"1.0\"?><x:R xmlns:x='u' b='2' a='1'><x:P>a&#60;b</x:P><x:E></x:E></x:R>";
    held("<R><Container Name='a'/></R>", "<R>\n  <Container Name='a'>\n  </Container>\n</R>").unwrap();
    held("<R xmlns='u' a='1' b='2'>\n<P><!-- c --><![CDATA[a<b]]></P>\n<E/>\n</R>", came).unwrap();
}

#[test]
fn everything_else_counts() {
    for (expected, came, at) in [
        ("<R/>", "<S/>", "R"),
        ("<R/>", "<R xmlns='u'/>", "R"),
        ("<R a='1'/>", "<R/>", "R"),
        ("<R/>", "<R a='1'/>", "R"),
        ("<R a='1'/>", "<R a='2'/>", "R/@a"),
        ("<R><P>a</P></R>", "<R><P>a </P></R>", "R/P"),
        ("<R><Property> </Property></R>", "<R><Property></Property></R>", "R/Property"),
        ("<R><P/></R>", "<R/>", "R/P"),
        ("<R/>", "<R><P/></R>", "R/P"),
        ("<R><P/><Q/></R>", "<R><Q/><P/></R>", "R/P"),
        ("<R><P/></R>", "<R>x<P/></R>", "R"),
        ("<R><P Name='a'>1</P><P Name='b'>1</P></R>", "<R><P Name='a'>1</P><P Name='b'>2</P></R>", "R/P[b]"),
        ("<R><P>1</P><P>1</P></R>", "<R><P>1</P><P>2</P></R>", "R/P[2]"),
    ] {
        assert_eq!(place(expected, came), at, "{expected} {came}");
    }
}

#[test]
fn names_with_a_prefix_are_told_by_their_namespace() {
    let fault = |prefix: &str, code: &str| {
        format!("<F xmlns:{prefix}='u' xmlns:other='v'><faultcode>{code}</faultcode></F>")
    };
    held(&fault("a", "a:Client"), &fault("b", "b:Client")).unwrap();
    assert_eq!(place(&fault("a", "a:Client"), &fault("b", "other:Client")), "F/faultcode");
    assert_eq!(place(&fault("a", "a:Client"), &fault("b", "Client")), "F/faultcode");
    let block = |prefix: &str| format!("<N xmlns:{prefix}='u' qname='{prefix}:B'/>");
    held(&block("a"), &block("b")).unwrap();
    assert!(Element::read("<F><faultcode>a:Client</faultcode></F>").is_err());
}

#[test]
fn what_is_no_document_is_told_by_its_line_and_not_quoted() {
    for (text, why) in [
        ("", NoDocument(1)),
        ("<R>", NoDocument(1)),
        ("<R>\n</S>", NoDocument(2)),
        ("<R/><R/>", NoDocument(1)),
        ("text", NoDocument(1)),
        ("<R>\n&nbsp;</R>", NoDocument(2)),
        ("<!DOCTYPE R>\n<R/>", NoDocument(1)),
        ("<a:R/>", NoDocument(1)),
        ("<R a='1' a='2'/>", NoDocument(1)),
        ("<R>\n\u{1}</R>", NoDocument(2)),
        ("<R>&#1;</R>", NoDocument(1)),
        ("<R>]]></R>", NoDocument(1)),
        ("<R><!-- -- --></R>", NoDocument(1)),
        ("<R a='1'b='2'/>", NoDocument(1)),
        (" <?xml version='1.0'?><R/>", NoDocument(1)),
        ("<?xml version='1.0' encoding='ISO-8859-1'?><R/>", NoDocument(1)),
        ("\u{feff}\u{feff}<R/>", NoDocument(1)),
    ] {
        assert_eq!(Element::read(text).err(), Some(why), "{text}");
    }
    assert!(Element::read(&("<R>".repeat(1000) + &"</R>".repeat(1000))).is_err());
}

#[test]
fn an_envelope_is_one_header_at_most_and_one_body() {
    let soap = SoapVersion::V11.namespace();
    let undressed = |inside: &str| {
        let text = format!("<e:Envelope xmlns:e='{soap}'>{inside}</e:Envelope>");
        let came = Element::read(&text).unwrap_or_else(|_| panic!("{text}"));
        Way::Soap11.undressed(came).map(|document| document.name.local)
    };
    for right in [
        "<e:Body><R/></e:Body>",
        "\n<e:Header/>\n<e:Body>\n<R/>\n</e:Body>",
        "<e:Header><h xmlns='u'/></e:Header><e:Body><R/></e:Body>",
    ] {
        assert_eq!(undressed(right).as_deref(), Ok("R"), "{right}");
    }
    for wrong in [
        "",
        "<e:Body/>",
        "<e:Body><R/><R/></e:Body>",
        "<e:Body>x<R/></e:Body>",
        "<e:Body a='1'><R/></e:Body>",
        "x<e:Body><R/></e:Body>",
        "<e:Body><R/></e:Body><e:Header/>",
        "<e:Header/><e:Header/><e:Body><R/></e:Body>",
        "<e:Header><h xmlns='u' e:mustUnderstand='1'/></e:Header><e:Body><R/></e:Body>",
        "<Body><R/></Body>",
    ] {
        assert!(undressed(wrong).is_err(), "{wrong}");
    }
    assert!(Way::Soap12.undressed(Element::read("<R/>").unwrap_or_else(|_| panic!())).is_err());
}

#[test]
fn placeholders_are_filled_in_and_texts_are_escaped_in_a_body_alone() {
    let mut values = Values::default();
    values.insert("a.b-c", "<&", false);
    let template = Template::read("x{{a.b-c}}{{repeat:3:<y/>}}").unwrap();
    assert_eq!(*values.body(&template).unwrap(), "x&lt;&amp;<y/><y/><y/>");
    assert_eq!(*values.text(&template).unwrap(), "x<&<y/><y/><y/>");
    let unknown = values.text(&Template::read("{{b}}").unwrap()).unwrap_err();
    assert_eq!(unknown, "b has no value here");
    assert!(values.text(&Template::read("{{=text}}").unwrap()).is_err());
    for wrong in [
        "{{",
        "{{a",
        "{{}}",
        "{{=}}",
        "{{=nothing}}",
        "{{a b}}",
        "{{repeat:x:y}}",
        "{{repeat:9999999:y}}",
        "{{seal:a}}",
    ] {
        assert!(Template::read(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn kinds_hold_what_they_say() {
    let key = data_encoding::BASE64.encode(&[7; 64]);
    for (kind, right, wrong) in [
        (
            "session",
            "5E4924352BA7E2038339957559C2DA75",
            &["5e4924352ba7e2038339957559c2da75", "5E49", ""][..],
        ),
        ("nonce", "5e4924352ba7e2038339957559c2da75", &["5E4924352BA7E2038339957559C2DA75", ""]),
        ("key", key.as_str(), &["AAAA", ""]),
        ("configuration", "8b421354e7ea58f6:1007bf0b:197cf8dc588:-776e", &["8b421354e7ea58f6", ""]),
        ("account", "J8rJXhmXdrvXdU8Gv4Zg0w", &["J8rJXhmXdrvXdU8Gv4Zg0=", ""]),
        ("masterkey", "498136b7272a2c3f", &["498136B7272A2C3F", ""]),
        ("version", "1", &["0", "01", "-1", "+1", "", "x"]),
        ("count", "0", &["00", "-1", "", "x"]),
        ("message", "No.", &["", " "]),
        ("after:v", "8", &["7", "6", "", "08"]),
        ("beyond:v", "70", &["7", "69", ""]),
        ("message:odd", "So odd.", &["Even.", ""]),
    ] {
        let kind = Kind::named(kind).unwrap();
        assert!(kind.holds(right, Some("7")), "{kind:?} {right}");
        let is_free = matches!(kind, Kind::Text | Kind::MessageWith(_));
        assert!(is_free || kind.holds(kind.sample(), Some("7")), "{kind:?}'s sample");
        for wrong in wrong {
            assert!(!kind.holds(wrong, Some("7")), "{kind:?} {wrong}");
        }
    }
    assert!(Kind::Text.holds("", None) && !Kind::After("v".to_owned()).holds("8", None));
}

#[test]
fn values_get_names_and_sealed_ones_are_opened() {
    let mut values = Values::default();
    let judge =
        |values: &Values, template: &str, came: &str| values.judge(&Template::read(template).unwrap(), came);
    assert_eq!(judge(&values, "{{v=version}}", "7"), Ok(Verdict::Named("v".to_owned(), Kind::Version)));
    values.insert("v", "7", false);
    assert_eq!(judge(&values, "{{v}}", "7"), Ok(Verdict::Equal));
    assert_eq!(judge(&values, "\"{{v}}-plain\"", "\"7-plain\""), Ok(Verdict::Equal));
    assert_eq!(
        judge(&values, "{{after:v}}", "7"),
        Ok(Verdict::Differs("a version greater than that of v".to_owned()))
    );
    assert_eq!(judge(&values, "{{v}}", "8"), Ok(Verdict::Differs("\"7\"".to_owned())));
    assert!(judge(&values, "{{after:w}}", "8").is_err());
    values.insert("k", &data_encoding::BASE64.encode(&[7; 64]), true);
    let sealed = values.text(&Template::read("{{seal:k:Field:a: b}}").unwrap()).unwrap();
    assert_eq!(judge(&values, "{{opens:k:Field:a: b}}", &sealed), Ok(Verdict::Equal));
    for (template, came) in [
        ("{{opens:k:Other:a: b}}", sealed.as_str()),
        ("{{opens:k:Field:a}}", &sealed),
        ("{{opens:k:Field:a}}", "a"),
    ] {
        assert!(matches!(judge(&values, template, came), Ok(Verdict::Differs(_))), "{template}");
    }
}

#[test]
fn a_secret_is_not_shown_where_it_should_not_have_come() {
    let mut values = Values::default();
    values.insert("s", "cAnArY", true);
    let [expected, came] = ["<R><P>x</P></R>", "<R><P>cAnArY</P></R>"]
        .map(|text| Element::read(text).unwrap_or_else(|_| panic!()));
    let unequal = compare::element(&expected, &came, &mut values).unwrap_err();
    assert!(!format!("{unequal:?}").contains("cAnArY"));
    assert!(format!("{unequal:?}").contains("R/P"));
    let template = Template::read("{{s}}").unwrap();
    assert!(!format!("{:?}", values.judge(&template, "x")).contains("cAnArY"));
}

/// A server that answers each request with the same.
struct Same(u16, &'static str);

impl Server for Same {
    type Error = ();

    fn exchange(&self, _: &Request) -> Result<Response, ()> {
        let headers = vec![("content-type".to_owned(), "text/xml; charset=UTF-8".to_owned())];
        Ok(Response { status: self.0, headers, body: Zeroizing::new(self.1.to_owned()) })
    }
}

fn outcomes(server: &Same, case: &str, response: &str) -> Vec<String> {
    let files = [
        ("10-a/chapter.json", format!("{{\"title\":\"A\",\"section\":\"a\",\"cases\":[{case}]}}")),
        ("10-a/c.request.xml", "<Request/>".to_owned()),
        ("10-a/c.response.xml", response.to_owned()),
    ];
    let files: Files = files.map(|(path, text)| (path.to_owned(), text)).into();
    let corpus = Corpus::of(&files).unwrap_or_else(|error| panic!("{error}"));
    let mut told = Vec::new();
    let mut run = Run::new(server, Way::Xml, "mark", 1, &[]);
    let ran =
        run.chapter(&corpus.chapters[0], |case, outcome| told.push(format!("{} {outcome:?}", case.name)));
    assert!(ran.is_ok());
    told
}

#[test]
fn status_headers_and_body_are_held_against_the_case() {
    let case = |more: &str| format!("{{\"name\":\"c\",\"rule\":\"r\"{more}}}");
    let server = Same(200, "<Response><P>mark</P></Response>");
    assert_eq!(outcomes(&server, &case(""), "<Response><P>{{run}}</P></Response>"), ["c Passed"]);
    for (more, response, told) in [
        (",\"status\":400", "<Response><P>mark</P></Response>", "HTTP status"),
        (",\"headers\":{\"Allow\":\"POST\"}", "<Response><P>mark</P></Response>", "header Allow"),
        ("", "<Response><P>other</P></Response>", "Response/P"),
        ("", "<Response><P>{{unknown}}</P></Response>", "CorpusWrong"),
        ("", "<Response>", "CorpusWrong"),
    ] {
        let outcome = outcomes(&server, &case(more), response).concat();
        assert!(outcome.contains(told), "{told}: {outcome}");
    }
    let no_xml = outcomes(&Same(200, "cAnArY"), &case(""), "<Response/>").concat();
    assert!(no_xml.contains("no well-formed XML") && !no_xml.contains("cAnArY"), "{no_xml}");
}

#[test]
fn a_corpus_of_another_form_is_refused() {
    let refused = |files: &[(&str, &str)]| {
        let files: Files =
            files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        Corpus::of(&files).err().as_ref().map(CorpusError::to_string).unwrap_or_default()
    };
    let chapter = r#"{"title":"A","section":"a","cases":[{"name":"c","rule":"r"}]}"#;
    let response = ("10-a/c.response.xml", "<R/>");
    assert_eq!(refused(&[("10-a/chapter.json", chapter), ("10-a/c.request.xml", "<R/>"), response]), "");
    for (files, told) in [
        (vec![], "no chapter is there"),
        (vec![("10-a/chapter.json", "{}")], "missing field `title`"),
        (vec![("10-a/chapter.json", chapter)], "c.response.xml: it is missing"),
        (vec![("10-a/chapter.json", chapter), response], "c.request.xml: it is missing"),
        (
            vec![
                ("10-a/chapter.json", chapter),
                ("10-a/c.request.xml", "<R/>"),
                response,
                ("10-a/d.request.xml", "<R/>"),
            ],
            "10-a/d.request.xml: it belongs to no case",
        ),
    ] {
        let why = refused(&files);
        assert!(why.contains(told), "{told}: {why}");
    }
}
