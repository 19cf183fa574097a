//! Whoever was told of a change sees it at once, however many write.

use super::{ADD, CHANGE, DELETE, INFO, LIST, column};
use crate::harness::{Server, add_payload, property, triple};

const WRITERS: usize = 8;
const ROUNDS: usize = 8;

#[test]
fn each_of_eight_writers_sees_its_own_changes_at_once() {
    let server = Server::demo();
    let sessions: Vec<_> =
        (0..WRITERS).map(|_| (server.session("editor"), server.session("viewer"))).collect();
    std::thread::scope(|scope| {
        for (writer, (editor, viewer)) in sessions.iter().enumerate() {
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    let description = format!("writer {writer} round {round};");
                    let scope = triple("1", "1", "");
                    let added = editor.call(ADD, &add_payload(&scope, &description)).expect_success();
                    let search = property("SearchQuery", &description);
                    let listed = viewer.call(LIST, &search).expect_success();
                    assert_eq!(column(&listed, "CRMConfigurationID"), [added.configuration_id()]);
                    let named = scope + &property("CRMConfigurationID", &added.configuration_id());
                    let renamed = format!("{description} renamed");
                    editor
                        .call(CHANGE, &(named.clone() + &property("Description", &renamed)))
                        .expect_success();
                    let info = viewer.call(INFO, &named).expect_success();
                    assert_eq!(info.property("Description").as_ref(), Some(&renamed));
                    if round % 2 == 1 {
                        editor.call(DELETE, &named).expect_success();
                        viewer.call(INFO, &named).expect_code(31003);
                    }
                }
            });
        }
    });
    let left = server.session("viewer").call(LIST, "").expect_success();
    assert_eq!(left.property("Total"), Some((WRITERS * ROUNDS / 2).to_string()));
    let ids = column(&left, "CRMConfigurationID");
    let unique: std::collections::BTreeSet<_> = ids.iter().collect();
    assert_eq!(unique.len(), ids.len(), "no id was given out twice");
}
