//! Fields that become passwords, or are none any more, while configurations with them stand; and templates out of
//! reach.

use super::*;
use crmconf_events::{Sequence, event::decode};

const CLEAR: &str = r#""Between": {"type":"string"}, "First": {"type":"string"}"#;
const MARKED: &str = r#""Between": {"type":"string"}, "First": {"type":"string","format":"password"}"#;
const NUMBER: &str = r#""Between": {"type":"string"}, "First": {"type":"integer"}"#;
const GONE: &str = r#""Between": {"type":"string"}"#;

impl World {
    /// A configuration whose `First` was no password when it was added.
    async fn in_clear(&self, json: &str) -> String {
        let part = self.part(EDITOR, &[("Between", "\"x\""), ("First", json)], &[]);
        let added = self.call(EDITOR, ADD, &World::adding("one", &part)).await.expect_success();
        triple("1", "1", "") + &property("CRMConfigurationID", &added.configuration_id())
    }

    /// Whether the last event of the log holds the text.
    fn last_event_holds(&self, text: &str) -> bool {
        let last = Sequence::new(self.last()).unwrap();
        let commit = self.service.log.read_commit(last).unwrap().unwrap();
        let bytes = commit.event(last).unwrap();
        decode(last, commit.time(), bytes).unwrap();
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    }

    /// Nobody sees the field but who may have passwords, and those are answered it sealed.
    async fn withheld(&self, named: &str, text: &str) {
        for shown in self.shown_without_passwords(named).await {
            assert!(!shown.contains(text) && !shown.contains("First"), "{shown}");
        }
        for session in WITH_SECRETS {
            let info = self.info(session, named).await.expect_success();
            assert!(!info.body.contains(text), "{}", info.body);
            self.assert_held(&self.passwords(session, named).await, &[("First", text)]);
        }
    }
}

#[actix_web::test]
async fn a_field_that_became_a_password_is_withheld_at_once_and_sealed_at_the_next_change() {
    for more in [
        property("Description", "other"),
        container("CRMConfigurationCommon", "{\"C\":1}"),
        container("CRMConfiguration", "{\"Between\":\"y\"}"),
        // Even where nothing else changes.
        property("Description", "one"),
        String::new(),
    ] {
        let world = World::new().await;
        let common = r#""CRMConfigurationCommon":{"properties":{"C":{"type":"integer"}}}"#;
        let take = |fields: &str| {
            let document = template(fields).replace("\"CRMConfigurationCommon\":{}", common);
            world.service.app.templates.store(templates(&document));
        };
        take(CLEAR);
        let named = world.in_clear(&format!("\"{PLAIN}\"")).await;
        let viewer = world.info(VIEWER, &named).await.expect_success();
        assert_eq!(viewer.property("First").as_deref(), Some(PLAIN));
        take(MARKED);
        world.withheld(&named, PLAIN).await;
        let version = world.version(&named).await;
        world.change(&named, &more).await.expect_success();
        assert_ne!(world.version(&named).await, version, "{more}");
        assert!(!world.last_event_holds(PLAIN), "{more}");
        assert!(!world.service.dump().contains(PLAIN), "the state holds it no longer");
        world.withheld(&named, PLAIN).await;
        let version = world.version(&named).await;
        world.change(&named, &more).await.expect_success();
        assert_eq!(world.version(&named).await, version, "once is enough: {more}");
    }
}

#[actix_web::test]
async fn a_field_in_clear_that_became_a_password_is_replaced_or_removed_like_any() {
    for (given, expected) in [(Some("neues-Qw"), Some("neues-Qw")), (None, None)] {
        let world = World::new().await;
        world.take(CLEAR);
        let named = world.in_clear(&format!("\"{PLAIN}\"")).await;
        world.take(MARKED);
        world.change(&named, &world.part(EDITOR, &[("First", "\"in clear\"")], &[])).await.expect_code(31006);
        let part = match given {
            Some(text) => world.part(EDITOR, &[], &[("First", text)]),
            None => world.part(EDITOR, &[("First", "null")], &[]),
        };
        world.change(&named, &part).await.expect_success();
        assert!(!world.last_event_holds(PLAIN) && !world.service.dump().contains(PLAIN));
        let expected: Vec<_> = expected.iter().map(|text| ("First", *text)).collect();
        world.assert_held(&world.passwords(CLIENT, &named).await, &expected);
    }
}

#[actix_web::test]
async fn a_number_that_became_a_password_is_its_text() {
    let world = World::new().await;
    world.take(NUMBER);
    let named = world.in_clear("47110815").await;
    world.take(MARKED);
    world.withheld(&named, "47110815").await;
    world.change(&named, &property("Description", "other")).await.expect_success();
    assert!(!world.service.dump().contains("47110815"), "{}", world.service.dump());
    world.withheld(&named, "47110815").await;
}

