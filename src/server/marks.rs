//! Records templates that mark a password as no recorded one of their type does.
//!
//! A field that becomes a password is withheld by the template in use. Were that template not recorded before anything is
//! written under it, a start at which it cannot be had would know nothing of the mark, and show stored values in clear.

use std::sync::Arc;
use std::time::Duration;

use crmconf_events::command::{Command, Request};
use crmconf_events::event::{Actor, Context};
use crmconf_projections::Templates;
use tokio::time::sleep;

use super::watch::InUse;
use crate::templates::{Template, TemplateSet};
use crate::writer::{Views, Writer};

/// How often the templates in use are compared with the recorded ones.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Looks for ever.
pub(super) async fn record(in_use: InUse, views: Views, writer: Writer) {
    // Told once each time that it begins to fail.
    let mut failing = false;
    loop {
        let unrecorded = unrecorded(&in_use.load(), &views.load().templates);
        for template in unrecorded {
            let request = Request {
                context: Context::of(Actor::System),
                validate_only: false,
                command: Command::RecordTemplate(Arc::clone(template.used())),
            };
            let crm_type = template.crm_type();
            match writer.submit(request).await {
                Ok(_) => failing = false,
                Err(error) => {
                    if !failing {
                        tracing::warn!(%crm_type, %error, "what a template marks as a password could not be recorded yet");
                    }
                    failing = true;
                }
            }
        }
        sleep(LOOK_EVERY).await;
    }
}

/// The templates in use that mark a password as no recorded one of their type does. A type without a recorded template has no
/// configurations, and nothing to be withheld.
fn unrecorded(in_use: &TemplateSet, recorded: &Templates) -> Vec<Arc<Template>> {
    let marks_more = |template: &&Arc<Template>| {
        let of_type = || recorded.iter().filter(|(_, one)| one.crm_type == *template.crm_type());
        let marked = |field: &String| of_type().any(|(_, one)| one.password_fields.contains(field));
        of_type().next().is_some() && !template.password_fields().iter().all(marked)
    };
    in_use.iter().filter(marks_more).cloned().collect()
}
