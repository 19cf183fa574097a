//! What fuzzing asks of templates: of the built-in ones whatever JSON a caller gives, and of the loader whatever an author
//! writes.

use std::sync::LazyLock;

use crmconf_events::fuzzing::{json, shown, stable};
use crmconf_events::json::Json;
use crmconf_events::template::Part;

use super::{BUILTIN, Mode, PasswordInput, Prepared, Template, effective, warnings};

/// A template that uses what the built-in ones do not.
const EVERYTHING: &str = include_str!("fuzzing/everything.json");

/// What stands between a template and a part in the input of the target `template`.
const BETWEEN: u8 = 0;

static TEMPLATES: LazyLock<Vec<Template>> = LazyLock::new(|| {
    let texts = BUILTIN.iter().map(|(_, text)| *text).chain([EVERYTHING]);
    let loaded: Vec<_> = texts.map(Template::load).collect();
    assert!(loaded.iter().all(Result::is_ok), "a template is refused: {loaded:?}");
    loaded.into_iter().flatten().collect()
});

/// A container's `JSONData`: its normal form, and what each template makes of it.
pub(crate) fn json_data(data: &[u8]) {
    json(data);
    let Ok(text) = std::str::from_utf8(data) else { return };
    for template in TEMPLATES.iter() {
        part(template, text);
    }
}

/// Checks a part's JSON with a template.
fn part(template: &Template, text: &str) {
    let Ok(json) = Json::parse(text) else { return };
    for part in Part::ALL {
        for mode in [Mode::Add, Mode::Change] {
            match template.prepare(part, &json, mode) {
                Err(refused) => shown(&refused.to_string()),
                Ok(prepared) => prepared_again(template, part, mode, &prepared),
            }
        }
    }
}

/// What a template has accepted is a part in normal form and holds no password. It is accepted again as it is, unless rules
/// may ask for the passwords that were taken out.
fn prepared_again(template: &Template, part: Part, mode: Mode, prepared: &Prepared) {
    stable(&prepared.json);
    assert!(prepared.json.as_object().is_some(), "a part is no object");
    let fields = template.password_fields();
    if fields.is_empty() || part == Part::Common {
        let again = template.prepare(part, &prepared.json, mode).map(|again| again.json);
        assert_eq!(again.as_ref(), Ok(&prepared.json), "it is prepared as something else");
    }
    assert!(part == Part::Configuration || prepared.passwords.is_empty(), "a password stands elsewhere");
    for (name, given) in &prepared.passwords {
        assert!(fields.contains(name), "a field is a password that the template does not know as one");
        assert!(part == Part::Common || prepared.json.get(name).is_none(), "a password is left in the part");
        if let PasswordInput::Text(text) = given
            && let Err(refused) = template.check_password(name, text)
        {
            shown(&refused.to_string());
        }
    }
}

/// A template's document, and behind a zero byte a part for it: one that is refused says why, and one that is taken prepares
/// parts as the built-in ones do.
pub(crate) fn template(data: &[u8]) {
    let (document, given) =
        data.split_at(data.iter().position(|byte| *byte == BETWEEN).unwrap_or(data.len()));
    let Ok(document) = std::str::from_utf8(document) else { return };
    match Template::examine(document) {
        Err(faults) => {
            for fault in faults.iter() {
                shown(&fault.to_string());
                assert!(!fault.rule().is_empty(), "a fault names no rule");
                let _ = fault.pointer();
            }
        }
        Ok(template) => {
            assert_eq!(**template.text(), *document, "the document is kept as another");
            let _ = warnings(&template);
            for part in Part::ALL {
                let schema = template.schema(part);
                for name in template.key_order(part) {
                    let property = schema.get("properties").and_then(|properties| properties.get(name));
                    assert!(property.is_some(), "a field has no place in the schema");
                    let _ = property.map(|property| effective(schema, property));
                }
            }
            let given = std::str::from_utf8(given.get(1..).unwrap_or_default()).unwrap_or_default();
            part(&template, given);
            part(&template, "{}");
        }
    }
}
