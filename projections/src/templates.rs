//! Templates that the log has recorded: what a configuration was checked against, whatever the sources say today.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use crmconf_events::event::{Envelope, Event};
use crmconf_events::template::{Part, key_order};
use crmconf_events::{CrmType, Sequence, TemplateDigest, TemplateVersion};

use crate::projection::Projection;

/// A recorded template.
#[derive(Clone, Debug)]
pub struct RecordedTemplate {
    /// The type of CRM it describes.
    pub crm_type: CrmType,
    /// Its author's version.
    pub version: TemplateVersion,
    /// Where it was recorded.
    pub recorded: Sequence,
    /// Its exact text.
    pub document: Arc<str>,
    /// Its password fields.
    pub password_fields: BTreeSet<String>,
    /// Its order of the keys of `CRMConfiguration`.
    pub configuration_keys: Arc<[String]>,
    /// Its order of the keys of `CRMConfigurationCommon`.
    pub common_keys: Arc<[String]>,
}

/// The read model of recorded templates.
#[derive(Clone, Default)]
pub struct Templates {
    by_digest: imbl::OrdMap<TemplateDigest, Arc<RecordedTemplate>>,
}

impl Templates {
    /// Every recorded template, by digest.
    pub fn iter(&self) -> impl Iterator<Item = (&TemplateDigest, &Arc<RecordedTemplate>)> {
        self.by_digest.iter()
    }

    /// The template with this digest.
    #[must_use]
    pub fn get(&self, digest: &TemplateDigest) -> Option<&Arc<RecordedTemplate>> {
        self.by_digest.get(digest)
    }

    /// Whether this is the other one, so that nothing was recorded between the two. Two that hold the same may be two
    /// all the same.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        self.by_digest.ptr_eq(&other.by_digest)
    }
}

impl Projection for Templates {
    const NAME: &'static str = "templates";
    const VERSION: u32 = 1;

    fn apply(&mut self, envelope: &Envelope) {
        match &envelope.event {
            Event::TemplateRecorded(e) => {
                let template = RecordedTemplate {
                    crm_type: e.crm_type.clone(),
                    version: e.version.clone(),
                    recorded: envelope.sequence,
                    document: e.document.as_str().into(),
                    password_fields: e.password_fields(),
                    configuration_keys: key_order(&e.document, Part::Configuration).into(),
                    common_keys: key_order(&e.document, Part::Common).into(),
                };
                self.by_digest.insert(e.digest, Arc::new(template));
            }
            Event::StoreCreated(_)
            | Event::RequestRecorded(_)
            | Event::DestructionHeld(_)
            | Event::DestructionResumed(_)
            | Event::ConfigurationAdded(_)
            | Event::ConfigurationChanged(_)
            | Event::ConfigurationDeleted(_)
            | Event::ConfigurationShredded(_)
            | Event::AccountCreated(_)
            | Event::AccountRenamed(_)
            | Event::CredentialSet(_)
            | Event::GrantGiven(_)
            | Event::GrantTaken(_)
            | Event::AccountDisabled(_)
            | Event::AccountEnabled(_)
            | Event::AccountDeleted(_)
            | Event::AccountErased(_)
            | Event::TelSysRegistered(_)
            | Event::TelSysRenamed(_)
            | Event::TelSysRemoved(_)
            | Event::PartitionRegistered(_)
            | Event::PartitionRenamed(_)
            | Event::PartitionRemoved(_)
            | Event::DeviceRegistered(_)
            | Event::DeviceRenamed(_)
            | Event::DeviceRemoved(_) => {}
        }
    }

    fn dump(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        for (digest, template) in &self.by_digest {
            let RecordedTemplate {
                crm_type,
                version,
                recorded,
                document,
                password_fields,
                configuration_keys,
                common_keys,
            } = &**template;
            writeln!(out, "{crm_type} version {:?}, recorded at {recorded}: {digest}", version.as_str())?;
            writeln!(out, "  document of {} bytes", document.len())?;
            let passwords: Vec<_> = password_fields.iter().map(String::as_str).collect();
            writeln!(out, "  password fields {}", passwords.join(", "))?;
            writeln!(out, "  configuration keys {}", configuration_keys.join(", "))?;
            writeln!(out, "  common keys {}", common_keys.join(", "))?;
        }
        Ok(())
    }
}
