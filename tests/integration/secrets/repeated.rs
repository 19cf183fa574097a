//! RequestKey with passwords: a retry, from whatever session, is told from another request by the values themselves.

use super::*;

fn outcome(reply: &Reply) -> (Option<String>, Option<String>) {
    (reply.property("CRMConfigurationID"), reply.property("Version"))
}

/// A world in which the editor has a second session, and that session.
async fn with_two_sessions() -> (World, usize) {
    let mut world = World::new().await;
    let elsewhere = world.service.sign_in_again(EDITOR);
    (world, elsewhere)
}

fn keyed(key: &str) -> String {
    property("RequestKey", key) + &property("ReturnID", "true")
}

#[actix_web::test]
async fn a_retried_add_is_the_same_only_with_the_same_passwords() {
    let (world, elsewhere) = with_two_sessions().await;
    let add = |session: usize, clear: &[(&str, &str)], passwords: &[(&str, &str)]| {
        World::adding("one", &world.part(session, clear, passwords)) + &keyed("k")
    };
    let first = world.call(EDITOR, ADD, &add(EDITOR, &[], &[("First", PLAIN)])).await.expect_success();
    let last = world.last();
    for session in [EDITOR, elsewhere] {
        let again = world.call(session, ADD, &add(session, &[], &[("First", PLAIN)])).await.expect_success();
        assert_eq!((outcome(&again), again.configuration_id()), (outcome(&first), first.configuration_id()));
        for other in [
            add(session, &[], &[("First", "another")]),
            add(session, &[], &[("Second", PLAIN)]),
            add(session, &[], &[("First", PLAIN), ("Second", PLAIN)]),
            add(session, &[("Zone", "\"z\"")], &[("First", PLAIN)]),
            add(session, &[], &[]),
        ] {
            world.call(session, ADD, &other).await.expect_code(31101);
        }
    }
    // Another account's key is another key, and there it is a duplicate.
    world.call(ADMIN, ADD, &add(ADMIN, &[], &[("First", PLAIN)])).await.expect_code(31000);
    // Its password has changed since, and the configuration has gone: the first request is still the first.
    let named = triple("1", "1", "") + &property("CRMConfigurationID", &first.configuration_id());
    world.change(&named, &world.part(EDITOR, &[], &[("First", "later")])).await.expect_success();
    let again = world.call(elsewhere, ADD, &add(elsewhere, &[], &[("First", PLAIN)])).await.expect_success();
    assert_eq!(outcome(&again), outcome(&first));
    world.call(elsewhere, ADD, &add(elsewhere, &[], &[("First", "later")])).await.expect_code(31101);
    world.call(EDITOR, "CRMConfigurationDelete", &named).await.expect_success();
    let again = world.call(EDITOR, ADD, &add(EDITOR, &[], &[("First", PLAIN)])).await.expect_success();
    assert_eq!(outcome(&again), outcome(&first));
    assert_eq!(world.last(), last + 2, "nothing but the Change and the Delete");
}

#[actix_web::test]
async fn a_retried_change_is_the_same_also_where_it_changed_nothing() {
    let (world, elsewhere) = with_two_sessions().await;
    let named = world.add("one", &[("First", "a")]).await;
    for (key, password) in [("new", "b"), ("equal", "b")] {
        let change = |session: usize, text: &str| {
            named.clone() + &world.part(session, &[], &[("First", text)]) + &keyed(key)
        };
        let first = world.call(EDITOR, CHANGE, &change(EDITOR, password)).await.expect_success();
        let last = world.last();
        for session in [elsewhere, EDITOR] {
            let again = world.call(session, CHANGE, &change(session, password)).await.expect_success();
            assert_eq!(outcome(&again), outcome(&first), "{key}");
            world.call(session, CHANGE, &change(session, PLAIN)).await.expect_code(31101);
            let without = named.clone() + &world.part(session, &[], &[]) + &keyed(key);
            world.call(session, CHANGE, &without).await.expect_code(31101);
            let removed = named.clone() + &world.part(session, &[("First", "null")], &[]) + &keyed(key);
            world.call(session, CHANGE, &removed).await.expect_code(31101);
        }
        assert_eq!(world.last(), last, "{key}");
    }
    // A removal is no secret: its retry is the same.
    let remove = named.clone() + &world.part(EDITOR, &[("First", "null")], &[]) + &keyed("remove");
    let first = world.call(EDITOR, CHANGE, &remove).await.expect_success();
    let last = world.last();
    assert_eq!(outcome(&world.call(elsewhere, CHANGE, &remove).await.expect_success()), outcome(&first));
    assert_eq!(world.last(), last);
}

#[actix_web::test]
async fn the_bytes_of_another_session_are_no_retry() {
    let (world, elsewhere) = with_two_sessions().await;
    let add = World::adding("one", &world.part(EDITOR, &[], &[("First", PLAIN)])) + &keyed("k");
    world.call(EDITOR, ADD, &add).await.expect_success();
    let last = world.last();
    world.call(elsewhere, ADD, &add).await.expect_code(31101);
    world.call(elsewhere, ADD, &add.replace(&keyed("k"), "")).await.expect_code(31006);
    assert_eq!(world.last(), last);
}

