//! How accounts are printed: a table for people, or one JSON document.

use serde_json::json;

use super::Shown;
use crate::cli::ListFormat;
use crate::cli::output::printable;

/// The accounts in this form.
pub(super) fn accounts(accounts: &[Shown], format: ListFormat) -> String {
    match format {
        ListFormat::Text => table(accounts),
        ListFormat::Json => format!("{:#}\n", document(accounts)),
    }
}

fn document(accounts: &[Shown]) -> serde_json::Value {
    let account = |Shown { name, display_name, id, enabled, version, grants }: &Shown| {
        let grants = grants.iter().map(|grant| json!({ "role": grant.role.name(), "scope": grant.scope }));
        json!({
            "name": name,
            "display_name": display_name,
            "id": id,
            "enabled": enabled,
            "version": version,
            "grants": grants.collect::<Vec<_>>(),
        })
    };
    accounts.iter().map(account).collect()
}

/// A line for each account, its grants last, since there may be many.
fn table(accounts: &[Shown]) -> String {
    let head = ["NAME", "ID", "ENABLED", "GRANTS"].map(str::to_owned);
    let rows = std::iter::once(head).chain(accounts.iter().map(row)).collect::<Vec<_>>();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths = [width(0), width(1), width(2)];
    let mut text = String::new();
    for [name, id, enabled, grants] in &rows {
        let [w_name, w_id, w_enabled] = widths;
        let line = format!("{name:w_name$}  {id:w_id$}  {enabled:w_enabled$}  {grants}");
        text.push_str(line.trim_end());
        text.push('\n');
    }
    printable(&text)
}

fn row(shown: &Shown) -> [String; 4] {
    let name = match (shown.name.as_str(), shown.display_name.as_str()) {
        ("", _) => "(its name was lost)".to_owned(),
        (name, "") => name.to_owned(),
        (name, display_name) => format!("{name} ({display_name})"),
    };
    let grants = shown.grants.iter().map(|grant| format!("{} on {}", grant.role.name(), grant.scope));
    let grants = grants.collect::<Vec<_>>().join(", ");
    let enabled = if shown.enabled { "yes" } else { "no" };
    [name, shown.id.clone(), enabled.to_owned(), if grants.is_empty() { "none".into() } else { grants }]
}

#[cfg(test)]
mod tests {
    use crmconf_events::access::{Grant, Role};
    use crmconf_events::{Scope, TelSysId};

    use super::*;

    fn shown() -> Vec<Shown> {
        let grant = |role, scope| Grant { role, scope };
        let telsys = Scope::TelSys(TelSysId::new(1).unwrap());
        let account = |name: &str, display_name: &str, enabled, grants: Vec<Grant>| Shown {
            name: name.into(),
            display_name: display_name.into(),
            id: "AAAA".into(),
            enabled,
            version: 7,
            grants: grants.into_iter().collect(),
        };
        let both = vec![grant(Role::Viewer, Scope::EveryTelSys), grant(Role::Editor, telsys)];
        vec![
            account("Zoë", "", true, both),
            account("ann", "Ann \u{202e}Example", false, vec![]),
            account("", "", true, vec![]),
        ]
    }

    #[test]
    fn a_table_has_its_columns_below_each_other_and_steers_no_terminal() {
        let expected = "\
NAME                 ID    ENABLED  GRANTS
Zoë                  AAAA  yes      Viewer on every TelSys, Editor on TelSys 1
ann (Ann \\u{202e}Example)   AAAA  no       none
(its name was lost)  AAAA  yes      none
";
        assert_eq!(accounts(&shown(), ListFormat::Text), expected);
    }

    #[test]
    fn a_document_tells_names_scopes_and_versions() {
        let document = document(&shown());
        assert_eq!(document[0]["grants"][1], json!({ "role": "Editor", "scope": { "telsys": 1 } }));
        assert_eq!((&document[1]["enabled"], &document[1]["version"]), (&json!(false), &json!(7)));
        assert_eq!(document[2]["name"], json!(""));
    }
}
