//! The directory over the API: what an Administrator imports and lists, and what is refused of it.

mod command;
mod interrupted;
mod midway;

use std::sync::Arc;

use crmconf_events::access::Role;
use crmconf_events::log::MemoryLog;

use crate::harness::{add_payload, golden, property, redact, triple};
use crate::inprocess::{InProcess, STORE, directory, found, grant, scope};

const ADMIN: usize = 0;
const IMPORT: &str = "DirectoryImport";
const LIST: &str = "DirectoryList";
const HEADER: &str = "TelSysID,PartIDInTelSys,DeviceNumber,Description,CMEnvironmentID\n";

/// A service with an Administrator, and TelSys 1 with a partition and a device.
async fn service() -> InProcess {
    let log = Arc::new(MemoryLog::new(STORE));
    let accounts = [vec![grant(Role::Administrator, scope(0, 0, ""))]];
    let entries = [(1, 0, "", "main"), (1, 1, "", "floor"), (1, 1, "01", "Desk")];
    found(&*log, &accounts, directory(&entries));
    InProcess::start(log, 1).await
}

fn csv(rows: &str) -> String {
    property("CSV", &format!("{HEADER}{rows}"))
}

#[actix_web::test]
async fn an_import_answers_with_its_counts_and_the_list_shows_what_it_did() {
    let service = service().await;
    let rows =
        "2,,,second,env-2\n1,1,01,door,\n2,7,\"+44,1\",\"a \"\"b\"\" & <c>\",\n2,7,,seventh,\n1,1,,floor,\n";
    let reply = service.call(ADMIN, IMPORT, &csv(rows)).await.expect_success();
    golden("directory", "import_csv", &redact(&reply, &[]));
    let reply = service.call(ADMIN, LIST, "").await.expect_success();
    golden("directory", "list_after_import", &redact(&reply, &[]));
    let again = service.call(ADMIN, IMPORT, &csv(rows)).await.expect_success();
    golden("directory", "import_again", &redact(&again, &[]));

    let json = r#"[{"TelSysID":2,"PartIDInTelSys":"7"},{"TelSysID":"2","Description":"second"}]"#;
    let replace = property("JSON", json) + &property("Mode", "Replace") + &property("Reason", "tidied");
    let before = service.dump();
    let dry = service.call(ADMIN, IMPORT, &(replace.clone() + &property("ValidateOnly", "true"))).await;
    assert_eq!(service.dump(), before);
    let reply = service.call(ADMIN, IMPORT, &replace).await.expect_success();
    assert_eq!(reply.body, dry.expect_success().body);
    golden("directory", "import_json_replacing", &redact(&reply, &[]));
    assert_ne!(service.dump(), before);
    let remove = csv("2,7,,,\n2,,,,\n2,7,nobody,,\n") + &property("Mode", "Remove");
    let reply = service.call(ADMIN, IMPORT, &remove).await.expect_success();
    golden("directory", "import_removing", &redact(&reply, &[]));
}

#[actix_web::test]
async fn what_was_imported_is_there_for_configurations_at_once_and_what_they_use_stays() {
    let service = service().await;
    let at = triple("3", "1", "01");
    service.call(ADMIN, "CRMConfigurationAdd", &add_payload(&at, "x")).await.expect_code(11013);
    service.call(ADMIN, IMPORT, &csv("3,1,01,,\n3,1,,,\n3,,,three,env-3\n")).await.expect_success();
    let added = service.call(ADMIN, "CRMConfigurationAdd", &add_payload(&at, "x")).await.expect_success();
    let before = service.dump();
    for rows in ["3,1,01,,\n", "3,,,,\n3,1,,,\n3,1,01,,\n"] {
        let reply = service.call(ADMIN, IMPORT, &(csv(rows) + &property("Mode", "Remove"))).await;
        let reply = reply.expect_code(31204);
        let told =
            format!("TelSys 3 Partition 1 Device 01 has the CRM Configuration {}.", added.configuration_id());
        assert!(reply.body.contains(&told), "{}", reply.body);
    }
    let replace = csv("3,,,changed,\n") + &property("Mode", "Replace");
    service.call(ADMIN, IMPORT, &replace).await.expect_code(31204);
    let parent = csv("1,1,,,\n") + &property("Mode", "Remove");
    let reply = service.call(ADMIN, IMPORT, &parent).await.expect_code(31204);
    assert!(reply.body.contains("has TelSys 1 Partition 1 Device 01, which is to stay"), "{}", reply.body);
    assert_eq!(service.dump(), before);
}

