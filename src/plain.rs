//! How a JSON value reads as a text: as a property of an answer, and as a password where a field becomes one.

use crmconf_events::json::Json;

/// The text of a value: arrays of scalars joined with commas, `null` empty, other arrays and objects as compact JSON.
pub(crate) fn text(value: &Json) -> String {
    match value {
        Json::Array(items) if items.iter().all(is_scalar) => {
            items.iter().map(scalar).collect::<Vec<_>>().join(",")
        }
        Json::Array(_) | Json::Object(_) => value.to_text(),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => scalar(value),
    }
}

const fn is_scalar(value: &Json) -> bool {
    !matches!(value, Json::Array(_) | Json::Object(_))
}

fn scalar(value: &Json) -> String {
    match value {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_) => value.to_text(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_read_as_the_api_documents_them() {
        for (json, expected) in [
            (r#""a b""#, "a b"),
            ("true", "true"),
            ("60", "60"),
            ("0.5", "0.5"),
            ("null", ""),
            ("[]", ""),
            (r#"["Account","Contact",null,1]"#, "Account,Contact,,1"),
            (r#"{"b":1,"a":[]}"#, r#"{"a":[],"b":1}"#),
            (r#"[{"a":1}]"#, r#"[{"a":1}]"#),
            (r#"[[1],2]"#, "[[1],2]"),
        ] {
            assert_eq!(text(&Json::parse(json).unwrap()), expected, "{json}");
        }
    }
}
