//! What each change of the folder leads to.

use std::io::Write as _;
use std::thread::sleep;

use super::*;
use crate::harness::{CANARY, SUGAR};

#[test]
fn a_template_comes_changes_breaks_is_mended_and_goes_without_a_restart() {
    let mut world = World::with_a();
    let editor = world.editor();
    assert_eq!(told(&editor, "A"), "1");
    assert_eq!(told(&editor, SUGAR), "31005", "a folder's types are those of its files");
    assert_eq!(world.lines(&["INFO", "templates read", "usable=1", "refused=0"]), 1);
    editor.call(ADD, &payload("B", "Two", "of b")).expect_code(31005);

    world.write("B.json", &template("B", "1", "Two"));
    world.wait(&editor, "B", "1");
    let id = editor.call(ADD, &payload("B", "Two", "of b")).expect_success().configuration_id();
    editor.call(ADD, &payload("B", "Three", "more of b")).expect_code(31006);

    world.write("B.json", &template("B", "2", "Three"));
    world.wait(&editor, "B", "2");
    editor.call(ADD, &payload("B", "Three", "more of b")).expect_success();

    world.write("B.json", "{\"CRMType\":\"B\"");
    world.server.wait_until(|| world.lines(&["ERROR", "template refused", "B.json"]) > 0);
    sleep(THREE_LOOKS);
    assert_eq!(world.lines(&["template refused"]), 1, "it is told once, not at each look");
    assert_eq!(told(&editor, "B"), "2", "its last good version goes on serving");
    editor.call(ADD, &payload("B", "Three", "while it is bad")).expect_success();

    // As editors and deployments do it.
    world.write(".B.json.new", &template("B", "3", "Three"));
    fs::rename(world.folder.join(".B.json.new"), world.folder.join("B.json")).unwrap();
    world.wait(&editor, "B", "3");

    fs::remove_file(world.folder.join("B.json")).unwrap();
    world.wait(&editor, "B", "31005");
    assert_eq!(world.lines(&["WARN", "template removed", "B.json"]), 1);
    let named = triple("1", "1", "") + &property("CRMConfigurationID", &id);
    editor.call("CRMConfigurationInfo", &named).expect_success();
    let change = named.clone() + &container("CRMConfiguration", "{}");
    editor.call("CRMConfigurationChange", &change).expect_code(31005);
    editor.call("CRMConfigurationDelete", &named).expect_success();
    assert_eq!(told(&editor, "A"), "1", "none of it concerned another type");
    assert!(world.server.terminate().success(), "{}", world.server.log_text());
}

#[test]
fn a_file_that_is_written_slowly_is_not_taken_before_it_is_whole() {
    let world = World::with_a();
    let editor = world.editor();
    for (name, before, half_written) in [("A", "1", "1"), ("B", "31005", "31001")] {
        let whole = template(name, "2", "Slow");
        let path = world.folder.join(format!("{name}.json"));
        let mut file = fs::File::create(&path).unwrap();
        let (start, rest) = whole.split_at(whole.len() / 2);
        for piece in start.as_bytes().chunks(start.len() / 6 + 1) {
            // Before each look finds another file than the last.
            file.write_all(piece).unwrap();
            sleep(Duration::from_millis(300));
            assert!([before, half_written].contains(&told(&editor, name).as_str()), "{name}");
        }
        world.wait(&editor, name, half_written);
        sleep(THREE_LOOKS);
        assert_eq!(told(&editor, name), half_written, "a half stays a half however long it stands");
        file.write_all(rest.as_bytes()).unwrap();
        drop(file);
        world.wait(&editor, name, "2");
        editor.call(ADD, &payload(name, "Slow", name)).expect_success();
    }
}

