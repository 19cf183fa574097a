//! `CRMTypeInfo`.

use crmconf_events::CrmType;
use crmconf_events::json::{Json, Object};
use crmconf_events::template::Part;

use super::{Input, parts};
use crate::http::answer::Answer;
use crate::http::app::App;
use crate::http::caller::Caller;
use crate::http::error::ApiError;
use crate::http::fields::{Spec, require};
use crate::http::xml::Payload;
use crate::templates::{Template, effective};

pub(in crate::http) const SPEC: Spec =
    Spec { properties: &["CRMType", "ReturnJSON"], containers: &[], list: false, url_ids: false };

/// What a field's own properties tell already.
const TOLD: [&str; 3] = ["type", "title", "description"];
/// The format of password fields, told by `Password`.
const PASSWORD_FORMAT: &str = crmconf_events::template::PASSWORD_FORMAT;

/// Answers `CRMTypeInfo`: for every account that is signed in.
///
/// # Errors
/// The first check that fails.
pub fn answer(app: &App, _caller: &Caller, input: &Input<'_>) -> Result<Answer, ApiError> {
    let fields = input.fields(&SPEC)?;
    let as_json = fields.flag("ReturnJSON")?;
    let crm_type = require(fields.identifier("CRMType", CrmType::new)?, "CRMType")?;
    let template = parts::template(app, &crm_type)?;
    let mut payload = Payload::new();
    payload.property("CRMType", template.crm_type().as_str());
    payload.property("Title", template.title());
    payload.property("Version", template.version());
    for part in Part::ALL {
        payload.container(Some(part.name()), |container| {
            if as_json {
                container.property("JSONData", &template.schema(part).to_text());
            }
            for name in template.key_order(part) {
                container.container(None, |field| render(field, &template, part, name));
            }
        });
    }
    Ok(Answer::with(payload))
}

/// A field of a part: its name, what it is, and its rules.
fn render(field: &mut Payload, template: &Template, part: Part, name: &str) {
    let root = template.schema(part);
    let schema = root.get("properties").and_then(|properties| properties.get(name));
    let said = schema.map(|schema| effective(root, schema)).unwrap_or_default();
    let password = part == Part::Configuration && template.password_fields().contains(name);
    let text = |keyword: &str| said.get(keyword).and_then(Json::as_str).unwrap_or_default();
    field.property("Name", name);
    field.property("Type", &types(&said));
    field.property("Password", flag(password));
    field.property("Required", flag(is_required(root, name)));
    field.property("Title", text("title"));
    field.property("Description", text("description"));
    field.container(Some("Rules"), |rules| {
        for (keyword, value) in &said {
            let told = TOLD.contains(&keyword.as_str())
                || (keyword == "format" && value.as_str() == Some(PASSWORD_FORMAT));
            if !told {
                rules.property(keyword, &rule(value));
            }
        }
    });
}

/// The types that a field may have; empty where it may have any.
fn types(said: &Object) -> String {
    match said.get("type") {
        Some(Json::Array(types)) => types.iter().filter_map(Json::as_str).collect::<Vec<_>>().join(","),
        Some(Json::String(one)) => one.clone(),
        Some(Json::Null | Json::Bool(_) | Json::Number(_) | Json::Object(_)) | None => String::new(),
    }
}

fn is_required(root: &Json, name: &str) -> bool {
    let required = root.get("required").and_then(Json::as_array).unwrap_or_default();
    required.iter().any(|required| required.as_str() == Some(name))
}

/// What a rule asks for: a text as it is, anything else as compact JSON.
fn rule(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_text(), str::to_owned)
}

const fn flag(truth: bool) -> &'static str {
    if truth { "true" } else { "false" }
}
