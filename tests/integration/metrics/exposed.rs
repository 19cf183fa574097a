//! Reads Prometheus' text format 0.0.4, strictly: what is not of that form fails the test.

use std::collections::BTreeMap;

/// What a scrape found, by the names of the metrics.
pub struct Exposed {
    pub families: BTreeMap<String, Family>,
    pub text: String,
}

/// One metric with its series.
pub struct Family {
    pub kind: String,
    pub help: String,
    pub samples: Vec<Sample>,
}

/// One value.
pub struct Sample {
    pub name: String,
    pub labels: BTreeMap<String, String>,
    pub value: f64,
}

impl Sample {
    /// Name and labels, these in the order of their names.
    pub fn shown(&self) -> String {
        if self.labels.is_empty() {
            return self.name.clone();
        }
        let labels: Vec<_> = self.labels.iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
        format!("{}{{{}}}", self.name, labels.join(","))
    }
}

impl Exposed {
    pub fn of(text: &str) -> Self {
        assert!(text.ends_with('\n'), "the last line has no end");
        let mut families: BTreeMap<String, Family> = BTreeMap::new();
        let mut current = None;
        for line in text.lines().filter(|line| !line.is_empty()) {
            if let Some(comment) = line.strip_prefix("# ") {
                let (what, rest) = comment.split_once(' ').unwrap();
                let (name, told) = rest.split_once(' ').unwrap();
                let family = families.entry(name.to_owned()).or_insert_with(|| Family {
                    kind: String::new(),
                    help: String::new(),
                    samples: Vec::new(),
                });
                let place = match what {
                    "HELP" => &mut family.help,
                    "TYPE" => &mut family.kind,
                    _ => panic!("{line}"),
                };
                assert!(place.is_empty() && family.samples.is_empty(), "told twice or too late: {line}");
                told.clone_into(place);
                current = Some(name.to_owned());
            } else {
                let name = current.as_ref().unwrap_or_else(|| panic!("of no metric: {line}"));
                let sample = sample(line);
                let family = families.get_mut(name).unwrap();
                assert!(belongs(name, &family.kind, &sample.name), "{line} stands under {name}");
                assert!(family.samples.iter().all(|other| other.shown() != sample.shown()), "twice: {line}");
                family.samples.push(sample);
            }
        }
        for (name, family) in &families {
            assert!(!family.kind.is_empty() && !family.help.is_empty(), "{name} lacks its type or help");
            assert!(!family.samples.is_empty(), "{name} has no value");
        }
        Self { families, text: text.to_owned() }
    }

    /// The value of a series, as [`Sample::shown`] shows it.
    #[track_caller]
    pub fn value(&self, shown: &str) -> f64 {
        let samples = self.families.values().flat_map(|family| &family.samples);
        let found = samples.filter(|sample| sample.shown() == shown).map(|sample| sample.value).next();
        found.unwrap_or_else(|| panic!("{shown} is not in {}", self.text))
    }

    /// The metric that a name in a query belongs to: a histogram's has endings of its own.
    pub fn family(&self, name: &str) -> Option<&Family> {
        let endings = ["_bucket", "_sum", "_count"].iter().filter_map(|ending| name.strip_suffix(ending));
        let histogram = |base: &str| self.families.get(base).filter(|family| family.kind == "histogram");
        let exact = self.families.get(name).filter(|family| family.kind != "histogram");
        exact.or_else(|| endings.filter_map(histogram).next())
    }

    /// Names, types and labels. The values of a label stand there where the program's version decides about them alone;
    /// operations and codes have tables and goldens of their own.
    pub fn outline(&self) -> String {
        let mut lines = Vec::new();
        for (name, family) in &self.families {
            let mut labels: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
            for (label, value) in family.samples.iter().flat_map(|sample| &sample.labels) {
                let values = labels.entry(label).or_default();
                if !["operation", "code", "version"].contains(&label.as_str())
                    && !values.contains(&value.as_str())
                {
                    values.push(value);
                }
            }
            let labels = labels.iter_mut().map(|(label, values)| {
                // Bounds are numbers: their order is not that of their digits.
                values.sort_by(|a, b| match (a.parse::<f64>(), b.parse::<f64>()) {
                    (Ok(a), Ok(b)) => a.total_cmp(&b),
                    _ => a.cmp(b),
                });
                if values.is_empty() { format!(" {label}") } else { format!(" {label}={}", values.join("|")) }
            });
            lines.push(format!("{name} {}{}", family.kind, labels.collect::<String>()));
        }
        lines.join("\n")
    }
}

/// Whether a sample of this name may stand under a metric.
fn belongs(metric: &str, kind: &str, sample: &str) -> bool {
    match kind {
        "counter" | "gauge" => sample == metric,
        "histogram" => {
            ["_bucket", "_sum", "_count"].iter().any(|ending| sample.strip_suffix(ending) == Some(metric))
        }
        _ => false,
    }
}

fn sample(line: &str) -> Sample {
    let (series, value) = line.rsplit_once(' ').unwrap();
    let value = value.parse().unwrap_or_else(|_| panic!("no number: {line}"));
    let Some((name, labels)) = series.split_once('{') else {
        return Sample { name: checked(series), labels: BTreeMap::new(), value };
    };
    let labels = labels.strip_suffix('}').unwrap();
    // No value of ours needs an escape, or holds a comma.
    let labels = labels.split(',').map(|label| {
        let (name, value) = label.split_once('=').unwrap_or_else(|| panic!("{line}"));
        let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap();
        assert!(!value.contains(['"', '\\']), "{line}");
        (checked(name), value.to_owned())
    });
    Sample { name: checked(name), labels: labels.collect(), value }
}

fn checked(name: &str) -> String {
    assert!(
        !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'),
        "{name}"
    );
    name.to_owned()
}
