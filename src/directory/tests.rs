//! What is read from files of entries, and what is told of those that cannot be.

mod model;
mod strict;

use crmconf_events::command::{DirectoryEntry, Listing};

use super::*;

const HEADER: &str = "TelSysID,PartIDInTelSys,DeviceNumber,Description,CMEnvironmentID\n";

/// A listing as rows, and the lines of its entries.
fn shown(listing: &Listing) -> (String, Vec<u64>) {
    let rows = listing.from(0).map(|(id, listed)| Sheet::entry_row(id, &listed.entry)).collect();
    (rows, listing.from(0).map(|(_, listed)| listed.line).collect())
}

#[track_caller]
fn read(format: Format, text: &str) -> (String, Vec<u64>) {
    shown(&format.read(text).listing().unwrap_or_else(|faults| panic!("{faults}")))
}

#[track_caller]
fn faults(format: Format, text: &str) -> Vec<String> {
    let faults = format.read(text).listing().unwrap_err();
    let lines: Vec<_> = faults.lines().lines().map(ToOwned::to_owned).collect();
    assert_eq!(lines.len(), faults.total());
    lines
}

fn csv(rows: &str) -> String {
    format!("{HEADER}{rows}")
}

#[test]
fn a_file_lists_telephone_systems_partitions_and_devices_in_any_order() {
    let text = csv("1,1,0101,desk,\n1,-1,UnknownNoneOrAll,main,env 1\n1,1,,floor,\n 2 ,,,,\n");
    assert_eq!(
        read(Format::Csv, &text),
        ("1,,,main,env 1\n1,1,,floor,\n1,1,0101,desk,\n2,,,,\n".into(), vec![3, 4, 2, 5])
    );
    let json = r#"[{"TelSysID":1,"PartIDInTelSys":"1","DeviceNumber":"0101","Description":"desk"},
        {"TelSysID":"1","PartIDInTelSys":-1,"DeviceNumber":null,"Description":"main","CMEnvironmentID":"env 1"},
        {"PartIDInTelSys":1,"TelSysID":1,"Description":"floor"},{"TelSysID":2}]"#;
    assert_eq!(
        read(Format::Json, json),
        ("1,,,main,env 1\n1,1,,floor,\n1,1,0101,desk,\n2,,,,\n".into(), vec![2, 3, 1, 4])
    );
    assert_eq!(read(Format::Csv, HEADER), (String::new(), vec![]));
    assert_eq!(read(Format::Json, "[]"), (String::new(), vec![]));
}

#[test]
fn texts_are_kept_exactly_and_quotes_commas_and_line_ends_stand_in_quotes() {
    let text = csv("1,,,\" a \"\"b\"\", c\r\nd\ne \",\n2,,, x ,\"\"\n\"3\",,,ß'\u{feff},\n");
    let (rows, lines) = read(Format::Csv, &text);
    assert_eq!(rows, "1,,,\" a \"\"b\"\", c\r\nd\ne \",\n2,,, x ,\n3,,,ß'\u{feff},\n");
    assert_eq!(lines, [2, 5, 6]);
}

#[test]
fn lines_are_counted_as_an_editor_counts_them_whatever_they_end_in() {
    for end in ["\n", "\r\n", "\r"] {
        let rows = ["", "1,,,a,", "", "", "2,,,\"b\nc\",", "3,,,,", ""];
        let text = [HEADER.trim_end()].into_iter().chain(rows).collect::<Vec<_>>().join(end);
        for text in [text.clone(), format!("\u{feff}{text}"), text.trim_end().to_owned()] {
            assert_eq!(read(Format::Csv, &text).1, [3, 6, 8], "{text:?}");
        }
    }
}

#[test]
fn what_a_lenient_reader_would_guess_at_is_a_fault_of_its_line() {
    for (rows, line) in [
        ("1,,,a\"b,\n", 2),
        ("1,,,\"a\"b,\n", 2),
        ("1,,,\"a\" ,\n", 2),
        ("1,,, \"a\",\n", 2),
        ("1,,,a\"b\"c,\n", 2),
        ("1,,,a,\n2,,,\"never closed,\n3,,,c,\n", 3),
        ("1,,,a,\"", 2),
    ] {
        let found = faults(Format::Csv, &csv(rows));
        let rule = format!("line {line}: a field with a quote, a comma or a line end stands in quotes");
        assert!(found[0].starts_with(&rule), "{rows:?}: {found:?}");
    }
    for (rows, expected) in [
        ("1,,,a\n", "line 2: it has 4 fields; 5 belong there"),
        ("1,,,a,b,c\n", "line 2: it has 6 fields; 5 belong there"),
        ("1;2\n", "line 2: it has 1 fields; 5 belong there"),
    ] {
        assert_eq!(faults(Format::Csv, &csv(rows)), [expected]);
    }
    for text in ["", "\n", "1,,,a,\n", "TelSysID,PartIDInTelSys,DeviceNumber,Description\n1,,,a\n"] {
        let expected = format!("line 1: the header must be {}", HEADER.trim_end());
        assert_eq!(faults(Format::Csv, text), [expected]);
    }
}