#[actix_web::test]
async fn a_sealed_value_stays_a_password_whatever_the_template_says_later() {
    for later in [CLEAR, NUMBER, GONE] {
        let world = World::new().await;
        world.take(MARKED);
        let named = world.add("one", &[("First", PLAIN)]).await;
        world.take(later);
        world.withheld(&named, PLAIN).await;
        // Kept by a Change that does not name it; not to be given in clear.
        world.change(&named, &world.part(EDITOR, &[("Between", "\"y\"")], &[])).await.expect_success();
        world.withheld(&named, PLAIN).await;
        let last = world.last();
        for clear in ["\"in clear\"", "5"] {
            let refused = world.change(&named, &world.part(EDITOR, &[("First", clear)], &[])).await;
            assert!(!refused.expect_code(31006).body.contains("in clear"));
        }
        assert_eq!(world.last(), last);
        if later == CLEAR {
            world.change(&named, &world.part(EDITOR, &[], &[("First", "neues-Qw")])).await.expect_success();
            world.withheld(&named, "neues-Qw").await;
        }
        // Removed, it is what the template says.
        world.change(&named, &world.part(EDITOR, &[("First", "null")], &[])).await.expect_success();
        world.assert_held(&world.passwords(CLIENT, &named).await, &[]);
        let clear = world.change(&named, &world.part(EDITOR, &[("First", "5")], &[])).await;
        assert_eq!(clear.is_success(), later == NUMBER, "{}", clear.body);
        let text = world.change(&named, &world.part(EDITOR, &[("First", "\"text\"")], &[])).await;
        assert_eq!(text.is_success(), later == CLEAR, "{}", text.body);
    }
}

#[actix_web::test]
async fn a_template_that_allows_any_field_does_not_make_a_sealed_value_a_plain_one() {
    let open = ["{\"additionalProperties\":true,", "{\"patternProperties\":{\"^F\":true},"];
    for begins in open {
        let world = World::new().await;
        world.take(MARKED);
        let named = world.add("one", &[("First", PLAIN)]).await;
        let document = template(GONE).replace("{\"properties\"", &format!("{begins}\"properties\""));
        world.service.app.templates.store(templates(&document));
        let last = world.last();
        for clear in ["\"in clear\"", "5", "{\"a\":1}", "[\"in clear\"]"] {
            let refused = world.change(&named, &world.part(EDITOR, &[("First", clear)], &[])).await;
            assert!(!refused.expect_code(31006).body.contains("in clear"), "{begins} {clear}");
        }
        assert_eq!(world.last(), last);
        world.withheld(&named, PLAIN).await;
        world.change(&named, &world.part(EDITOR, &[], &[("First", "neues-Qw")])).await.expect_success();
        assert!(!world.last_event_holds("neues-Qw") && !world.last_event_holds("enc:v1:"));
        world.withheld(&named, "neues-Qw").await;
        // Removed, it is what the template says.
        world.change(&named, &world.part(EDITOR, &[("First", "null")], &[])).await.expect_success();
        world.change(&named, &world.part(EDITOR, &[("First", "\"text\"")], &[])).await.expect_success();
        let viewer = world.info(VIEWER, &named).await.expect_success();
        assert_eq!(viewer.property("First").as_deref(), Some("text"), "{begins}");
    }
}

#[actix_web::test]
async fn without_a_template_what_any_recorded_one_marked_is_withheld() {
    for set in [TemplateSet::unreachable(), TemplateSet::clone(&templates("{")), TemplateSet::builtin()] {
        let world = World::new().await;
        world.take(CLEAR);
        let named = world.in_clear(&format!("\"{PLAIN}\"")).await;
        // Another configuration has the log record the template that marks it.
        world.take(MARKED);
        let sealed = world.add("two", &[("First", "zweites-Qw")]).await;
        // And a third one the template of before again.
        world.take(CLEAR);
        let part = world.part(EDITOR, &[], &[]);
        world.call(EDITOR, ADD, &World::adding("three", &part)).await.expect_success();
        world.service.app.templates.store(Arc::new(set));
        world.withheld(&named, PLAIN).await;
        world.withheld(&sealed, "zweites-Qw").await;
        // Nothing is changed meanwhile, and nothing told of it.
        let refused = world.change(&named, &property("Description", "other")).await;
        assert!(matches!(refused.code(), 31001 | 31005), "{}", refused.body);
        assert!(!refused.body.contains(PLAIN));
        world.call(EDITOR, "CRMConfigurationDelete", &sealed).await.expect_success();
    }
}
