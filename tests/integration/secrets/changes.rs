//! What a Change does to password fields: absent ones stay, `null` removes, equal ones change nothing, new ones
//! replace.

use super::*;

const AB: [(&str, &str); 2] = [("First", "a"), ("Second", "b")];

#[actix_web::test]
async fn absent_passwords_stay_null_removes_them_and_new_ones_replace() {
    let world = World::new().await;
    let named = world.add("one", &AB).await;
    world.assert_held(&world.passwords(CLIENT, &named).await, &AB);

    // A part without them replaces all else of it; a part that is absent leaves all of it.
    world.change(&named, &world.part(EDITOR, &[("Zone", "\"y\"")], &[])).await.expect_success();
    world.change(&named, &property("Description", "two")).await.expect_success();
    world.change(&named, &container("CRMConfigurationCommon", "{}")).await.expect_success();
    world.assert_held(&world.passwords(CLIENT, &named).await, &AB);
    let info = world.info(CLIENT, &named).await;
    assert_eq!((info.property("Between"), info.property("Zone").as_deref()), (None, Some("y")));

    world.change(&named, &world.part(EDITOR, &[], &[("First", "c")])).await.expect_success();
    world.assert_held(&world.passwords(CLIENT, &named).await, &[("First", "c"), ("Second", "b")]);
    world
        .change(&named, &world.part(EDITOR, &[("First", "null")], &[("Second", "d")]))
        .await
        .expect_success();
    world.assert_held(&world.passwords(CLIENT, &named).await, &[("Second", "d")]);
    world.change(&named, &world.part(EDITOR, &[("Second", "null")], &[])).await.expect_success();
    world.assert_held(&world.passwords(CLIENT, &named).await, &[]);
    let version = world.version(&named).await;
    world.change(&named, &world.part(EDITOR, &[("Second", "null")], &[])).await.expect_success();
    assert_eq!(world.version(&named).await, version, "what is not there is not removed");
}

#[actix_web::test]
async fn an_equal_password_changes_nothing_from_whatever_session() {
    let mut world = World::new().await;
    let elsewhere = world.service.sign_in_again(EDITOR);
    let named = world.add("one", &AB).await;
    let (version, last) = (world.version(&named).await, world.last());
    for session in [EDITOR, elsewhere, ADMIN] {
        for passwords in [&AB[..], &AB[..1], &[]] {
            let part = world.part(session, &[("Between", "\"x\"")], passwords);
            let payload = named.clone() + &part + &property("ReturnID", "true");
            let reply = world.call(session, CHANGE, &payload).await.expect_success();
            assert_eq!(reply.property("Version").as_ref(), Some(&version), "{passwords:?}");
        }
    }
    assert_eq!(world.last(), last, "nothing was appended");
    // The same text in the other field is another value.
    world
        .change(&named, &world.part(EDITOR, &[("Between", "\"x\"")], &[("Second", "a")]))
        .await
        .expect_success();
    assert_eq!(world.last(), last + 1);
    world.assert_held(&world.passwords(ADMIN, &named).await, &[("First", "a"), ("Second", "a")]);
}

#[actix_web::test]
async fn each_session_is_answered_under_its_own_key_and_both_values_open_to_the_same() {
    let mut world = World::new().await;
    let elsewhere = world.service.sign_in_again(CLIENT);
    let named = world.add("one", &[("First", PLAIN)]).await;
    let values: Vec<_> = {
        let mut values = Vec::new();
        for session in [CLIENT, elsewhere, EDITOR, ADMIN] {
            let value = world.info(session, &named).await.expect_success().property("First").unwrap();
            assert_eq!(world.service.open(session, "First", &value).as_deref(), Some(PLAIN));
            values.push(value);
        }
        values
    };
    for (place, value) in values.iter().enumerate() {
        assert!(!values[..place].contains(value), "each under its own key");
        assert!(value.starts_with("enc:v1:") && !value.contains('='), "{value}");
    }
    assert_eq!(world.service.open(elsewhere, "First", &values[0]), None);
    assert_eq!(world.service.open(CLIENT, "Second", &values[0]), None);
}

