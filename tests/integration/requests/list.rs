//! List: filters, search, sort, pages, fields, ids in the URL.

use std::collections::BTreeSet;

use super::{ADD, INFO, LIST, column, without_version};
use crate::harness::{
    Reply, SUGAR, Server, Session, Shared, Varying, add_payload, golden, post, property, redact, triple,
};

const SALESFORCE: &str = "CrmAddin.Salesforce.SalesforceAddin";

/// Description, type and scope of what there is, in the order of creation.
const ROWS: [(&str, &str, [&str; 3]); 7] = [
    ("Zeta", SUGAR, ["1", "1", "01234567102"]),
    ("alpha straße", SUGAR, ["-1", "", ""]),
    ("10", SUGAR, ["1", "1", "01234567101"]),
    ("Beta", SUGAR, ["2", "", ""]),
    ("zeta", SUGAR, ["1", "2", ""]),
    ("9", SALESFORCE, ["1", "1", ""]),
    ("émile", SUGAR, ["1", "", ""]),
];

/// Nobody changes anything in it.
static WORLD: Shared = Shared::new(world);

fn world() -> Server {
    let server = Server::demo();
    let admin = server.session("admin");
    for (description, crm_type, [telsys, partition, device]) in ROWS {
        let payload = add_payload(&triple(telsys, partition, device), description);
        admin.call(ADD, &payload.replace(SUGAR, crm_type)).expect_success();
    }
    server
}

/// The Descriptions of a List with these properties, in their order.
fn listed(session: &Session, payload: &str) -> Vec<String> {
    let reply = session.call(LIST, payload).expect_success();
    let rows = column(&reply, "Description");
    assert_eq!(reply.property("Total"), Some(rows.len().to_string()), "{payload}");
    rows
}

#[test]
fn without_sort_rows_come_in_the_order_of_creation() {
    let server = WORLD.get();
    assert_eq!(listed(&server.session("viewer"), ""), ROWS.map(|(description, ..)| description));
}

/// The place of a value among those that its field can have, in the order that the API documents.
fn rank(field: &str, value: &str) -> i64 {
    let texts: &[&str] = match field {
        "Description" => &["10", "9", "alpha straße", "Beta", "émile", "zeta", "Zeta"],
        "CRMType" => &[SALESFORCE, SUGAR],
        "TelSysDescription" => &["[None Or All Telephone Systems]", "1 - tel sys", "2 - tel sys"],
        "PartitionDescription" => &["[None Or All Partitions]", "1 Partition", "2 Partition"],
        "DeviceDescription" => &["01234567101", "01234567102", "None Or All Devices"],
        "CMEnvironmentID" => &["", "d6d6c5a5f0f90d60:-15617a00:169f533f6d5:5613"],
        "DeviceNumber" => &["01234567101", "01234567102", "UnknownNoneOrAll"],
        _ => return value.parse().unwrap(),
    };
    let place = texts.iter().position(|text| *text == value);
    i64::try_from(place.unwrap_or_else(|| panic!("{field} has no value {value:?}"))).unwrap()
}

#[test]
fn every_field_sorts_both_ways_with_ties_by_id_ascending() {
    let server = WORLD.get();
    let viewer = server.session("viewer");
    let fields = "CMEnvironmentID,TelSysID,PartIDInTelSys,DeviceNumber,Version";
    let sortable =
        ["Description", "CRMType", "TelSysDescription", "PartitionDescription", "DeviceDescription"];
    for field in sortable.into_iter().chain(fields.split(',')) {
        for (suffix, sign) in [("", 1), (":ASC", 1), (":DESC", -1)] {
            let payload =
                property("CRMConfigurationFields", fields) + &property("Sort", &format!("{field}{suffix}"));
            let reply = viewer.call(LIST, &payload).expect_success();
            let keys: Vec<_> = column(&reply, field)
                .iter()
                .map(|value| sign * rank(field, value))
                .zip(column(&reply, "CRMConfigurationID"))
                .collect();
            assert_eq!(keys.len(), ROWS.len(), "{field}{suffix}");
            assert!(keys.is_sorted(), "{field}{suffix}: {keys:?}");
        }
    }
    let mut ids = column(&viewer.call(LIST, &property("Sort", "CRMConfigurationID")), "CRMConfigurationID");
    assert!(ids.is_sorted(), "{ids:?}");
    ids.reverse();
    let descending = viewer.call(LIST, &property("Sort", "CRMConfigurationID:DESC"));
    assert_eq!(column(&descending, "CRMConfigurationID"), ids);
}

#[test]
fn what_cannot_be_sorted_by_is_refused_with_what_can() {
    let server = WORLD.get();
    let viewer = server.session("viewer");
    for bad in ["CRMConfiguration", "description", "Description:asc", "Description:UP", ":ASC", "Nothing"] {
        viewer.call(LIST, &property("Sort", bad)).expect_code(10108);
    }
    let reply = viewer.call(LIST, &property("Sort", "CRMConfigurationCommon:DESC"));
    golden("requests", "sort-by-a-container", &redact(&reply, &[]));
}

