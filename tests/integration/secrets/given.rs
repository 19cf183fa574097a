//! What may stand in a password field of a request, and what is refused there without being told again.

use super::*;

/// Nothing of it was stored, and the message names the field and holds nothing of the value.
#[track_caller]
fn refused(world: &World, last: u64, reply: Reply, field: &str, of_the_value: &[&str]) {
    let reply = reply.expect_code(31006);
    let message = reply.property("ErrorMessage").unwrap();
    assert!(message.contains(field), "{message}");
    for piece in of_the_value.iter().chain(&[PLAIN]) {
        assert!(!reply.body.contains(piece), "{piece} in {message}");
    }
    assert_eq!(world.last(), last, "nothing is stored");
}

#[actix_web::test]
async fn only_texts_stand_in_password_fields_and_null_where_it_may() {
    let world = World::new().await;
    let named = world.add("one", &[("First", "a"), ("Either", "e")]).await;
    let last = world.last();
    for json in
        ["4711", "true", "[\"geheim-Üß-7Qx\"]", "{\"a\":\"geheim-Üß-7Qx\"}", "\"\"", "\"geheim-Üß-7Qx\""]
    {
        for field in ["First", "Either"] {
            let part = world.part(EDITOR, &[(field, json)], &[]);
            refused(
                &world,
                last,
                world.call(EDITOR, ADD, &World::adding("two", &part)).await,
                field,
                &["4711"],
            );
            refused(&world, last, world.change(&named, &part).await, field, &["4711"]);
        }
    }
    let null = |field| world.part(EDITOR, &[(field, "null")], &[]);
    refused(&world, last, world.call(EDITOR, ADD, &World::adding("two", &null("First"))).await, "First", &[]);
    world.call(EDITOR, ADD, &World::adding("two", &null("Either"))).await.expect_success();
    world.change(&named, &null("Either")).await.expect_success();
    world.assert_held(&world.passwords(CLIENT, &named).await, &[("First", "a")]);
}

#[actix_web::test]
async fn the_template_s_rules_are_for_the_opened_text() {
    let world = World::new().await;
    let named = world.add("one", &[]).await;
    let last = world.last();
    for (text, rule) in [
        ("abc", "at least 4"),
        ("", "at least 4"),
        ("abcdefghijklm", "at most 12"),
        ("Abcd9", "must match"),
        (PLAIN, ""),
    ] {
        let part = world.part(EDITOR, &[], &[("First", "fine"), ("Ruled", text)]);
        let of_it: &[&str] = if text.len() > 3 { &[text] } else { &[] };
        let reply = world.change(&named, &part).await;
        assert!(reply.body.contains(rule), "{}", reply.body);
        refused(&world, last, reply, "Ruled", of_it);
        refused(&world, last, world.call(EDITOR, ADD, &World::adding("two", &part)).await, "Ruled", of_it);
    }
    // By characters, not by bytes: 12 of them, of 13 bytes.
    world.change(&named, &world.part(EDITOR, &[], &[("Ruled", "äbcdefghijkl")])).await.expect_success();
    world.assert_held(&world.passwords(CLIENT, &named).await, &[("Ruled", "äbcdefghijkl")]);
}

#[actix_web::test]
async fn any_text_comes_back_as_it_was() {
    let world = World::new().await;
    let long = "ü".repeat(10_000);
    let texts = [
        "",
        " ",
        PLAIN,
        "null",
        "enc:v1:AAAA",
        "a\r\nb\tc",
        "<&>\"']]>",
        "😀 e\u{301} é",
        &"x".repeat(31),
        &"x".repeat(32),
        &long,
    ];
    let named = world.add("one", &[]).await;
    for text in texts {
        world.change(&named, &world.part(EDITOR, &[], &[("First", text)])).await.expect_success();
        world.assert_held(&world.passwords(CLIENT, &named).await, &[("First", text)]);
    }
}

