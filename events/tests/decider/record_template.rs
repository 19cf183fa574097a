//! Recording a template for what it marks as a password.

use crmconf_events::command::{Command, Request, TemplateUse};
use crmconf_events::decide::Rejection;
use crmconf_events::event::{Actor, Context};
use std::sync::Arc;

use crate::kit::{ADMIN, later_template, recorded, template, with_sales, world};

fn record(actor: Actor, template: Arc<TemplateUse>) -> Request {
    Request { context: Context::of(actor), validate_only: false, command: Command::RecordTemplate(template) }
}

#[test]
fn a_template_that_marks_more_than_the_recorded_ones_is_recorded_once() {
    let later = later_template();
    let given = with_sales().when(record(Actor::System, Arc::clone(&later))).then(&[recorded(&later)]);
    given.when(record(Actor::System, later)).then(&[]);
}

#[test]
fn one_that_marks_no_more_and_one_of_a_type_that_nothing_is_of_are_not() {
    let unused = world().when(record(Actor::System, later_template())).then(&[]);
    assert!(unused.state().templates.is_empty());
    with_sales().when(record(Actor::System, template())).then(&[]);
}

#[test]
fn only_the_server_itself_records_templates_so() {
    let asked = record(ADMIN, later_template());
    with_sales().when(asked).rejected(&Rejection::NotForCallers);
}
