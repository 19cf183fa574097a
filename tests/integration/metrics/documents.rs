//! The dashboard, the alert rules and the page ask for and describe what a running server tells, all of it and no more.

use std::collections::BTreeSet;

use serde_json::Value;
use yaml_rust2::{Yaml, YamlLoader};

use super::exposed::Exposed;
use super::{measured, page, queries, scrape};

fn exposed() -> Exposed {
    let server = measured();
    server.session("editor");
    scrape(&server)
}

#[test]
fn the_page_describes_every_metric_that_is_exposed_and_no_other() {
    let exposed = exposed();
    let page = page("metrics.md");
    let rows = page
        .lines()
        .filter_map(|line| line.strip_prefix("| `"))
        .map(|row| row.split(" | ").collect::<Vec<_>>());
    let described: BTreeSet<_> = rows
        .map(|cells| {
            let labels: Vec<_> = cells[2]
                .split(", ")
                .map(|label| label.trim_matches('`'))
                .filter(|label| !label.is_empty())
                .collect();
            (cells[0].trim_end_matches('`').to_owned(), cells[1].to_owned(), labels.join(","))
        })
        .collect();
    let found: BTreeSet<_> = exposed
        .families
        .iter()
        .map(|(name, family)| {
            let mut labels: Vec<_> =
                family.samples[0].labels.keys().filter(|label| *label != "le").cloned().collect();
            // The page has them in the order in which one speaks of them.
            labels.sort_by_key(|label| (label != "operation", label.clone()));
            (name.clone(), family.kind.clone(), labels.join(","))
        })
        .collect();
    assert_eq!(found, described);
    for value in ["store_read_only", "signed_in", "in_use", "running", "folding", "broken", "answers"] {
        assert!(page.contains(&format!("`{value}`")), "{value}");
    }
}

/// Every text under this key, wherever it stands.
fn texts<'a>(value: &'a Value, key: &str, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(object) => {
            found.extend(object.get(key).and_then(Value::as_str));
            object.values().for_each(|value| texts(value, key, found));
        }
        Value::Array(values) => values.iter().for_each(|value| texts(value, key, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn every_query_of_the_dashboard_is_valid_and_asks_for_what_there_is() {
    let exposed = exposed();
    let dashboard: Value = serde_json::from_str(&page("grafana-dashboard.json")).unwrap();
    let mut expressions = Vec::new();
    texts(&dashboard, "expr", &mut expressions);
    expressions.iter().for_each(|query| queries::check(&exposed, query));
    let panels = dashboard["panels"].as_array().unwrap();
    let (rows, others): (Vec<_>, Vec<_>) = panels.iter().partition(|panel| panel["type"] == "row");
    assert!(expressions.len() >= others.len() && others.len() > 30, "{} panels", others.len());
    let titles: Vec<_> = rows.iter().map(|row| row["title"].as_str().unwrap()).collect();
    assert_eq!(
        titles,
        ["Now", "Traffic", "Errors", "Latency", "Store", "Sessions and signing in", "Resources"]
    );
    for panel in others {
        assert!(!panel["targets"].as_array().unwrap().is_empty(), "{} shows nothing", panel["title"]);
    }
    let ids: BTreeSet<_> = panels.iter().map(|panel| panel["id"].as_u64().unwrap()).collect();
    assert_eq!(ids.len(), panels.len(), "ids are unique");
    // What its variables are filled from is Grafana's own language round a selector of Prometheus'.
    let variables = dashboard["templating"]["list"].as_array().unwrap();
    for variable in variables.iter().filter(|variable| variable["type"] == "query") {
        let definition = variable["definition"].as_str().unwrap();
        assert_eq!(variable["query"]["query"], definition);
        let inner = definition.strip_prefix("label_values(").and_then(|rest| rest.strip_suffix(')')).unwrap();
        let (selector, label) = inner.rsplit_once(", ").unwrap();
        queries::check(&exposed, selector);
        assert!(["job", "instance"].contains(&label), "{definition}");
    }
    let shown = expressions.join("\n");
    for (name, _) in exposed.families {
        assert!(shown.contains(&name), "{name} is on no panel");
    }
}

#[test]
fn every_alert_rule_is_valid_asks_for_what_there_is_and_names_its_place_in_the_guide() {
    let exposed = exposed();
    let documents = YamlLoader::load_from_str(&page("alerts.yml")).unwrap();
    let [document] = &documents[..] else { panic!("one document") };
    let text = |value: &Yaml| value.as_str().unwrap_or_else(|| panic!("no text: {value:?}")).to_owned();
    let guide = page("operations.md");
    let mut names = BTreeSet::new();
    for rule in document["groups"].as_vec().unwrap().iter().flat_map(|group| group["rules"].as_vec().unwrap())
    {
        let keys: BTreeSet<_> = rule.as_hash().unwrap().keys().map(text).collect();
        let allowed = ["alert", "annotations", "expr", "for", "labels"];
        assert!(keys.iter().all(|key| allowed.contains(&key.as_str())), "{keys:?}");
        let name = text(&rule["alert"]);
        queries::check(&exposed, &text(&rule["expr"]));
        assert!(["page", "ticket"].contains(&text(&rule["labels"]["severity"]).as_str()), "{name}");
        assert!(!text(&rule["annotations"]["summary"]).is_empty(), "{name}");
        let runbook = format!("docs/operations.md#alert-{}", kebab(&name));
        assert_eq!(text(&rule["annotations"]["runbook"]), runbook, "{name}");
        let heading = format!("\n### Alert: {}\n", kebab(&name).replace('-', " "));
        assert!(guide.contains(&heading), "the guide says nothing of {name}");
        if let Some(time) = rule["for"].as_str() {
            assert!(
                time.strip_suffix('m').is_some_and(|minutes| minutes.parse::<u8>().is_ok()),
                "{name}: {time}"
            );
        }
        assert!(names.insert(name.clone()), "{name} twice");
    }
    assert!(names.len() >= 15, "{names:?}");
    assert_eq!(guide.matches("\n### Alert: ").count(), names.len(), "the guide explains no other alert");
}

/// `CrmconfNotReady` as `crmconf-not-ready`.
fn kebab(name: &str) -> String {
    let mut kebab = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !kebab.is_empty() {
            kebab.push('-');
        }
        kebab.push(letter.to_ascii_lowercase());
    }
    kebab
}

#[test]
fn a_query_that_is_wrong_is_found_to_be() {
    let exposed = exposed();
    for query in [
        "sum(rate(crmconf_requests_total[5m])",
        "rate(crmconf_requests_total)",
        "crmconf_request_total",
        "crmconf_request_duration_seconds",
        "crmconf_ready_bucket",
        "crmconf_requests_total{cod=\"ok\"}",
        "crmconf_requests_total{code=\"10106\"}",
        "crmconf_hindrance{reason=~\"starting|resting\"}",
        "sum by (operations) (crmconf_requests_total)",
        "1 + 1",
    ] {
        let checked =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| queries::check(&exposed, query)));
        assert!(checked.is_err(), "{query} passes");
    }
    queries::check(&exposed, "sum by (code) (rate(crmconf_requests_total{code!=\"ok\"}[$__rate_interval]))");
}
