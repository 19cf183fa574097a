//! What fuzzing asks of everything that a request's body passes through before it meets the store: whatever it is, it is
//! read or refused, what was read is what was written, and every answer can be read.

mod answers;
mod exercise;
mod written;

use std::sync::LazyLock;

use crmconf_events::access::{Grant, Grants, Role};
use crmconf_events::event::decode;
use crmconf_events::fuzzing::{broken, shown};
use crmconf_events::{Scope, Sequence, Timestamp, xml_can_carry};
use crmconf_projections::list::{Page, Search};
use crmconf_projections::{Projector, ReadModel};

use super::answer::{Form, fail};
use super::api::understood;
use super::error::ApiError;
use super::fields::Fields;
use super::intake::url_parameters;
use super::operation::Operation;
use super::operations::{directory, list as listing};
use super::xml::{Namespace, ParsedRequest, Property, Response, SecretText, SoapVersion};

/// The store that `list` asks: its events, one a line.
const STORY: &str = include_str!("fuzzing/story.jsonl");

/// A body of raw XML.
pub(crate) fn request(data: &[u8]) {
    body(data, Form::BARE);
}

/// A body in a SOAP envelope, or what is put into one.
pub(crate) fn envelope(data: &[u8]) {
    for version in SoapVersion::ALL {
        let form = Form { envelope: Some(version), ..Form::BARE };
        body(data, form);
        if data.starts_with(b"<Request") {
            let namespace = version.namespace();
            let start = format!("<e:Envelope xmlns:e=\"{namespace}\"><e:Body>");
            body(&[start.as_bytes(), data, b"</e:Body></e:Envelope>"].concat(), form);
        }
    }
}

/// What comes in by one of the doors: refused by an answer that can be read, or read.
fn body(data: &[u8], unread: Form) {
    let (parsed, form) = match understood(data, unread) {
        Ok(understood) => understood,
        Err(why) => {
            let refused = why.answer();
            assert!(
                !refused.status().is_success(),
                "what cannot be read is answered with {}",
                refused.status()
            );
            answers::check(&answers::bytes(refused), unread.envelope.is_some());
            return;
        }
    };
    assert_eq!(form.envelope.is_some(), unread.envelope.is_some(), "it is answered in another form");
    let again = understood(written::document(&parsed, form).as_bytes(), form);
    let whole = ParsedRequest { faults: Vec::new(), ..parsed.clone() };
    match again {
        Ok((again, again_in)) => {
            assert_eq!((again, again_in), (whole, form), "another request is read back");
        }
        Err(_) => broken("a request cannot be read back"),
    }
    let invoke_id = parsed.echoed_invoke_id();
    if let Err(error) = exercise::request(&parsed) {
        told(&error, invoke_id, form);
    }
    let success = Response::success(invoke_id.unwrap_or_default(), form.namespace);
    answers::check(&success.into_bytes(form.envelope), form.envelope.is_some());
}

/// Checks what a client is told.
fn told(error: &ApiError, invoke_id: Option<&str>, form: Form) {
    shown(&error.message);
    answers::check(&answers::bytes(fail(error, invoke_id, form)), form.envelope.is_some());
}

static VIEW: LazyLock<ReadModel> = LazyLock::new(|| {
    let mut projector = Projector::default();
    for (sequence, line) in (0..).map(|place| Sequence::FIRST.plus(place)).zip(STORY.lines()) {
        let event = decode(sequence, Timestamp::default(), line.as_bytes());
        assert!(event.is_ok(), "the story's event {sequence} is none: {event:?}");
        let applied = event.map(|event| projector.apply(&event));
        assert!(matches!(applied, Ok(Ok(()))), "the story's event {sequence} does not follow: {applied:?}");
    }
    projector.view().clone()
});

/// What the lists are asked: the first line is the URL's query, each other one a property, as `Sort=Version:DESC`. What XML
/// cannot carry is in no property.
pub(crate) fn list(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut lines = text.split('\n');
    let query = url_parameters(lines.next().unwrap_or_default());
    if let Err(error) = &query {
        told(error, None, Form::BARE);
    }
    let query = query.unwrap_or_default();
    let mut asked = ParsedRequest::default();
    for (name, value) in lines.filter(|line| xml_can_carry(line)).filter_map(|line| line.split_once('=')) {
        match name {
            "@Offset" => asked.offset = Some(value.to_owned()),
            "@Limit" => asked.limit = Some(value.to_owned()),
            _ if asked.properties.iter().any(|property| property.name == name) => {}
            _ => {
                let value = SecretText::new(value.to_owned());
                asked.properties.push(Property { name: name.to_owned(), value });
            }
        }
    }
    let grants: Grants = [Grant { role: Role::Viewer, scope: Scope::EveryTelSys }].into_iter().collect();
    for error in [configurations(&asked, &query, &grants), entries(&asked, &query)].into_iter().flatten() {
        told(&error, None, Form { namespace: Namespace::Api, envelope: Some(SoapVersion::V12) });
    }
}

/// `CRMConfigurationList`, and what it is refused with.
fn configurations(asked: &ParsedRequest, query: &[(String, String)], grants: &Grants) -> Option<ApiError> {
    let (spec, rows) = exercise::spec(Operation::ConfigurationList);
    let fields = match Fields::new(asked, query, spec, rows) {
        Ok(fields) => fields,
        Err(error) => return Some(error),
    };
    let read = match listing::read(&fields) {
        Ok(read) => read,
        Err(error) => return Some(error),
    };
    let query = read.query?;
    let Page { total, rows } = VIEW.list(&query, grants);
    assert!(rows.len() <= query.limit, "there are more rows than asked for");
    assert_eq!(rows.len(), total.saturating_sub(query.offset).min(query.limit), "a page is not full");
    let searched = fields.exact("SearchQuery");
    for row in &rows {
        let texts = [row.description.as_str(), row.crm_type.as_str()];
        let found = |text: &str| texts.iter().any(|of| Search::new(text).is_in(of));
        assert!(searched.is_none_or(found), "a row does not hold what was searched for");
        assert!(
            query.crm_type.as_ref().is_none_or(|asked| *asked == row.crm_type),
            "a row is of another type"
        );
    }
    if let Some(text) = searched {
        assert!(Search::new(text).is_in(text), "a text is not found in itself");
    }
    None
}

/// `DirectoryList`, and what it is refused with.
fn entries(asked: &ParsedRequest, query: &[(String, String)]) -> Option<ApiError> {
    let (spec, rows) = exercise::spec(Operation::DirectoryList);
    let fields = match Fields::new(asked, query, spec, rows) {
        Ok(fields) => fields,
        Err(error) => return Some(error),
    };
    let query = match directory::list::read(&fields) {
        Ok(query) => query,
        Err(error) => return Some(error),
    };
    let page = VIEW.directory.list(&query);
    let due = page.total.saturating_sub(query.offset).min(query.limit);
    assert_eq!(page.rows.len(), due, "a page is not full");
    None
}
