//! When templates are compared, which are recorded, and that a writer which takes no changes is left alone.

use crmconf_events::event::{Envelope, Event, TemplateRecorded};
use crmconf_events::log::AppendOutcome;
use crmconf_events::template::template_digest;
use crmconf_events::{Salt, Sequence, TemplateVersion, Timestamp};
use crmconf_projections::{Projection as _, Projector};
use tokio::runtime::Handle;

use super::*;
use crate::server::beside::Beside;
use crate::writer::tests::scripted::{Scripted, Step};
use crate::writer::tests::{STORE, add, create_store, vault};
use crate::writer::{Origin, Pending};

/// A template of the type with these password fields.
fn document(crm_type: &str, passwords: &[&str]) -> String {
    let fields: Vec<_> =
        passwords.iter().map(|name| format!(r#""{name}":{{"type":"string","format":"password"}}"#)).collect();
    let head = format!(r#""CRMType":"{crm_type}","Title":"t","Version":"1""#);
    let fields = fields.join(",");
    format!(r#"{{{head},"CRMConfiguration":{{"properties":{{{fields}}}}},"CRMConfigurationCommon":{{}}}}"#)
}

fn set(documents: &[String]) -> Arc<TemplateSet> {
    let of = |document: &String| {
        let crm_type = document.split('"').nth(3).unwrap();
        (CrmType::new(crm_type).unwrap(), document.clone())
    };
    let documents: Vec<_> = documents.iter().map(of).collect();
    Arc::new(TemplateSet::read(documents.iter().map(|(crm_type, text)| (crm_type.clone(), text.as_str()))))
}

fn record_in(templates: &mut Templates, document: &str) {
    let event = TemplateRecorded {
        crm_type: CrmType::new(document.split('"').nth(3).unwrap()).unwrap(),
        version: TemplateVersion::new("1").unwrap(),
        digest: template_digest(document),
        document: document.to_owned(),
    };
    let event = Event::from(event);
    templates.apply(&Envelope {
        sequence: Sequence::FIRST,
        time: Timestamp::from_micros(1),
        stream: event.stream(),
        context: Context::of(Actor::System),
        salt: Salt::new([0; 16]),
        event,
    });
}

/// The types of the templates that are due.
fn types(due: Option<Vec<Arc<Template>>>) -> Option<Vec<String>> {
    due.map(|due| due.iter().map(|template| template.crm_type().to_string()).collect())
}

fn told(types: &[&str]) -> Option<Vec<String>> {
    Some(types.iter().map(|name| (*name).to_owned()).collect())
}

#[test]
fn what_marks_more_than_all_recorded_ones_of_its_type_together_is_due() {
    let mut recorded = Templates::default();
    for document in
        [document("A", &["One"]), document("A", &["Two"]), document("B", &["One", "Two", "Three"])]
    {
        record_in(&mut recorded, &document);
    }
    let in_use = |passwords: &[&str]| set(&[document("A", passwords), document("C", passwords)]);
    for (passwords, due) in
        [(&["One", "Two"][..], &[][..]), (&[], &[]), (&["One", "Three"], &["A"]), (&["Four"], &["A"])]
    {
        assert_eq!(types(Looks::default().due(&in_use(passwords), &recorded)), told(due), "{passwords:?}");
    }
}

#[test]
fn nothing_is_compared_again_until_the_set_or_what_is_recorded_is_another() {
    let mut recorded = Templates::default();
    record_in(&mut recorded, &document("A", &["One"]));
    let (same, more) = (set(&[document("A", &["One"])]), set(&[document("A", &["One", "Two"])]));
    let mut looks = Looks::default();
    assert_eq!(types(looks.due(&same, &recorded)), told(&[]));
    assert_eq!(looks.due(&same, &recorded.clone()).map(|due| due.len()), None);
    // As long as something is due it is looked for: whether it was recorded, this cannot know.
    for _ in 0..2 {
        assert_eq!(types(looks.due(&more, &recorded)), told(&["A"]));
    }
    record_in(&mut recorded, &document("A", &["Two"]));
    assert_eq!(types(looks.due(&more, &recorded)), told(&[]));
    assert_eq!(looks.due(&more, &recorded).map(|due| due.len()), None);
    record_in(&mut recorded, &document("B", &[]));
    assert_eq!(types(looks.due(&more, &recorded)), told(&[]));
    assert_eq!(types(looks.due(&same, &recorded)), told(&[]));
}

#[tokio::test]
async fn a_writer_that_takes_no_changes_is_asked_once_and_again_when_it_takes_some() {
    let views = Views::new(arc_swap::ArcSwap::from_pointee(Projector::default().view().clone()));
    let log = Arc::new(Scripted::new(STORE, Arc::clone(&views)));
    let origin = Origin {
        log: Arc::clone(&log) as Arc<_>,
        state: crmconf_events::state::State::default(),
        projector: Projector::default(),
        views: Arc::clone(&views),
        keys: vault(),
        pending: Pending::default(),
    };
    let (writer, _) = Writer::start(origin, 16).unwrap();
    writer.submit(create_store()).await.unwrap();
    writer.submit(add(1, "one")).await.unwrap();
    log.set_full(Some("full"));
    log.script((0..1_000).map(|_| Step::Say(AppendOutcome::Unavailable { why: "full".into() })));
    log.forget();
    let in_use = InUse::new(set(&[document("T", &["One"])]).into());
    let pace = Pace { look_every: Duration::from_millis(1), retry_after: Duration::from_millis(2) };
    let recording =
        Beside::run(record_at(in_use, Arc::clone(&views), writer.clone(), pace), &Handle::current());
    sleep(Duration::from_millis(150)).await;
    assert_eq!(log.attempts().len(), 1, "one attempt tells the operator, and no more");
    assert!(writer.hindered().is_some());

    log.set_full(None);
    log.end_script();
    writer.submit(add(2, "two")).await.unwrap();
    let begun = std::time::Instant::now();
    while views.load().templates.iter().count() < 2 {
        assert!(begun.elapsed() < Duration::from_secs(30), "what it marks is not recorded");
        sleep(Duration::from_millis(5)).await;
    }
    drop(recording);
}