#[test]
fn scope_match_tells_how_the_ids_filter() {
    let server = WORLD.get();
    let viewer = server.session("viewer");
    let all = ROWS.map(|(description, ..)| description);
    let cases: [(&str, [&str; 3], &[&str]); 14] = [
        ("", ["1", "1", "01234567101"], &["alpha straße", "10", "9", "émile"]),
        ("Overlap", ["1", "1", "01234567101"], &["alpha straße", "10", "9", "émile"]),
        ("Overlap", ["1", "", ""], &["Zeta", "alpha straße", "10", "zeta", "9", "émile"]),
        ("Overlap", ["-1", "-1", "UnknownNoneOrAll"], &all),
        ("Overlap", ["", "", ""], &all),
        ("Within", ["", "", ""], &all),
        ("Within", ["1", "", ""], &["Zeta", "10", "zeta", "9", "émile"]),
        ("Within", ["1", "1", ""], &["Zeta", "10", "9"]),
        ("Within", ["1", "1", "01234567101"], &["10"]),
        ("Exact", ["1", "", ""], &["émile"]),
        ("Exact", ["1", "1", "UnknownNoneOrAll"], &["9"]),
        ("Exact", ["", "", ""], &["alpha straße"]),
        ("Applicable", ["1", "", ""], &["alpha straße", "émile"]),
        ("Applicable", ["1", "1", "01234567102"], &["Zeta", "alpha straße", "9", "émile"]),
    ];
    for (kind, [telsys, partition, device], expected) in cases {
        let kind_given = if kind.is_empty() { String::new() } else { property("ScopeMatch", kind) };
        let payload = triple(telsys, partition, device) + &kind_given;
        assert_eq!(listed(&viewer, &payload), expected, "{kind} {telsys}/{partition}/{device}");
    }
    viewer.call(LIST, &property("ScopeMatch", "within")).expect_code(10108);
    viewer.call(LIST, &(triple("1", "", "") + &property("DeviceNumber", "01234567101"))).expect_code(10108);
    viewer.call(LIST, &triple("9", "", "")).expect_code(11013);
}

#[test]
fn search_folds_case_and_composition_and_looks_at_types_too() {
    let server = WORLD.get();
    let viewer = server.session("viewer");
    let search = |text: &str| listed(&viewer, &property("SearchQuery", text));
    assert_eq!(search("STRASSE"), ["alpha straße"]);
    assert_eq!(search("straße"), ["alpha straße"]);
    assert_eq!(search("E\u{301}MILE"), ["émile"]);
    assert_eq!(search("ZET"), ["Zeta", "zeta"]);
    assert_eq!(search("salesFORCEaddin"), ["9"]);
    assert_eq!(search(" zeta"), Vec::<String>::new(), "the text is not trimmed");
    assert_eq!(search("a s"), ["alpha straße"]);
    assert_eq!(search("emile"), Vec::<String>::new(), "an accent is no case");
    assert_eq!(search("").len(), ROWS.len(), "empty counts as omitted");
}

#[test]
fn the_type_filters_under_both_of_its_names() {
    let server = WORLD.get();
    let viewer = server.session("viewer");
    for name in ["CrmType", "CRMType"] {
        assert_eq!(listed(&viewer, &property(name, SALESFORCE)), ["9"]);
        assert_eq!(listed(&viewer, &property(name, "crmaddin.salesforce.salesforceaddin")), [""; 0]);
        assert_eq!(listed(&viewer, &property(name, &"x".repeat(2_000))), [""; 0]);
    }
    let both = |second: &str| property("CrmType", SALESFORCE) + &property("CRMType", second);
    assert_eq!(listed(&viewer, &both(SALESFORCE)), ["9"]);
    viewer.call(LIST, &both(SUGAR)).expect_code(10108);
}

#[test]
fn pages_count_everything_and_end_quietly() {
    let server = WORLD.get();
    let viewer = server.session("viewer");
    let page = |offset: &str, limit: &str| {
        let reply = viewer.call(LIST, &(property("Offset", offset) + &property("Limit", limit)));
        let reply = reply.expect_success();
        assert_eq!(reply.property("Total").as_deref(), Some("7"), "{offset} {limit}");
        column(&reply, "Description")
    };
    assert_eq!(page("0", "2"), ["Zeta", "alpha straße"]);
    assert_eq!(page("5", "2"), ["9", "émile"]);
    assert_eq!(page("6", "10000"), ["émile"]);
    for (offset, limit) in [("7", "1"), ("18446744073709551615", "10000"), ("0", "0")] {
        assert_eq!(page(offset, limit), [""; 0], "{offset} {limit}");
    }
    let past = viewer.call(LIST, &property("Offset", "100"));
    golden("requests", "list-past-the-end", &redact(&past, &[]));
    let refused = viewer.call(LIST, &property("Limit", "10001")).expect_code(10108);
    assert!(refused.body.contains("10000"), "{}", refused.body);
    for bad in ["-1", "1.0", "ten", "+1", "18446744073709551616"] {
        viewer.call(LIST, &property("Limit", bad)).expect_code(10108);
        viewer.call(LIST, &property("Offset", bad)).expect_code(10108);
    }
}

