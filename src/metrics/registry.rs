//! `Registry`: gives out the handles of metrics by their descriptions; where metrics are off they do nothing.

use metrics::{Counter, Gauge, Histogram, Key, Label, Level, Metadata, Recorder as _};
use metrics_exporter_prometheus::{
    BuildError, Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder,
};

use super::table::{Kind, Metric, TABLE};

static METADATA: Metadata<'_> = Metadata::new(module_path!(), Level::INFO, Some(module_path!()));

/// A label's value: a word of the program, or a number of the table of error codes. Nothing that a client sent can be one.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value {
    /// A word that stands in the program.
    Word(&'static str),
    /// A number.
    Number(u32),
}

/// Where metrics are kept, if they are. It is our own and not the process's: libraries that measure themselves by the
/// same facade do not get in.
#[derive(Debug)]
pub(super) struct Registry(Option<PrometheusRecorder>);

impl Registry {
    /// Keeps nothing.
    pub(super) const OFF: Self = Self(None);

    /// Keeps what is measured.
    ///
    /// # Errors
    /// When a histogram has no bounds.
    pub(super) fn on() -> Result<Self, BuildError> {
        let mut builder = PrometheusBuilder::new();
        for metric in TABLE {
            if let Kind::Histogram(bounds) = metric.kind {
                builder = builder.set_buckets_for_metric(Matcher::Full(metric.name.to_owned()), bounds)?;
            }
        }
        let recorder = builder.build_recorder();
        for Metric { name, kind, help, .. } in TABLE {
            match kind {
                Kind::Counter => recorder.describe_counter((*name).into(), None, (*help).into()),
                Kind::Gauge => recorder.describe_gauge((*name).into(), None, (*help).into()),
                Kind::Histogram(_) => recorder.describe_histogram((*name).into(), None, (*help).into()),
            }
        }
        Ok(Self(Some(recorder)))
    }

    /// What renders the metrics, if they are kept.
    pub(super) fn handle(&self) -> Option<PrometheusHandle> {
        self.0.as_ref().map(PrometheusRecorder::handle)
    }

    pub(super) fn counter(&self, metric: &Metric, values: &[Value]) -> Counter {
        let register =
            |recorder: &PrometheusRecorder| recorder.register_counter(&key(metric, values), &METADATA);
        self.0.as_ref().map_or_else(Counter::noop, register)
    }

    pub(super) fn gauge(&self, metric: &Metric, values: &[Value]) -> Gauge {
        let register =
            |recorder: &PrometheusRecorder| recorder.register_gauge(&key(metric, values), &METADATA);
        self.0.as_ref().map_or_else(Gauge::noop, register)
    }

    pub(super) fn histogram(&self, metric: &Metric, values: &[Value]) -> Histogram {
        let register =
            |recorder: &PrometheusRecorder| recorder.register_histogram(&key(metric, values), &METADATA);
        self.0.as_ref().map_or_else(Histogram::noop, register)
    }
}

/// The metric with a value for each of its labels.
fn key(metric: &Metric, values: &[Value]) -> Key {
    let labels = metric.labels.iter().zip(values).map(|(name, value)| match value {
        Value::Word(word) => Label::new(*name, *word),
        Value::Number(number) => Label::new(*name, number.to_string()),
    });
    Key::from_parts(metric.name, labels.collect::<Vec<_>>())
}
