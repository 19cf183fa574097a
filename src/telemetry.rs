//! Starts the log lines: text or JSON on standard error, from this level on.
//!
//! Other crates speak only from `warn` on, whatever the level: at `debug` and below HTTP libraries write what
//! passes through them, and that can be a password.

use std::panic::PanicHookInfo;

use tracing::Level;
use tracing::field::display;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer, Registry, fmt};

use crate::settings::{LogFormat, LogLevel};

/// The crates whose lines follow the level that was set.
const OUR_CRATES: [&str; 3] = ["crmconf", "crmconf_events", "crmconf_projections"];

/// Starts logging for this process; also of threads that panic, whose line would else be no JSON.
///
/// # Errors
/// Logging has already been started.
pub fn start(format: LogFormat, level: LogLevel) -> Result<(), tracing_subscriber::util::TryInitError> {
    tracing_subscriber::registry().with(layer(format, level, std::io::stderr)).try_init()?;
    std::panic::set_hook(Box::new(tell_panic));
    Ok(())
}

/// Says where a thread panicked. Why, only where that stands in the program word for word: a text made while it ran may
/// quote what a client sent, or a key.
fn tell_panic(panic: &PanicHookInfo<'_>) {
    let thread = std::thread::current();
    let location = panic.location().map(display);
    tracing::error!(
        thread = thread.name().unwrap_or("unnamed"),
        location,
        reason = panic.payload().downcast_ref::<&'static str>(),
        "a thread panicked: a fault of the server"
    );
}

fn layer<W>(format: LogFormat, level: LogLevel, writer: W) -> Box<dyn Layer<Registry> + Send + Sync>
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    let lines = fmt::layer().with_writer(writer);
    match format {
        LogFormat::Text => lines.with_filter(filter(level.0)).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).with_filter(filter(level.0)).boxed(),
    }
}

/// Where actix says at `error` that a client sent what is no HTTP, which anyone can have it say as often as they like.
const CLIENTS_FAULTS: &str = "actix_http::h1::dispatcher";

fn filter(level: Level) -> Targets {
    let others = LevelFilter::from_level(level).min(LevelFilter::WARN);
    let ours = OUR_CRATES.map(|name| (name, level));
    Targets::new().with_default(others).with_targets(ours).with_target(CLIENTS_FAULTS, LevelFilter::OFF)
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use crmconf_events::told::{Told, listening};

    use super::*;

    fn lines(format: LogFormat, level: Level, speak: impl FnOnce()) -> Vec<String> {
        let told = Told::default();
        let writer = told.clone();
        let subscriber =
            tracing_subscriber::registry().with(layer(format, LogLevel(level), move || writer.clone()));
        listening(subscriber, speak);
        told.text().lines().map(str::to_owned).collect()
    }

    #[test]
    fn our_lines_follow_the_level_and_those_of_others_begin_at_warn() {
        let speak = || {
            tracing::debug!("ours");
            tracing::trace!("too fine");
            tracing::info!(target: "actix_http::h1", "a body");
            tracing::warn!(target: "actix_http::h1", "a warning");
            tracing::error!(target: "actix_http::h1::dispatcher", "stream error: no HTTP");
        };
        let lines = lines(LogFormat::Text, Level::DEBUG, speak);
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines[0].contains("DEBUG") && lines[0].ends_with("ours"), "{}", lines[0]);
        assert!(lines[1].ends_with("a warning"), "{}", lines[1]);
    }

    /// Panics as told, on this thread alone: others that panic meanwhile keep their own words.
    fn panic_lines(panics: fn()) -> Vec<String> {
        static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
        let _one = ONE_AT_A_TIME.lock();
        let (here, before) = (std::thread::current().id(), Arc::new(std::panic::take_hook()));
        let others = Arc::clone(&before);
        std::panic::set_hook(Box::new(move |panic| {
            if std::thread::current().id() == here { tell_panic(panic) } else { others(panic) }
        }));
        let told = lines(LogFormat::Json, Level::INFO, || drop(std::panic::catch_unwind(panics)));
        drop(std::panic::take_hook());
        std::panic::set_hook(Box::new(move |panic| before(panic)));
        told
    }

    #[test]
    fn a_panic_is_one_json_line_that_says_where_and_quotes_nothing_made_at_run_time() {
        fn quoting() {
            panic!("{} was sent", std::hint::black_box("hunter2"))
        }
        fn fixed() {
            panic!("never here")
        }
        for (panics, reason) in [(quoting as fn(), None), (fixed, Some("never here"))] {
            let lines = panic_lines(panics);
            assert_eq!(lines.len(), 1, "{lines:?}");
            let line: serde_json::Value = serde_json::from_str(&lines[0]).expect(&lines[0]);
            assert_eq!(line["level"], "ERROR");
            assert_eq!(line.get("reason").and_then(serde_json::Value::as_str), reason, "{line}");
            assert!(line["location"].as_str().unwrap().contains("telemetry.rs"), "{line}");
            assert!(!lines[0].contains("hunter2"), "{line}");
        }
    }

    #[test]
    fn json_is_one_object_a_line_with_the_fields_at_its_top() {
        let lines = lines(LogFormat::Json, Level::INFO, || tracing::info!(request_id = 7, "first\nsecond"));
        assert_eq!(lines.len(), 1, "{lines:?}");
        let line: serde_json::Value = serde_json::from_str(&lines[0]).unwrap();
        assert_eq!(line["request_id"], 7);
        assert_eq!(line["message"], "first\nsecond");
        assert_eq!(line["level"], "INFO");
    }
}