#[actix_web::test]
async fn a_value_moved_altered_or_spelt_otherwise_does_not_open() {
    let mut world = World::new().await;
    let elsewhere = world.service.sign_in_again(EDITOR);
    let named = world.add("one", &[("Second", "b")]).await;
    let last = world.last();
    let value = world.service.seal(EDITOR, "First", PLAIN);
    let body = value.strip_prefix("enc:v1:").unwrap().to_owned();
    let other = world.service.seal(EDITOR, "First", "geheim-Üß-7Qy");
    let other = other.strip_prefix("enc:v1:").unwrap();
    let mut bytes = data_encoding::BASE64URL_NOPAD.decode(body.as_bytes()).unwrap();
    let sealed = |bytes: &[u8]| format!("enc:v1:{}", data_encoding::BASE64URL_NOPAD.encode(bytes));
    // 16 bytes of tag, 15 of text: 31 bytes leave four bits of the last digit unused.
    assert_eq!(bytes.len() % 3, 1);
    let digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let place = digits.find(body.chars().last().unwrap()).unwrap();
    let unused_bits = format!("{}{}", &body[..body.len() - 1], &digits[place + 1..place + 2]);
    let tag_of_another = {
        let others = data_encoding::BASE64URL_NOPAD.decode(other.as_bytes()).unwrap();
        sealed(&[&others[..16], &bytes[16..]].concat())
    };
    let mut cases = vec![
        world.service.seal(EDITOR, "Second", PLAIN),
        world.service.seal(EDITOR, "first", PLAIN),
        world.service.seal(EDITOR, "", PLAIN),
        world.service.seal(elsewhere, "First", PLAIN),
        world.service.seal(ADMIN, "First", PLAIN),
        tag_of_another,
        sealed(&bytes[..bytes.len() - 1]),
        sealed(&bytes[1..]),
        sealed(&bytes[..16]),
        sealed(&bytes[..15]),
        sealed(&[bytes.as_slice(), &[0]].concat()),
        "enc:v1:".to_owned(),
        format!("enc:v1:{unused_bits}"),
        format!("{value}=="),
        format!("{value} "),
        format!(" {value}"),
        format!("{value}\\n"),
        format!("enc:v1: {body}"),
        format!("Enc:v1:{body}"),
        format!("enc:v2:{body}"),
        body.clone(),
        format!("enc:v1:{}", data_encoding::BASE64.encode(&bytes)),
        format!("enc:v1:{}", data_encoding::HEXLOWER.encode(&bytes)),
    ];
    // A text whose value has both of the digits in which the two alphabets differ.
    let both = (0..).map(|n| world.service.seal(EDITOR, "First", &format!("{PLAIN}{n}")));
    let both = both.into_iter().find(|value| value.contains('-') && value.contains('_')).unwrap();
    cases.push(both.replace('-', "+").replace('_', "/"));
    for place in [0, 15, 16, bytes.len() - 1] {
        bytes[place] ^= 1;
        cases.push(sealed(&bytes));
        bytes[place] ^= 1;
    }
    for case in &cases {
        let part = world.part(EDITOR, &[("First", &format!("\"{case}\""))], &[]);
        refused(&world, last, world.change(&named, &part).await, "First", &[&body[..20]]);
        let add = World::adding("two", &part);
        refused(&world, last, world.call(EDITOR, ADD, &add).await, "First", &[&body[..20]]);
        let dry = add + &property("ValidateOnly", "true");
        refused(&world, last, world.call(EDITOR, ADD, &dry).await, "First", &[&body[..20]]);
    }
    // It was none of these that made it fail.
    world
        .change(&named, &world.part(EDITOR, &[("First", &format!("\"{value}\""))], &[]))
        .await
        .expect_success();
    world.assert_held(&world.passwords(CLIENT, &named).await, &[("First", PLAIN), ("Second", "b")]);
}

#[actix_web::test]
async fn an_opened_value_that_is_no_text_of_xml_is_refused() {
    use aes_siv::KeyInit as _;
    let world = World::new().await;
    let last = world.last();
    for bytes in [&[0xff, 0xfe][..], b"a\0b", b"\x1b", "\u{ffff}".as_bytes()] {
        let key = world.service.transport_key(EDITOR);
        let mut cipher = aes_siv::siv::Aes256Siv::new_from_slice(key.as_bytes()).unwrap();
        let sealed = cipher.encrypt([&b"First"[..]], bytes).unwrap();
        let json = format!("\"enc:v1:{}\"", data_encoding::BASE64URL_NOPAD.encode(&sealed));
        let part = world.part(EDITOR, &[("First", &json)], &[]);
        let reply = world.call(EDITOR, ADD, &World::adding("two", &part)).await;
        assert!(reply.body.contains("XML 1.0"), "{}", reply.body);
        refused(&world, last, reply, "First", &[]);
    }
}

#[actix_web::test]
async fn a_compulsory_password_is_given_with_an_add_kept_by_a_change_and_not_removed() {
    let world = World::new().await;
    let document = template(FIELDS).replace("{\"properties\"", "{\"required\":[\"First\"],\"properties\"");
    assert!(document.contains("required"));
    world.service.app.templates.store(templates(&document));
    let last = world.last();
    let without = world.part(EDITOR, &[("Between", "\"x\"")], &[]);
    refused(&world, last, world.call(EDITOR, ADD, &World::adding("one", &without)).await, "First", &[]);
    let named = world.add("one", &[("First", "a")]).await;
    world.change(&named, &world.part(EDITOR, &[("Zone", "\"z\"")], &[])).await.expect_success();
    let last = world.last();
    let removed = world.change(&named, &world.part(EDITOR, &[("First", "null")], &[])).await;
    refused(&world, last, removed, "First", &[]);
    world.assert_held(&world.passwords(CLIENT, &named).await, &[("First", "a")]);
}