#[actix_web::test]
async fn info_has_password_fields_in_the_template_s_order() {
    let world = World::new().await;
    let clear = [("After", "1"), ("Between", "\"x\""), ("Zone", "\"z\"")];
    let part = world.part(EDITOR, &clear, &[("Second", "b"), ("First", "a")]);
    let added = world.call(EDITOR, ADD, &World::adding("one", &part)).await.expect_success();
    let named = triple("1", "1", "") + &property("CRMConfigurationID", &added.configuration_id());
    let names = |reply: &Reply| -> Vec<String> {
        let (_, part) = reply.body.split_once("<Container Name=\"CRMConfiguration\">").unwrap();
        let (part, _) = part.split_once("</Container>").unwrap();
        part.split("Name=\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
    };
    let client = world.info(CLIENT, &named).await.expect_success();
    assert_eq!(names(&client), ["Zone", "First", "Between", "Second", "After"]);
    assert!(client.headers["etag"].ends_with("-secrets\""));
    let viewer = world.info(VIEWER, &named).await.expect_success();
    assert_eq!(names(&viewer), ["Zone", "Between", "After"]);
}

#[actix_web::test]
async fn return_json_leaves_passwords_out_and_a_change_takes_it_unchanged() {
    let world = World::new().await;
    let named = world.add("one", &AB).await;
    let (version, last) = (world.version(&named).await, world.last());
    for session in WITH_SECRETS.into_iter().chain(WITHOUT_SECRETS) {
        let shown =
            world.info(session, &(named.clone() + &property("ReturnJSON", "true"))).await.expect_success();
        let (_, containers) = shown.body.split_once("<Container").unwrap();
        let (containers, _) = containers.split_once("</Success>").unwrap();
        assert!(!containers.contains("First") && containers.contains("Between"), "{containers}");
        world.change(&named, &format!("<Container{containers}")).await.expect_success();
    }
    assert_eq!((world.version(&named).await, world.last()), (version, last));
    world.assert_held(&world.passwords(CLIENT, &named).await, &AB);
}

#[actix_web::test]
async fn a_dry_run_checks_passwords_and_stores_none() {
    let world = World::new().await;
    let named = world.add("one", &AB).await;
    let last = world.last();
    let only = property("ValidateOnly", "true");
    let part = world.part(EDITOR, &[], &[("First", "new"), ("Ruled", "wird")]);
    world.change(&named, &(part.clone() + &only)).await.expect_success();
    world.call(EDITOR, ADD, &(World::adding("two", &part) + &only)).await.expect_success();
    let breaking = world.part(EDITOR, &[], &[("Ruled", PLAIN)]);
    let refused = world.change(&named, &(breaking.clone() + &only)).await.expect_code(31006);
    assert!(!refused.body.contains(PLAIN), "{}", refused.body);
    world.call(EDITOR, ADD, &(World::adding("two", &breaking) + &only)).await.expect_code(31006);
    // Sealed in another session.
    let foreign = world.part(ADMIN, &[], &[("First", PLAIN)]);
    world.change(&named, &(foreign + &only)).await.expect_code(31006);
    assert_eq!(world.last(), last);
    world.assert_held(&world.passwords(CLIENT, &named).await, &AB);
}

#[actix_web::test]
async fn a_duplicate_and_a_version_are_told_before_and_after_as_the_order_has_it() {
    let world = World::new().await;
    let named = world.add("one", &AB).await;
    let last = world.last();
    let bad = world.part(ADMIN, &[], &[("First", PLAIN)]);
    let good = world.part(EDITOR, &[], &[("First", PLAIN)]);
    // 31100 before 31006, 31006 before 31000.
    world.change(&named, &(property("ExpectedVersion", "1") + &bad)).await.expect_code(31100);
    world.call(EDITOR, ADD, &World::adding("one", &bad)).await.expect_code(31006);
    world.call(EDITOR, ADD, &World::adding("one", &good)).await.expect_code(31000);
    world.call(VIEWER, ADD, &World::adding("two", &bad)).await.expect_code(10515);
    assert_eq!(world.last(), last);
}
