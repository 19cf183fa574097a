//! Records templates that mark a password as no recorded one of their type does.
//!
//! A field that becomes a password is withheld by the template in use. Were that template not recorded before anything is
//! written under it, a start at which it cannot be had would know nothing of the mark, and show stored values in clear.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use crmconf_events::CrmType;
use crmconf_events::command::{Command, Request};
use crmconf_events::event::{Actor, Context};
use crmconf_projections::Templates;
use tokio::time::sleep;

use super::watch::InUse;
use crate::templates::{Template, TemplateSet};
use crate::writer::{Views, Writer};

/// When it is looked.
#[derive(Clone, Copy, Debug)]
struct Pace {
    /// How often it is looked whether the templates in use, or the recorded ones, are others.
    look_every: Duration,
    /// How long is waited after a template could not be recorded.
    retry_after: Duration,
}

const PACE: Pace = Pace { look_every: Duration::from_secs(1), retry_after: Duration::from_secs(10) };

/// Looks for ever.
pub(super) async fn record(in_use: InUse, views: Views, writer: Writer) {
    record_at(in_use, views, writer, PACE).await;
}

async fn record_at(in_use: InUse, views: Views, writer: Writer, pace: Pace) {
    let mut looks = Looks::default();
    // Told once each time that it begins to fail.
    let mut failing = false;
    loop {
        // A writer that takes no changes looks by itself whether it can again, and tells of each that it must refuse.
        let due = match writer.hindered() {
            None => looks.due(&in_use.load_full(), &views.load().templates),
            Some(_) => None,
        };
        let mut pause = pace.look_every;
        for template in due.unwrap_or_default() {
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
                    pause = pace.retry_after;
                }
            }
            if writer.hindered().is_some() {
                break;
            }
        }
        sleep(pause).await;
    }
}

/// What was compared last, where everything in use was recorded.
#[derive(Default)]
struct Looks {
    done: Option<(Arc<TemplateSet>, Templates)>,
}

impl Looks {
    /// The templates to be recorded; `None` where they need not be looked for, since nothing has changed since the last
    /// look that found none.
    fn due(&mut self, in_use: &Arc<TemplateSet>, recorded: &Templates) -> Option<Vec<Arc<Template>>> {
        if let Some((set, templates)) = &self.done
            && Arc::ptr_eq(set, in_use)
            && templates.is(recorded)
        {
            return None;
        }
        let due = unrecorded(in_use, recorded);
        self.done = due.is_empty().then(|| (Arc::clone(in_use), recorded.clone()));
        Some(due)
    }
}

/// The templates in use that mark a password as no recorded one of their type does. A type without a recorded template has no
/// configurations, and nothing to be withheld.
fn unrecorded(in_use: &TemplateSet, recorded: &Templates) -> Vec<Arc<Template>> {
    let mut marked: BTreeMap<&CrmType, BTreeSet<&String>> = BTreeMap::new();
    for (_, template) in recorded.iter() {
        marked.entry(&template.crm_type).or_default().extend(&template.password_fields);
    }
    let marks_more = |template: &&Arc<Template>| {
        let marked = marked.get(template.crm_type());
        marked.is_some_and(|marked| !template.password_fields().iter().all(|field| marked.contains(field)))
    };
    in_use.iter().filter(marks_more).cloned().collect()
}
