//! What a template marks as a password is known also to a start at which the template cannot be had.

use super::*;

#[test]
fn what_became_a_password_stays_withheld_where_the_folder_is_gone_at_the_next_start() {
    let mut world = World::with_a();
    let editor = world.editor();
    let added = payload("A", "One", "of a") + &property("ReturnID", "true");
    let id = editor.call(ADD, &added).expect_success().configuration_id();
    let info = triple("1", "1", "") + &property("CRMConfigurationID", &id);
    let shown = |world: &World| {
        let reply = world.server.session("viewer").call("CRMConfigurationInfo", &info).expect_success();
        reply.body.contains("Name=\"One\"")
    };
    assert!(shown(&world), "it is no password yet");

    let marked = template("A", "2", "One").replace("\"string\"", "\"string\",\"format\":\"password\"");
    world.write("A.json", &marked);
    world.wait(&editor, "A", "2");
    assert!(!shown(&world), "it is withheld at once");
    // Nothing is written under it; the server records it by itself.
    let journal = world.server.data.join("journal/00000001.crmj");
    world.server.wait_until(|| {
        let bytes = fs::read(&journal).unwrap();
        bytes.windows(18).filter(|window| window == b"\"TemplateRecorded\"").count() == 2
    });

    world.server.kill_nine();
    fs::rename(&world.folder, world.folder.with_extension("away")).unwrap();
    world.server.restart();
    assert_eq!(told(&world.editor(), "A"), "31001");
    assert!(!shown(&world), "it is withheld though nobody can tell what today's template says");
}