#[test]
fn every_fault_is_told_with_its_line_and_no_value_but_ids() {
    let long = "x".repeat(1_025);
    let text = csv(&format!(
        ",,,a,\n-1,,,a,\n0,,,a,\n1,x,,a,\n1,,01,a,\n1,1,{},a,\n1,1,,{long},e\nx,y,\u{1},\u{1},\n5,,,,{long}\n7,,,,\n7,,,,\n",
        "9".repeat(65)
    ));
    let found = faults(Format::Csv, &text);
    assert_eq!(
        found,
        [
            "line 2: TelSysID is missing",
            "line 3: TelSysID must name a telephone system",
            "line 4: TelSysID must be a number from 1 to 2147483647",
            "line 5: PartIDInTelSys must be -1 or a number from 1 to 2147483647",
            "line 6: DeviceNumber names a device, but PartIDInTelSys names no partition",
            "line 7: DeviceNumber must be UnknownNoneOrAll or 1 to 64 characters",
            "line 8: Description is 1025 characters long, at most 1024 are allowed",
            "line 8: CMEnvironmentID is a telephone system's; leave it empty for partitions and devices",
            "line 9: TelSysID must be a number from 1 to 2147483647",
            "line 9: PartIDInTelSys must be -1 or a number from 1 to 2147483647",
            "line 9: DeviceNumber must be UnknownNoneOrAll or 1 to 64 characters",
            "line 9: Description holds a character that XML 1.0 cannot carry",
            "line 10: CMEnvironmentID is 1025 characters long, at most 1024 are allowed",
            "line 12: TelSys 7 stands in line 11 already",
        ]
    );
}

#[test]
fn json_is_read_as_strictly_and_told_by_the_number_of_the_entry() {
    for (text, expected) in [
        ("{}", "entry 1: the file must be an array of objects"),
        ("[1]", "entry 1: it must be an object"),
        (
            "[{\"TelSysID\":1},{\"telsysid\":1,\"TelSysID\":2}]",
            "entry 2: it has an unknown key; known are TelSysID, ",
        ),
        ("[{\"TelSysID\":1},{\"TelSysID\":\"1\"}]", "entry 2: TelSys 1 stands in entry 1 already"),
        ("[{\"TelSysID\":true}]", "entry 1: TelSysID must be a text or a number"),
        ("[{\"TelSysID\":1.5}]", "entry 1: TelSysID must be a number from 1 to 2147483647"),
        ("[{\"TelSysID\":1,\"Description\":7}]", "entry 1: Description must be a text"),
        (
            "[{\"TelSysID\":1,\"PartIDInTelSys\":1,\"DeviceNumber\":101}]",
            "entry 1: DeviceNumber must be a text in quotes: a number would lose its leading zeros",
        ),
        ("[{\"TelSysID\":1,\"TelSysID\":2}]", "entry 1: the file is no JSON: the key is given twice"),
        ("[", "entry 1: the file is no JSON: the text ends too early"),
    ] {
        let found = faults(Format::Json, text);
        assert!(found.len() == 1 && found[0].starts_with(expected), "{text}: {found:?}");
    }
}

#[test]
fn beside_other_faults_missing_parents_are_told_but_not_of_rows_whose_parents_are_faulty() {
    let long = "x".repeat(1_025);
    let text = csv(&format!("8,1,1,a,\n9,,,{long},\n9,1,,fine,\n"));
    let faults = Format::Csv.read(&text).listing_for(&DirectoryState::<()>::default()).unwrap_err();
    assert_eq!(
        faults.lines(),
        "line 2: its telephone system is neither in the file nor in the directory\n\
         line 3: Description is 1025 characters long, at most 1024 are allowed"
    );
    // Alone they are the decider's to tell.
    let alone = Format::Csv.read(&csv("8,1,1,a,\n")).listing_for(&DirectoryState::<()>::default());
    assert_eq!(alone.unwrap().len(), 1);
}

#[test]
fn of_many_faults_the_first_are_kept_and_all_are_counted() {
    let faults = Format::Csv.read(&csv(&"x,,,,\n".repeat(500))).listing().unwrap_err();
    assert_eq!((faults.total(), faults.iter().count()), (500, 100));
    let (told, more) =
        faults.to_string().rsplit_once("; ").map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    assert_eq!((told.matches("line ").count(), more.as_str()), (20, "and 480 more"));
    assert!(told.starts_with("line 2: ") && told.contains("; line 21: "), "{told}");
}

#[test]
fn what_is_written_is_read_as_the_same() {
    let texts = ["", " ", "a,b", "\"", "\"\"", "a\r\nb", "\r", "\n", ",", "ß", "'", "\t"];
    let mut sheet = Sheet::default().text().to_owned();
    let mut expected = Vec::new();
    for (number, text) in (1..).zip(texts) {
        let telsys = crmconf_events::TelSysId::new(number).unwrap();
        let text = crmconf_events::DirectoryText::new(text).unwrap();
        let entry = DirectoryEntry::TelSys { telsys, description: text.clone(), environment: text };
        sheet.push_str(&Sheet::entry_row(&entry.id(), &entry));
        expected.push(entry);
    }
    let listing = Format::Csv.read(&sheet).listing().unwrap();
    let found: Vec<_> = listing.from(0).map(|(_, listed)| listed.entry.clone()).collect();
    assert_eq!(found, expected);
}

#[test]
fn the_memory_of_small_rows_is_counted_as_what_they_become() {
    let rows: String = (1..=1_000).map(|id| format!("{id},,,,\n")).collect();
    assert!(Format::Csv.memory(&csv(&rows)) >= 1_000 * size_of::<ListedEntry>());
    let objects = format!("[{}{{}}]", "{\"a\":0},".repeat(999));
    assert!(Format::Json.memory(&objects) >= 1_000 * (size_of::<ListedEntry>() + OBJECT_BYTES));
    // A file as long as a request can hold it, of the shortest rows or of nothing, is not too much.
    for text in ["1,,,,\n", "\n", "x\n"].map(|row| row.repeat((1 << 20) / row.len())) {
        assert!(Format::Csv.memory(&text) < 48 << 20, "{}", Format::Csv.memory(&text));
    }
}
