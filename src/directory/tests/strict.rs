//! The CSV reader against RFC 4180 written down as a machine of four states: records, their lines, and what is refused.

use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};

use super::super::csv::for_each_record;

const CASES: u32 = 20_000;

#[derive(Clone, Copy, PartialEq)]
enum At {
    /// Where a field begins.
    Start,
    /// In a field without quotes.
    Plain,
    /// In a field with quotes.
    Quoted,
    /// Behind a quote in such a field: its end, or the first of a pair.
    Quote,
}

/// The records with their lines, up to the first that breaks a rule, and the line of that one.
fn naive(text: &str) -> (Vec<(u64, Vec<String>)>, Option<u64>) {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let chars: Vec<_> = text.chars().collect();
    let mut records = Vec::new();
    let (mut fields, mut field, mut at) = (Vec::new(), String::new(), At::Start);
    let (mut line, mut first, mut place) = (1, 1, 0);
    while place < chars.len() {
        let c = chars[place];
        let pair = c == '\r' && chars.get(place + 1) == Some(&'\n');
        place += 1;
        let ends = matches!(c, '\r' | '\n');
        if ends && !pair {
            line += 1;
        }
        match (at, c) {
            (At::Start, '"') => at = At::Quoted,
            (At::Quote, '"') => {
                field.push('"');
                at = At::Quoted;
            }
            (At::Quoted, '"') => at = At::Quote,
            (At::Quoted, c) => field.push(c),
            (At::Start | At::Plain | At::Quote, ',') => {
                fields.push(std::mem::take(&mut field));
                at = At::Start;
            }
            (At::Start | At::Plain | At::Quote, '\r' | '\n') => {
                if pair {
                    place += 1;
                    line += 1;
                }
                // An empty line is no record; `""` alone is one.
                if !(fields.is_empty() && at == At::Start) {
                    fields.push(std::mem::take(&mut field));
                    records.push((first, std::mem::take(&mut fields)));
                }
                at = At::Start;
                first = line;
            }
            (At::Plain, '"') | (At::Quote, _) => return (records, Some(first)),
            (At::Start | At::Plain, c) => {
                field.push(c);
                at = At::Plain;
            }
        }
    }
    match at {
        At::Quoted => return (records, Some(first)),
        At::Start if fields.is_empty() => {}
        At::Start | At::Plain | At::Quote => {
            fields.push(field);
            records.push((first, fields));
        }
    }
    (records, None)
}

fn ours(text: &str) -> (Vec<(u64, Vec<String>)>, Option<u64>) {
    let (mut records, mut refused) = (Vec::new(), None);
    for_each_record(text, |line, is_exact, record| {
        if is_exact {
            records.push((line, record.iter().map(str::to_owned).collect()));
        } else {
            refused = Some(line);
        }
        is_exact
    });
    (records, refused)
}

#[test]
fn every_text_is_cut_and_refused_as_the_rules_have_it() {
    let seed: u64 = std::env::var("CRMCONF_TEST_SEED").map_or(20_261_126, |seed| seed.parse().unwrap());
    println!("seed {seed}, {CASES} cases");
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let text = proptest::collection::vec(
        proptest::sample::select(vec!["\"", "\"", ",", "\n", "\r", "\r\n", "a", "ß", " "]),
        0..24,
    );
    let seen = std::cell::Cell::new([0_u32; 2]);
    let result = runner.run(&text, |parts| {
        let text = parts.concat();
        let expected = naive(&text);
        let [whole, refused] = seen.get();
        seen.set(if expected.1.is_none() { [whole + 1, refused] } else { [whole, refused + 1] });
        prop_assert_eq!(ours(&text), expected);
        Ok(())
    });
    if let Err(error) = result {
        panic!("seed {seed}: {error}");
    }
    assert!(seen.get().iter().all(|count| *count > 1_000), "{:?}", seen.get());
}
