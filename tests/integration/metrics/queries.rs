//! Queries in Prometheus' language, read by a parser of it and compared with what a running server tells.

use promql_parser::label::{MatchOp, Matcher};
use promql_parser::parser::{AggregateExpr, Expr, LabelModifier, VectorSelector, parse};
use promql_parser::util::{ExprVisitor, walk_expr};

use super::exposed::Exposed;

/// Metrics that Prometheus itself keeps.
const OF_PROMETHEUS: [&str; 1] = ["up"];
/// Labels that Prometheus itself adds.
const ADDED_LABELS: [&str; 2] = ["job", "instance"];

/// Checks that a query is valid, and asks for metrics, labels and values that there are.
pub fn check(exposed: &Exposed, query: &str) {
    // Grafana puts an interval in the place of this word, and texts in those within quotes.
    let plain = query.replace("$__rate_interval", "5m");
    let parsed = parse(&plain).unwrap_or_else(|error| panic!("{query}: {error}"));
    let mut names = Names { exposed, query, found: 0 };
    walk_expr(&mut names, &parsed).unwrap();
    assert!(names.found > 0, "{query} asks for no metric");
}

struct Names<'a> {
    exposed: &'a Exposed,
    query: &'a str,
    found: usize,
}

impl ExprVisitor for Names<'_> {
    type Error = std::convert::Infallible;

    fn pre_visit(&mut self, expression: &Expr) -> Result<bool, Self::Error> {
        match expression {
            Expr::VectorSelector(selector) => self.selector(selector),
            Expr::MatrixSelector(matrix) => self.selector(&matrix.vs),
            Expr::Aggregate(AggregateExpr { modifier: Some(modifier), .. }) => self.grouping(modifier),
            Expr::Aggregate(_)
            | Expr::Unary(_)
            | Expr::Binary(_)
            | Expr::Paren(_)
            | Expr::Subquery(_)
            | Expr::NumberLiteral(_)
            | Expr::StringLiteral(_)
            | Expr::Call(_)
            | Expr::Extension(_) => {}
        }
        Ok(true)
    }
}

impl Names<'_> {
    fn selector(&mut self, selector: &VectorSelector) {
        self.found += 1;
        let name =
            selector.name.as_deref().unwrap_or_else(|| panic!("{}: a metric without a name", self.query));
        if OF_PROMETHEUS.contains(&name) {
            return;
        }
        let family =
            self.exposed.family(name).unwrap_or_else(|| panic!("{}: there is no {name}", self.query));
        let (matchers, others) = (&selector.matchers.matchers, &selector.matchers.or_matchers);
        for matcher in matchers.iter().chain(others.iter().flatten()) {
            let Matcher { op, name: label, value } = matcher;
            if ADDED_LABELS.contains(&label.as_str()) {
                continue;
            }
            let values: Vec<_> = match op {
                MatchOp::Equal | MatchOp::NotEqual => vec![value.as_str()],
                MatchOp::Re(_) | MatchOp::NotRe(_) => value.split('|').collect(),
            };
            for value in values {
                let there = family
                    .samples
                    .iter()
                    .any(|sample| sample.labels.get(label).is_some_and(|found| found == value));
                assert!(there, "{}: {name} has no {label}=\"{value}\"", self.query);
            }
        }
    }

    /// Labels that are grouped by are those of some metric.
    fn grouping(&self, modifier: &LabelModifier) {
        let (LabelModifier::Include(labels) | LabelModifier::Exclude(labels)) = modifier;
        for label in &labels.labels {
            let samples = self.exposed.families.values().flat_map(|family| &family.samples);
            let known = ADDED_LABELS.contains(&label.as_str())
                || samples.into_iter().any(|sample| sample.labels.contains_key(label));
            assert!(known, "{}: no metric has the label {label}", self.query);
        }
    }
}