#[actix_web::test]
async fn a_retry_is_recognised_while_its_template_cannot_be_had() {
    let (world, elsewhere) = with_two_sessions().await;
    let part = |session: usize, text: &str| world.part(session, &[], &[("First", text), ("Ruled", "abcd")]);
    let add = |session: usize, text: &str| World::adding("one", &part(session, text)) + &keyed("add");
    let added = world.call(EDITOR, ADD, &add(EDITOR, PLAIN)).await.expect_success();
    let named = triple("1", "1", "") + &property("CRMConfigurationID", &added.configuration_id());
    let change = |session: usize, text: &str| named.clone() + &part(session, text) + &keyed("change");
    let changed = world.call(EDITOR, CHANGE, &change(EDITOR, "new")).await.expect_success();
    let last = world.last();
    let stricter = FIELDS.replace("\"minLength\":4", "\"minLength\":5");
    for (set, code) in [
        (TemplateSet::unreachable(), 31001),
        (TemplateSet::clone(&templates("{")), 31001),
        (TemplateSet::builtin(), 31005),
        (TemplateSet::clone(&templates(&template(&stricter))), 31006),
    ] {
        world.service.app.templates.store(Arc::new(set));
        for session in [EDITOR, elsewhere] {
            let again = world.call(session, ADD, &add(session, PLAIN)).await.expect_success();
            assert_eq!(outcome(&again), outcome(&added), "{code}");
            let again = world.call(session, CHANGE, &change(session, "new")).await.expect_success();
            assert_eq!(outcome(&again), outcome(&changed), "{code}");
            world.call(session, ADD, &add(session, "another")).await.expect_code(31101);
            world.call(session, CHANGE, &change(session, "another")).await.expect_code(31101);
        }
        let fresh = World::adding("one", &part(EDITOR, PLAIN)) + &keyed("more");
        world.call(EDITOR, ADD, &fresh).await.expect_code(code);
    }
    assert_eq!(world.last(), last);
}

#[actix_web::test]
async fn a_retry_is_recognised_after_its_template_marks_the_field_no_more() {
    let (world, elsewhere) = with_two_sessions().await;
    let add = |session: usize, text: &str| {
        World::adding("one", &world.part(session, &[], &[("First", text)])) + &keyed("add")
    };
    let added = world.call(EDITOR, ADD, &add(EDITOR, PLAIN)).await.expect_success();
    let named = triple("1", "1", "") + &property("CRMConfigurationID", &added.configuration_id());
    world.take(
        &FIELDS.replace(r#""First": {"type":"string","format":"password"}"#, r#""First": {"type":"string"}"#),
    );
    // Its stored value is sealed: it is a password still, and so are these.
    let change = |session: usize, key: &str, text: &str| {
        named.clone() + &world.part(session, &[], &[("First", text)]) + &keyed(key)
    };
    let equal = world.call(EDITOR, CHANGE, &change(EDITOR, "equal", PLAIN)).await.expect_success();
    let changed = world.call(EDITOR, CHANGE, &change(EDITOR, "change", "new")).await.expect_success();
    let last = world.last();
    for session in [EDITOR, elsewhere] {
        let again = world.call(session, ADD, &add(session, PLAIN)).await.expect_success();
        assert_eq!(outcome(&again), outcome(&added));
        let again = world.call(session, CHANGE, &change(session, "equal", PLAIN)).await.expect_success();
        assert_eq!(outcome(&again), outcome(&equal));
        let again = world.call(session, CHANGE, &change(session, "change", "new")).await.expect_success();
        assert_eq!(outcome(&again), outcome(&changed));
        world.call(session, ADD, &add(session, "another")).await.expect_code(31101);
        for key in ["equal", "change"] {
            world.call(session, CHANGE, &change(session, key, "another")).await.expect_code(31101);
        }
    }
    assert_eq!(world.last(), last);
}

#[actix_web::test]
async fn a_retried_change_is_recognised_after_its_configuration_has_gone() {
    let (world, elsewhere) = with_two_sessions().await;
    let named = world.add("one", &[("First", "a")]).await;
    let change = |session: usize, text: &str| {
        named.clone() + &world.part(session, &[], &[("First", text)]) + &keyed("k")
    };
    let first = world.call(EDITOR, CHANGE, &change(EDITOR, PLAIN)).await.expect_success();
    world.call(EDITOR, "CRMConfigurationDelete", &named).await.expect_success();
    let again = world.call(elsewhere, CHANGE, &change(elsewhere, PLAIN)).await.expect_success();
    assert_eq!(outcome(&again), outcome(&first));
    world.call(elsewhere, CHANGE, &change(elsewhere, "b")).await.expect_code(31101);
}

#[actix_web::test]
async fn once_the_key_is_destroyed_the_other_properties_decide_alone() {
    let (world, elsewhere) = with_two_sessions().await;
    let add = |session: usize, clear: &str, text: &str| {
        let part = world.part(session, &[("Zone", clear)], &[("First", text)]);
        World::adding("one", &part) + &keyed("k")
    };
    let first = world.call(EDITOR, ADD, &add(EDITOR, "\"z\"", PLAIN)).await.expect_success();
    let named = triple("1", "1", "") + &property("CRMConfigurationID", &first.configuration_id());
    world.call(elsewhere, ADD, &add(elsewhere, "\"z\"", "another")).await.expect_code(31101);
    world.call(ADMIN, "CRMConfigurationShred", &named).await.expect_success();
    let last = world.last();
    for text in [PLAIN, "another"] {
        let again = world.call(elsewhere, ADD, &add(elsewhere, "\"z\"", text)).await.expect_success();
        assert_eq!(outcome(&again), outcome(&first));
    }
    world.call(elsewhere, ADD, &add(elsewhere, "\"y\"", PLAIN)).await.expect_code(31101);
    let without = World::adding("one", &world.part(EDITOR, &[("Zone", "\"z\"")], &[])) + &keyed("k");
    world.call(EDITOR, ADD, &without).await.expect_code(31101);
    assert_eq!(world.last(), last);
}