#[actix_web::test]
async fn a_faulty_import_is_refused_whole_in_the_documented_order() {
    let service = service().await;
    let before = service.dump();
    let both = csv("") + &property("JSON", "[]");
    let faulty = csv("x,,,,\n9,1,,,\n1,1,02,fine,\n1,,,fine,");
    for (payload, code, told) in [
        (csv("") + &property("CVS", ""), 10108, "The property `CVS` is unknown."),
        (csv("") + &property("Mode", "merge"), 10108, "Mode must be Merge, Replace or Remove."),
        (csv("") + &property("ValidateOnly", "yes"), 10108, "ValidateOnly must be true or false."),
        (both, 10108, "CSV and JSON are both given"),
        (property("Mode", "Replace"), 10107, "CSV or JSON"),
        (property("CSV", ""), 10107, "CSV or JSON"),
        (property("CSV", "TelSysID"), 10108, "Nothing was imported: line 1: the header must be TelSysID,"),
        (property("JSON", "{}"), 10108, "entry 1: the file must be an array of objects"),
        (
            faulty,
            10108,
            "Nothing was imported: line 2: TelSysID must be a number from 1 to 2147483647; line 3: its telephone system \
             is neither in the file nor in the directory.",
        ),
        (
            csv("1,2,02,,\n9,1,,,\n"),
            11131,
            "Nothing was imported: line 2: its partition is neither in the file nor in the directory; line 3: its \
             telephone system is neither in the file nor in the directory.",
        ),
        (csv("9,2,02,,\n"), 11013, "line 2: its telephone system"),
        (property("JSON", "[{\"TelSysID\":9,\"PartIDInTelSys\":1}]"), 11013, "entry 1: its telephone system"),
        (property("TelSysID", "1"), 10108, "The property `TelSysID` is unknown."),
    ] {
        let reply = service.call(ADMIN, IMPORT, &payload).await.expect_code(code);
        let message = reply.property("ErrorMessage").unwrap();
        assert!(message.contains(told), "{message}");
        assert_eq!(reply.status, 200);
    }
    assert_eq!(service.dump(), before);
    let many: String = (0..30).map(|_| "x,,,,\n").collect();
    let message = service.call(ADMIN, IMPORT, &csv(&many)).await.property("ErrorMessage").unwrap();
    assert!(message.ends_with("; and 10 more."), "{message}");
    // It would take more memory than there may be for one of many requests.
    let objects = "{\"a\":1},".repeat(100_000);
    let small = format!("<Property Name=\"JSON\"><![CDATA[[{objects}{{}}]]]></Property>");
    let message = service.call(ADMIN, IMPORT, &small).await.expect_code(10108);
    assert!(message.body.contains("too many entries for one request"), "{}", message.body);
}

#[actix_web::test]
async fn the_list_filters_searches_sorts_and_pages_as_that_of_configurations_does() {
    let service = service().await;
    service.call(ADMIN, IMPORT, &csv("2,,,Straße,e\n10,,,b,\n2,1,,a,\n2,1,+1,A,\n")).await.expect_success();
    for (payload, total, expected) in [
        (
            String::new(),
            7,
            "1/-1/UnknownNoneOrAll 1/1/UnknownNoneOrAll 1/1/01 2/-1/UnknownNoneOrAll \
                            2/1/UnknownNoneOrAll 2/1/+1 10/-1/UnknownNoneOrAll",
        ),
        (triple("2", "1", ""), 3, "2/-1/UnknownNoneOrAll 2/1/UnknownNoneOrAll 2/1/+1"),
        (triple("2", "1", "") + &property("ScopeMatch", "Within"), 2, "2/1/UnknownNoneOrAll 2/1/+1"),
        (triple("2", "1", "") + &property("ScopeMatch", "Exact"), 1, "2/1/UnknownNoneOrAll"),
        (property("SearchQuery", "STRASSE"), 1, "2/-1/UnknownNoneOrAll"),
        (property("SearchQuery", "01"), 1, "1/1/01"),
        (
            property("Sort", "TelSysID:DESC") + &property("Limit", "3") + &property("Offset", "1"),
            7,
            "2/-1/UnknownNoneOrAll 2/1/UnknownNoneOrAll 2/1/+1",
        ),
        (
            property("Sort", "Description") + &property("Limit", "3"),
            7,
            "2/1/UnknownNoneOrAll 2/1/+1 10/-1/UnknownNoneOrAll",
        ),
        (property("Offset", "99"), 7, ""),
        (property("Limit", "0"), 7, ""),
    ] {
        let reply = service.call(ADMIN, LIST, &payload).await.expect_success();
        assert_eq!(reply.property("Total").unwrap(), total.to_string(), "{payload}");
        let rows: Vec<_> = reply.body.split("<Container>").skip(1).collect();
        let ids = rows.iter().map(|row| {
            let of = |name: &str| {
                let (_, rest) = row.split_once(&format!("Name=\"{name}\">")).unwrap();
                rest.split_once('<').unwrap().0.to_owned()
            };
            ["TelSysID", "PartIDInTelSys", "DeviceNumber"].map(of).join("/")
        });
        let expected = expected.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(ids.collect::<Vec<_>>().join(" "), expected, "{payload}");
    }
    for (payload, code) in [
        (property("Limit", "10001"), 10108),
        (property("Sort", "Version"), 10108),
        (property("ScopeMatch", "All"), 10108),
        (triple("", "1", ""), 10108),
        (triple("x", "", ""), 11012),
        (triple("9", "", ""), 11013),
        (triple("1", "9", ""), 11131),
        (triple("1", "1", "9"), 11161),
        (property("CRMType", "x"), 10108),
    ] {
        service.call(ADMIN, LIST, &payload).await.expect_code(code);
    }
}

#[actix_web::test]
async fn a_long_import_is_one_answer_and_several_commits() {
    let service = service().await;
    let rows: String = (0..3_000).map(|number| format!("1,1,{number:05},device,\n")).collect();
    let commits = || service.log.head().commit;
    let before = commits();
    let reply = service.call(ADMIN, IMPORT, &csv(&rows)).await.expect_success();
    assert_eq!(reply.property("DevicesAdded").as_deref(), Some("3000"));
    assert_eq!(commits(), before + 3);
    service.call(ADMIN, IMPORT, &csv(&rows)).await.expect_success();
    assert_eq!(commits(), before + 3, "nothing differs, and nothing is appended");
}
