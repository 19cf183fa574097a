//! What is counted where, what is exposed, and that nothing is where metrics are off.

use std::collections::{BTreeMap, BTreeSet};

use super::table::{Metric, TABLE};
use super::*;
use crate::http::code::Code;
use crate::http::operation::Operation;

/// The samples of a text: name with labels, and value.
fn samples(text: &str) -> BTreeMap<String, f64> {
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines
        .map(|line| line.rsplit_once(' ').unwrap())
        .map(|(name, value)| (name.to_owned(), value.parse().unwrap()))
        .collect()
}

fn rendered(metrics: &Metrics) -> BTreeMap<String, f64> {
    samples(&metrics.render(&Service::starting(), Path::new("/nowhere")))
}

#[test]
fn every_answer_counts_under_its_operation_and_code_and_nowhere_else() {
    let metrics = Metrics::on().unwrap();
    let operations = Operation::ALL.iter().copied().map(Some).chain([None]);
    let codes = || Code::ALL.iter().copied().map(Some).chain([None]);
    // Another number of times each, so that no two can be taken for each other.
    let mut expected = BTreeMap::new();
    for operation in operations {
        for code in codes() {
            let times = expected.len() % 7 + 1;
            (0..times).for_each(|_| metrics.requests.answered(operation, code, Duration::from_millis(3)));
            let operation = operation.map_or("unknown", Operation::name);
            let code = code.map_or_else(|| "ok".to_owned(), |code| code.number().to_string());
            expected.insert(
                format!("crmconf_requests_total{{operation=\"{operation}\",code=\"{code}\"}}"),
                times as f64,
            );
        }
    }
    let samples = rendered(&metrics);
    let counted: BTreeMap<_, _> =
        samples.clone().into_iter().filter(|(name, _)| name.starts_with("crmconf_requests_total")).collect();
    assert_eq!(counted, expected);
    let bucket = |le: &str| {
        samples[&format!("crmconf_request_duration_seconds_bucket{{operation=\"Logout\",le=\"{le}\"}}")]
    };
    assert_eq!(bucket("0.0025"), 0.0);
    assert_eq!(bucket("0.005"), bucket("+Inf"));
    assert!(bucket("+Inf") > 0.0);
}

#[test]
fn a_refusal_without_an_operation_counts_under_its_status_alone() {
    let metrics = Metrics::on().unwrap();
    for status in [404, 404, 418] {
        metrics.requests.refused(status);
    }
    let samples = rendered(&metrics);
    let counted = |status: &str| samples[&format!("crmconf_http_refused_total{{status=\"{status}\"}}")];
    assert_eq!([counted("404"), counted("other"), counted("503")], [2.0, 1.0, 0.0]);
    let requests = samples.iter().filter(|(name, _)| name.starts_with("crmconf_requests_total"));
    assert!(requests.map(|(_, count)| *count).all(|count| count == 0.0));
}

#[test]
fn before_the_store_is_open_it_says_so_and_shows_nothing_of_the_store() {
    let metrics = Metrics::on().unwrap();
    metrics.opening(Opening { step: Step::Sled, commits: None });
    metrics.opening(Opening { step: Step::Folding, commits: Some(1_001) });
    let starting = rendered(&metrics);
    assert_eq!(starting["crmconf_ready"], 0.0);
    assert_eq!(starting["crmconf_hindrance{reason=\"starting\"}"], 1.0);
    assert_eq!(starting["crmconf_start_commits{step=\"folding\"}"], 1_001.0);
    for absent in
        ["crmconf_view_sequence", "crmconf_head_sequence", "crmconf_journal_bytes", "crmconf_sessions"]
    {
        assert!(!starting.keys().any(|name| name.starts_with(absent)), "{absent}: {starting:?}");
    }
    metrics.stopping();
    let stopping = rendered(&metrics);
    assert_eq!(stopping["crmconf_hindrance{reason=\"stopping\"}"], 1.0);
    assert_eq!(stopping["crmconf_hindrance{reason=\"starting\"}"], 0.0);
}

#[test]
fn every_line_is_of_a_metric_in_the_table_with_its_type_and_help() {
    let metrics = Metrics::on().unwrap();
    let text = metrics.render(&Service::starting(), Path::new("/nowhere"));
    let mut told = BTreeSet::new();
    for line in text.lines().filter_map(|line| line.strip_prefix("# ")) {
        let (kind, rest) = line.split_once(' ').unwrap();
        let (name, rest) = rest.split_once(' ').unwrap();
        let known: Vec<_> = TABLE.iter().filter(|metric| metric.name == name).collect();
        let [Metric { kind: of, help, .. }] = known[..] else { panic!("{name} is not in the table") };
        assert_eq!(rest, if kind == "HELP" { help } else { of.word() }, "{name}");
        assert!(told.insert((kind, name)), "{name} is told twice");
    }
    assert!(told.contains(&("HELP", "crmconf_ready")) && told.contains(&("TYPE", "crmconf_ready")));
}

#[test]
fn where_metrics_are_off_nothing_is_kept() {
    let metrics = Metrics::off();
    metrics.requests.answered(Some(Operation::Logout), None, Duration::ZERO);
    metrics.requests.refused(404);
    metrics.connections_limit(7);
    metrics.upkeep();
    assert_eq!(metrics.render(&Service::starting(), Path::new("/nowhere")), "");
}

#[test]
fn samples_that_nobody_asks_for_are_taken_in() {
    let metrics = Metrics::on().unwrap();
    for _ in 0..3 {
        metrics.requests.answered(None, None, Duration::from_secs(1));
        metrics.upkeep();
    }
    let count = "crmconf_request_duration_seconds_count{operation=\"unknown\"}";
    let sum = "crmconf_request_duration_seconds_sum{operation=\"unknown\"}";
    let samples = rendered(&metrics);
    assert_eq!([samples[count], samples[sum]], [3.0, 3.0], "none is lost, and none counts twice");
    assert_eq!(rendered(&metrics)[count], 3.0);
}