/// A List with these elements under `Request`.
fn under_request(session: &Session, operation: &str, elements: &str, payload: &str) -> Reply {
    let body = session.request(operation, payload);
    session.send(&body.replace("<OperationPayload>", &format!("{elements}<OperationPayload>")))
}

#[test]
fn offset_and_limit_may_stand_under_request_or_in_the_payload() {
    let server = WORLD.get();
    let viewer = server.session("viewer");
    let elements = "<Offset> 1 </Offset><Limit>2</Limit>";
    let rows = |reply: Reply| column(&reply.expect_success(), "Description");
    assert_eq!(rows(under_request(&viewer, LIST, elements, "")), ["alpha straße", "10"]);
    let same = property("Offset", "1") + &property("Limit", "02");
    assert_eq!(rows(under_request(&viewer, LIST, elements, &same)), ["alpha straße", "10"]);
    under_request(&viewer, LIST, elements, &property("Limit", "3")).expect_code(10108);
    under_request(&viewer, LIST, "<Limit>10001</Limit>", "").expect_code(10108);
    let refused = under_request(&viewer, INFO, "<Limit>1</Limit>", &triple("1", "1", "")).expect_code(10108);
    assert!(refused.body.contains("Limit"), "{}", refused.body);
}

#[test]
fn ids_may_stand_in_the_url_where_a_plus_is_a_plus() {
    let server = WORLD.get();
    let viewer = server.session("viewer");
    let url = |operation: &str, query: &str, payload: &str| {
        let body = viewer.request(operation, payload);
        post(server.address, &format!("/api/xml?{query}"), &[], body.as_bytes()).unwrap()
    };
    let device = "TelSysID=1&PartIDInTelSys=1&DeviceNumber=01234567101";
    let exact = property("ScopeMatch", "Exact");
    let found = column(&url(LIST, device, &exact).expect_success(), "Description");
    assert_eq!(found, ["10"]);
    let mixed =
        url(LIST, "DeviceNumber=%301234567101&TelSysID=1", &(property("PartIDInTelSys", "1") + &exact));
    assert_eq!(column(&mixed.expect_success(), "Description"), ["10"]);
    url(LIST, device, &(triple("1", "1", "01234567101") + &exact)).expect_success();
    url(LIST, device, &triple("2", "", "")).expect_code(10108);
    // Were the plus a space, the two would differ.
    let plus = "TelSysID=1&PartIDInTelSys=1&DeviceNumber=+4420";
    url(LIST, plus, &property("DeviceNumber", "+4420")).expect_code(11161);
    url(LIST, "TelSysID=one", "").expect_code(11012);
    for bad in ["Limit=1", "telsysid=1", "TelSysID=1&TelSysID=1", "TelSysID=%zz", "x"] {
        url(LIST, bad, "").expect_code(10108);
    }
    url(INFO, "TelSysID=1", &property("CRMConfigurationID", "x")).expect_code(10108);
}

#[test]
fn fields_are_added_in_their_own_order_and_not_in_the_requests() {
    let server = WORLD.get();
    let viewer = server.session("viewer");
    let all = "CRMConfigurationCommon , CRMConfiguration,Version,DeviceNumber,PartIDInTelSys,TelSysID,\
               CMEnvironmentID,Description,Description";
    let payload = property("CRMConfigurationFields", all)
        + &triple("1", "1", "01234567101")
        + &property("ScopeMatch", "Exact");
    let reply = viewer.call(LIST, &payload).expect_success();
    let (id, version) = (reply.property("CRMConfigurationID").unwrap(), reply.property("Version").unwrap());
    let shape = without_version(&redact(&reply, &[Varying::Id(&id)]), &version);
    golden("requests", "list-with-every-field", &shape);
    let refused = viewer.call(LIST, &property("CRMConfigurationFields", "Description,Colour"));
    golden("requests", "list-with-an-unknown-field", &redact(&refused.expect_code(10108), &[]));
}

#[test]
fn an_editor_of_one_telsys_sees_no_other_in_rows_and_totals() {
    let server = WORLD.get();
    let seen: BTreeSet<_> = listed(&server.session("editor"), "").into_iter().collect();
    let expected: BTreeSet<_> =
        ROWS.map(|(description, ..)| description.to_owned()).into_iter().filter(|d| d != "Beta").collect();
    assert_eq!(seen, expected);
}
