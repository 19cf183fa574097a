//! How much all password fields of a configuration may take together.

use crmconf::writer::SEALED_BYTES_MAX;

use super::*;

/// A text of which one has room, and two have not.
const KIB_40: usize = 40 << 10;

#[actix_web::test]
async fn all_password_fields_together_have_a_limit_and_what_goes_does_not_count() {
    let world = World::new().await;
    let (large, small) = ("l".repeat(KIB_40), "s".repeat(20 << 10));
    let both = world.part(EDITOR, &[], &[("First", &large), ("Second", &large)]);
    let last = world.last();
    let refused = world.call(EDITOR, ADD, &World::adding("one", &both)).await.expect_code(31006);
    assert!(refused.body.contains(&SEALED_BYTES_MAX.to_string()), "{}", refused.body);
    assert_eq!(world.last(), last);

    let named = world.add("one", &[("First", &large), ("Second", &small)]).await;
    let last = world.last();
    // With what stays it would be too much.
    let second = world.part(EDITOR, &[], &[("Second", &large)]);
    world.change(&named, &second).await.expect_code(31006);
    world.change(&named, &both).await.expect_code(31006);
    world.assert_held(&world.passwords(CLIENT, &named).await, &[("First", &large), ("Second", &small)]);
    assert_eq!(world.last(), last);
    // What is removed in the same Change makes room.
    let instead = world.part(EDITOR, &[("First", "null")], &[("Second", &large)]);
    world.change(&named, &instead).await.expect_success();
    world.assert_held(&world.passwords(CLIENT, &named).await, &[("Second", &large)]);
}

#[actix_web::test]
async fn the_limit_is_exact() {
    let world = World::new().await;
    // The tag, the name, and one byte of padding at least; the largest multiple of 32 that is left.
    let padded = (SEALED_BYTES_MAX - 16 - "First".len()) / 32 * 32;
    let text = "x".repeat(padded - 1);
    let named = world.add("one", &[("First", &text)]).await;
    world.assert_held(&world.passwords(CLIENT, &named).await, &[("First", &text)]);
    let one_more = world.part(EDITOR, &[], &[("First", &"x".repeat(padded))]);
    world.change(&named, &one_more).await.expect_code(31006);
}

#[actix_web::test]
async fn a_value_in_clear_that_is_too_long_to_be_sealed_has_to_be_replaced_or_removed_first() {
    let clear =
        FIELDS.replace(r#""First": {"type":"string","format":"password"}"#, r#""First": {"type":"string"}"#);
    let long = format!("\"{}\"", "x".repeat(SEALED_BYTES_MAX));
    for mended in [Some("short"), None] {
        let world = World::new().await;
        world.take(&clear);
        let part = world.part(EDITOR, &[("First", &long)], &[]);
        let added = world.call(EDITOR, ADD, &World::adding("one", &part)).await.expect_success();
        let named = triple("1", "1", "") + &property("CRMConfigurationID", &added.configuration_id());
        world.take(FIELDS);
        let last = world.last();
        world.change(&named, &property("Description", "two")).await.expect_code(31006);
        world.change(&named, &world.part(EDITOR, &[("Zone", "\"z\"")], &[])).await.expect_code(31006);
        assert_eq!(world.last(), last);
        let part = match mended {
            Some(text) => world.part(EDITOR, &[], &[("First", text)]),
            None => world.part(EDITOR, &[("First", "null")], &[]),
        };
        world.change(&named, &(part + &property("Description", "two"))).await.expect_success();
        let held: Vec<_> = mended.iter().map(|text| ("First", *text)).collect();
        world.assert_held(&world.passwords(CLIENT, &named).await, &held);
    }
}

#[actix_web::test]
async fn values_under_a_destroyed_key_make_room_for_those_that_replace_them() {
    let world = World::new().await;
    let large = "l".repeat(KIB_40);
    let named = world.add("one", &[("First", &large)]).await;
    world.call(ADMIN, "CRMConfigurationShred", &named).await.expect_success();
    world.info(CLIENT, &named).await.expect_code(10103);
    world.change(&named, &world.part(EDITOR, &[], &[("Second", &large)])).await.expect_success();
    world.assert_held(&world.passwords(CLIENT, &named).await, &[("Second", &large)]);
}
