//! Who may do what where: role × scope of the grant × scope asked, for the operations on configurations; role × scope of
//! the grant for those of administration. Each cell is asserted.
//!
//! The tables below are written by hand from the API's page, "Roles and grants". Nothing here asks the code.

mod accounts;
mod answers;
mod crm_types;
mod every_operation;
mod hidden;
mod keys;
mod secrets;
mod several;

use std::sync::Arc;

use crmconf_events::access::{Grant, Role};
use crmconf_events::log::MemoryLog;

use crate::harness::{Reply, add_payload, property, triple};
use crate::inprocess::{Beside, InProcess, STORE, directory, found, grant, own_vault, scope};

/// A scope as requests name it: every TelSys by the sentinel.
type Asked = (u32, u32, &'static str);

const EVERY: Asked = (0, 0, "");

/// The scopes asked; at each stands one configuration, described by its place here.
const ASKED: [Asked; 10] = [
    EVERY,
    (1, 0, ""),
    (1, 1, ""),
    (1, 1, "01"),
    (1, 1, "02"),
    (1, 2, ""),
    (1, 2, "01"),
    (2, 0, ""),
    (2, 1, ""),
    (2, 1, "01"),
];

/// The scopes of grants: one of each kind.
const GRANTED: [Asked; 4] = [EVERY, (1, 0, ""), (1, 1, ""), (1, 1, "01")];

/// What Info and List answer, for every role: a row for each scope granted, a column for each scope asked; 0 is success.
const READING: [[u32; 10]; 4] = [
    [0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0, 0, 0, 10511, 10511, 10511],
    [0, 0, 0, 0, 0, 10512, 10512, 10511, 10511, 10511],
    [0, 0, 0, 0, 10701, 10512, 10512, 10511, 10511, 10511],
];

/// What Add, Change and Delete answer to roles that may write.
const WRITING: [[u32; 10]; 4] = [
    [0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    [10700, 0, 0, 0, 0, 0, 0, 10511, 10511, 10511],
    [10700, 10515, 0, 0, 0, 10512, 10512, 10511, 10511, 10511],
    [10700, 10515, 10515, 0, 10701, 10512, 10512, 10511, 10511, 10511],
];

/// What Add, Change and Delete answer to roles that may only read.
const WRITING_REFUSED: [[u32; 10]; 4] = [
    [10515, 10515, 10515, 10515, 10515, 10515, 10515, 10515, 10515, 10515],
    [10700, 10515, 10515, 10515, 10515, 10515, 10515, 10511, 10511, 10511],
    [10700, 10515, 10515, 10515, 10515, 10512, 10512, 10511, 10511, 10511],
    [10700, 10515, 10515, 10515, 10701, 10512, 10512, 10511, 10511, 10511],
];

/// An Administrator holds everything and nothing less; the other roles stand on each kind of scope.
const ROLES: [(Role, bool, &[usize]); 5] = [
    (Role::Viewer, false, &[0, 1, 2, 3]),
    (Role::Client, false, &[0, 1, 2, 3]),
    (Role::Editor, true, &[0, 1, 2, 3]),
    (Role::Auditor, false, &[0, 1, 2, 3]),
    (Role::Administrator, true, &[0]),
];

/// The account that sets everything up; those of the matrix follow it.
const ADMIN: usize = 0;

/// An account of the matrix.
struct Holder {
    account: usize,
    role: Role,
    writes: bool,
    granted: usize,
}

struct Matrix {
    service: InProcess,
    holders: Vec<Holder>,
    /// The id of the configuration at each scope asked.
    ids: Vec<String>,
}

fn at((telsys, partition, device): Asked) -> crmconf_events::Scope {
    scope(telsys, partition, device)
}

/// The ids of a scope as properties; what is not named is left out, except `TelSysID`.
fn ids_of((telsys, partition, device): Asked) -> String {
    let number = |id: u32| if id == 0 { String::new() } else { id.to_string() };
    let telsys = if telsys == 0 { "-1".to_owned() } else { telsys.to_string() };
    triple(&telsys, &number(partition), device)
}

fn located(id: &str, asked: Asked) -> String {
    property("CRMConfigurationID", id) + &ids_of(asked)
}

/// Serves these accounts over a directory that knows every scope asked, and nothing else.
async fn serve(accounts: &[Vec<Grant>]) -> InProcess {
    let log = Arc::new(MemoryLog::new(STORE));
    let entries: Vec<_> =
        ASKED[1..].iter().map(|&(telsys, partition, device)| (telsys, partition, device, "entry")).collect();
    found(&*log, accounts, directory(&entries));
    // Some destroy keys, and the vault that tests share is to lack none.
    let beside = Beside { vault: own_vault(), ..Beside::default() };
    InProcess::start_with(log, accounts.len(), beside).await
}

/// Adds one configuration at each of these scopes, described by its place, and returns their ids.
async fn add_at(service: &InProcess, scopes: &[Asked]) -> Vec<String> {
    let mut ids = Vec::new();
    for asked in scopes {
        let place = ASKED.iter().position(|found| found == asked).unwrap();
        let payload = add_payload(&ids_of(*asked), &format!("place {place}"));
        let reply = service.call(ADMIN, "CRMConfigurationAdd", &payload).await.expect_success();
        ids.push(reply.configuration_id());
    }
    ids
}

fn everything() -> Vec<Grant> {
    vec![grant(Role::Administrator, at(EVERY))]
}

impl Matrix {
    async fn new() -> Self {
        let mut accounts = vec![everything()];
        let mut holders = Vec::new();
        for (role, writes, granted) in ROLES {
            for &granted in granted {
                holders.push(Holder { account: accounts.len(), role, writes, granted });
                accounts.push(vec![grant(role, at(GRANTED[granted]))]);
            }
        }
        let service = serve(&accounts).await;
        let ids = add_at(&service, &ASKED).await;
        Self { service, holders, ids }
    }

    async fn call(&self, account: usize, operation: &str, payload: &str) -> Reply {
        self.service.call(account, operation, payload).await
    }

    async fn list(&self, account: usize, payload: &str) -> String {
        self.call(account, "CRMConfigurationList", payload).await.expect_success().body
    }
}

/// Asserts a cell; 0 is success.
#[track_caller]
fn assert_cell(reply: &Reply, expected: u32, cell: &str) {
    assert_eq!(reply.code(), expected, "{cell}: {}", reply.body);
    assert_eq!(reply.is_success(), expected == 0, "{cell}: {}", reply.body);
    assert_eq!(reply.status, 200, "{cell}");
}

#[actix_web::test]
async fn reading_is_allowed_exactly_at_below_and_above_a_grant() {
    let matrix = Matrix::new().await;
    let mut cells = 0;
    for Holder { account, role, granted, .. } in &matrix.holders {
        for (place, asked) in ASKED.into_iter().enumerate() {
            let expected = READING[*granted][place];
            let cell = format!("{role:?} on {:?} asks for {asked:?}", GRANTED[*granted]);
            let info = located(&matrix.ids[place], asked);
            let reply = matrix.call(*account, "CRMConfigurationInfo", &info).await;
            assert_cell(&reply, expected, &format!("Info: {cell}"));
            if expected == 0 {
                let admins = matrix.call(ADMIN, "CRMConfigurationInfo", &info).await;
                assert_eq!(reply.body, admins.body, "{cell}");
            }
            let reply = matrix.call(*account, "CRMConfigurationList", &ids_of(asked)).await;
            assert_cell(&reply, expected, &format!("List: {cell}"));
            cells += 2;
        }
    }
    assert_eq!(cells, 17 * 10 * 2);
}

#[actix_web::test]
async fn writing_is_allowed_exactly_at_and_below_the_grant_of_a_role_that_writes() {
    let matrix = Matrix::new().await;
    let mut cells = 0;
    for Holder { account, role, writes, granted } in &matrix.holders {
        let table = if *writes { &WRITING } else { &WRITING_REFUSED };
        for (place, asked) in ASKED.into_iter().enumerate() {
            let expected = table[*granted][place];
            let cell = format!("{role:?} on {:?} asks for {asked:?}", GRANTED[*granted]);
            let before = matrix.service.dump();
            let payload = add_payload(&ids_of(asked), &cell);
            let reply = matrix.call(*account, "CRMConfigurationAdd", &payload).await;
            assert_cell(&reply, expected, &format!("Add: {cell}"));
            // What the account may write is its own from here on; what it may not is what stands there.
            let id = reply.headers.get("x-crmconfigurationid").unwrap_or(&matrix.ids[place]);
            for operation in ["CRMConfigurationChange", "CRMConfigurationDelete"] {
                let change = operation == "CRMConfigurationChange";
                let more =
                    if change { property("Description", &format!("{cell}, changed")) } else { String::new() };
                let reply = matrix.call(*account, operation, &(located(id, asked) + &more)).await;
                assert_cell(&reply, expected, &format!("{operation}: {cell}"));
            }
            if expected != 0 {
                assert_eq!(matrix.service.dump(), before, "{cell}: a refused request leaves no trace");
            }
            cells += 3;
        }
    }
    assert_eq!(cells, 17 * 10 * 3);
}

#[actix_web::test]
async fn the_directory_is_an_administrators_and_nobody_elses_whatever_is_asked() {
    let matrix = Matrix::new().await;
    let file = |rows: &str| {
        let header = "TelSysID,PartIDInTelSys,DeviceNumber,Description,CMEnvironmentID";
        property("CSV", &format!("{header}\n{rows}"))
    };
    // Each with the code that it leads to for who may ask it.
    let asked = [
        ("DirectoryList", String::new(), 0),
        ("DirectoryList", ids_of((1, 1, "01")), 0),
        ("DirectoryList", property("Nonsense", "1"), 10108),
        ("DirectoryList", ids_of((9, 0, "")), 11013),
        ("DirectoryImport", file("1,1,03,new,\n"), 0),
        ("DirectoryImport", file("1,1,03,new,\n") + &property("ValidateOnly", "true"), 0),
        ("DirectoryImport", file("1,1,03,,\n") + &property("Mode", "Remove"), 0),
        ("DirectoryImport", file("1,1,,,\n") + &property("Mode", "Remove"), 31204),
        ("DirectoryImport", file("9,1,,,\n"), 11013),
        ("DirectoryImport", file("x"), 10108),
        ("DirectoryImport", String::new(), 10107),
    ];
    let mut cells = 0;
    for Holder { account, role, granted, .. } in &matrix.holders {
        for (operation, payload, code) in &asked {
            let before = matrix.service.dump();
            let reply = matrix.call(*account, operation, payload).await;
            let expected = if *role == Role::Administrator { *code } else { 10313 };
            let cell = format!("{operation}: {role:?} on {:?} asks {payload}", GRANTED[*granted]);
            assert_cell(&reply, expected, &cell);
            if expected != 0 {
                assert_eq!(matrix.service.dump(), before, "{cell}: a refused request leaves no trace");
            }
            cells += 1;
        }
    }
    assert_eq!(cells, 17 * 11);
}

/// What a List shows without the ids that differ between two stores.
fn without_ids(body: &str, ids: &[String]) -> String {
    ids.iter().fold(body.to_owned(), |body, id| body.replace(id, "[id]"))
}

/// Questions that a List answers, in the order of creation or one that does not depend on ids.
fn questions() -> Vec<String> {
    let mut questions = vec![String::new(), property("CRMConfigurationFields", "TelSysID,CRMConfiguration")];
    questions.extend(["Description:DESC", "Description:ASC"].map(|sort| property("Sort", sort)));
    questions.extend(["place 1", "SUGAR", "nothing"].map(|text| property("SearchQuery", text)));
    for (offset, limit) in [("0", "0"), ("1", "1"), ("2", "3"), ("99", "1")] {
        questions.push(property("Offset", offset) + &property("Limit", limit));
    }
    for scope_match in ["Overlap", "Within", "Exact", "Applicable"] {
        for asked in ASKED {
            questions.push(ids_of(asked) + &property("ScopeMatch", scope_match));
        }
    }
    questions
}

#[actix_web::test]
async fn a_list_equals_the_list_of_a_store_that_holds_only_what_the_account_may_see() {
    let matrix = Matrix::new().await;
    for (granted, readable) in READING.iter().enumerate() {
        let visible: Vec<_> = ASKED.into_iter().zip(readable).filter(|(_, code)| **code == 0).collect();
        let visible: Vec<_> = visible.into_iter().map(|(asked, _)| asked).collect();
        // The other store has the same account, and never held the rest.
        let smaller = serve(&[everything(), vec![grant(Role::Viewer, at(GRANTED[granted]))]]).await;
        let smaller_ids = add_at(&smaller, &visible).await;
        for Holder { account, role, .. } in matrix.holders.iter().filter(|holder| holder.granted == granted) {
            for question in questions() {
                let reply = matrix.call(*account, "CRMConfigurationList", &question).await;
                let expected = smaller.call(1, "CRMConfigurationList", &question).await;
                let cell = format!("{role:?} on {:?} asks {question}", GRANTED[granted]);
                assert_eq!(
                    without_ids(&reply.body, &matrix.ids),
                    without_ids(&expected.body, &smaller_ids),
                    "{cell}"
                );
            }
        }
    }
}

#[actix_web::test]
async fn the_list_of_everything_shows_just_what_the_tables_say() {
    let matrix = Matrix::new().await;
    for Holder { account, granted, .. } in &matrix.holders {
        let body = matrix.list(*account, "").await;
        let visible: Vec<_> = READING[*granted].iter().map(|code| *code == 0).collect();
        for (place, visible) in visible.iter().enumerate() {
            assert_eq!(body.contains(&format!(">place {place}<")), *visible, "{place} to {granted}: {body}");
        }
        let total = visible.iter().filter(|visible| **visible).count();
        assert!(body.contains(&format!("<Property Name=\"Total\">{total}</Property>")), "{body}");
    }
}

#[actix_web::test]
async fn a_request_key_tells_nothing_about_another_account_s_requests() {
    let editor = || vec![grant(Role::Editor, at(EVERY))];
    let service = serve(&[everything(), editor(), editor()]).await;
    let keyed = |text: &str| add_payload(&ids_of(EVERY), text) + &property("RequestKey", "k");
    let first = service.call(1, "CRMConfigurationAdd", &keyed("a")).await.expect_success();
    service.call(1, "CRMConfigurationAdd", &keyed("b")).await.expect_code(31101);
    let second = service.call(2, "CRMConfigurationAdd", &keyed("b")).await.expect_success();
    assert_ne!(first.configuration_id(), second.configuration_id());
}