#[test]
fn a_folder_that_vanishes_leaves_its_templates_serving_and_is_read_again_when_it_is_back() {
    let mut world = World::with_a();
    let editor = world.editor();
    let aside = world.folder.with_extension("aside");
    fs::rename(&world.folder, &aside).unwrap();
    world.server.wait_until(|| world.lines(&["ERROR", "cannot be read", "goes on serving"]) == 1);
    sleep(THREE_LOOKS);
    assert_eq!(world.lines(&["cannot be read"]), 1, "it is told once");
    editor.call(ADD, &payload("A", "One", "while the folder is away")).expect_success();
    fs::write(aside.join("A.json"), template("A", "2", "One")).unwrap();
    fs::rename(&aside, &world.folder).unwrap();
    world.wait(&editor, "A", "2");

    // After a restart without it nothing is known of any type, and everything else goes on.
    fs::rename(&world.folder, &aside).unwrap();
    assert!(world.server.terminate().success());
    world.server.restart();
    let editor = world.editor();
    assert_eq!(world.lines(&["ERROR", "cannot be read", "31001"]), 1);
    assert_eq!(told(&editor, "A"), "31001");
    editor.call("CRMTypeList", "").expect_code(31001);
    editor.call(ADD, &payload("A", "One", "after the restart")).expect_code(31001);
    let listed = editor.call("CRMConfigurationList", "").expect_success();
    assert!(listed.body.contains("while the folder is away"), "{}", listed.body);
    fs::rename(&aside, &world.folder).unwrap();
    world.wait(&editor, "A", "2");
    editor.call(ADD, &payload("A", "One", "after the restart")).expect_success();
}

#[test]
fn files_bad_at_the_start_are_refused_alone_and_named_with_what_is_wrong() {
    let world = World::serve(|folder| {
        fs::create_dir(folder).unwrap();
        fs::write(folder.join("Good.json"), template("Good", "1", "One")).unwrap();
        fs::write(folder.join("Half.json"), "{\"CRMType\":").unwrap();
        fs::write(folder.join("Named.json"), template("Otherwise", "1", "One")).unwrap();
        fs::write(folder.join("Line\nBreak.json"), "{}").unwrap();
        fs::write(folder.join(".Good.json.swp"), "{").unwrap();
    });
    let editor = world.editor();
    for (crm_type, expected) in
        [("Good", "1"), ("Half", "31001"), ("Named", "31001"), ("Otherwise", "31005"), (".Good", "31005")]
    {
        assert_eq!(told(&editor, crm_type), expected, "{crm_type}");
    }
    assert_eq!(world.lines(&["templates read", "usable=1", "refused=3"]), 1);
    for words in
        [["Half.json", "no valid JSON"], ["Named.json", "Otherwise"], ["Line\\nBreak.json", "missing"]]
    {
        assert_eq!(world.lines(&["ERROR", "template refused", words[0], words[1]]), 1, "{words:?}");
    }
    let listed = editor.call("CRMTypeList", &property("Sort", "Usable:DESC")).expect_success();
    assert_eq!(listed.property("CRMType").as_deref(), Some("Good"));
    assert_eq!(listed.body.matches("<Property Name=\"Usable\">false<").count(), 3, "{}", listed.body);
}

#[test]
fn a_text_changed_under_its_old_version_is_recorded_anew() {
    let world = World::with_a();
    let editor = world.editor();
    editor.call(ADD, &payload("A", "One", "by the first")).expect_success();
    editor.call(ADD, &payload("A", "One", "by the first too")).expect_success();
    world.write("A.json", &template("A", "1", "Two"));
    world.server.wait_until(|| world.lines(&["template taken over", "A.json"]) == 1);
    editor.call(ADD, &payload("A", "One", "refused")).expect_code(31006);
    editor.call(ADD, &payload("A", "Two", "by the second")).expect_success();
    let output = world.server.run(&["replay", "--format", "json"]);
    let state: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let recorded: Vec<_> = state["templates"].as_array().unwrap().iter().collect();
    assert_eq!(recorded.len(), 2, "{recorded:?}");
    assert!(recorded.iter().all(|template| template["version"] == "1"), "{recorded:?}");
    assert_ne!(recorded[0]["digest"], recorded[1]["digest"]);
}

#[test]
fn nothing_that_is_said_about_a_template_holds_a_value_that_a_client_sent() {
    let world = World::with_a();
    let editor = world.editor();
    let refused = |code: u32, crm_type: &str, field: &str| {
        let reply = editor.call(ADD, &with_value(crm_type, field, "x", CANARY)).expect_code(code);
        assert!(!reply.body.contains(CANARY), "{}", reply.body);
    };
    refused(31006, "A", "Other");
    refused(31005, "B", "One");
    world.write("B.json", "{");
    world.wait(&editor, "B", "31001");
    refused(31001, "B", "One");
    let reply = editor.call("CRMTypeInfo", &property("CRMType", CANARY)).expect_code(31005);
    assert!(!reply.body.contains(CANARY), "{}", reply.body);
    // The log is searched when the server goes away.
}
