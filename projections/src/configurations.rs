//! Live configurations, indexed by id and by scope.

use std::fmt;
use std::sync::Arc;

use crmconf_events::event::{ConfigurationAdded, ConfigurationChanged, Envelope, Event, Part, Secrets};
use crmconf_events::{ConfigurationId, CrmType, Description, KeyId, Scope, Sequence, TemplateDigest};

use crate::projection::Projection;
use crate::text::{Sortable, fold};

/// A live configuration as Info and List show it.
#[derive(Clone, Debug)]
pub struct Configuration {
    /// Its id.
    pub id: ConfigurationId,
    /// Where it applies.
    pub scope: Scope,
    /// Its type of CRM.
    pub crm_type: CrmType,
    /// What its owner calls it.
    pub description: Description,
    /// The template it was last checked against.
    pub template: TemplateDigest,
    /// The data key of its password fields.
    pub key: KeyId,
    /// Whether that key was destroyed: then its password fields never open again.
    pub shredded: bool,
    /// The sequence of its first event: its place in the order of creation.
    pub created: Sequence,
    /// The sequence of its last event.
    pub version: Sequence,
    /// `CRMConfiguration` without password fields.
    pub configuration: Part,
    /// Its password fields, sealed.
    pub secrets: Secrets,
    /// `CRMConfigurationCommon`.
    pub common: Part,
    /// The description with its sort key.
    pub(crate) sortable: Sortable,
    /// The description, folded for search.
    folded_description: Box<str>,
    /// The type, folded for search; configurations of a type share it.
    folded_type: Arc<str>,
}

impl Configuration {
    /// Whether an already folded text is part of the description or the type.
    pub(crate) fn matches(&self, folded: &str) -> bool {
        self.folded_description.contains(folded) || self.folded_type.contains(folded)
    }
}

/// The read model of live configurations.
#[derive(Clone, Default)]
pub struct Configurations {
    by_id: imbl::OrdMap<ConfigurationId, Arc<Configuration>>,
    by_scope: imbl::OrdMap<(Scope, Sequence), Arc<Configuration>>,
    folded_types: imbl::HashMap<CrmType, Arc<str>>,
}

impl Configurations {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// Every configuration, scope by scope from the top, each scope's in the order of creation.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Configuration>> {
        self.by_scope.values()
    }

    /// The configuration with this id.
    #[must_use]
    pub fn get(&self, id: &ConfigurationId) -> Option<&Arc<Configuration>> {
        self.by_id.get(id)
    }

    /// Those that apply at exactly this scope, in the order of creation.
    pub(crate) fn at(&self, scope: Scope) -> impl Iterator<Item = &Arc<Configuration>> {
        self.from(&scope).take_while(move |found| found.scope == scope)
    }

    /// Those that apply at this scope or below it, scope by scope.
    pub(crate) fn within(&self, scope: Scope) -> impl Iterator<Item = &Arc<Configuration>> {
        self.from(&scope).take_while(move |found| scope.covers(&found.scope))
    }

    /// Everything from a scope on. A scope sorts right before all that lies inside it.
    fn from<'a>(&'a self, scope: &Scope) -> impl Iterator<Item = &'a Arc<Configuration>> + use<'a> {
        self.by_scope.range((scope.clone(), Sequence::FIRST)..).map(|(_, found)| found)
    }

    fn put(&mut self, configuration: Configuration) {
        let configuration = Arc::new(configuration);
        let place = (configuration.scope.clone(), configuration.created);
        self.by_scope.insert(place, Arc::clone(&configuration));
        self.by_id.insert(configuration.id.clone(), configuration);
    }

    fn added(&mut self, sequence: Sequence, event: &ConfigurationAdded) {
        let folded_type = self
            .folded_types
            .entry(event.crm_type.clone())
            .or_insert_with(|| fold(event.crm_type.as_str()).into())
            .clone();
        self.put(Configuration {
            id: event.id.clone(),
            scope: event.scope.clone(),
            crm_type: event.crm_type.clone(),
            description: event.description.clone(),
            template: event.template,
            key: event.key,
            shredded: false,
            created: sequence,
            version: sequence,
            configuration: Arc::clone(&event.configuration),
            secrets: Arc::clone(&event.secrets),
            common: Arc::clone(&event.common),
            sortable: Sortable::new(event.description.as_str()),
            folded_description: fold(event.description.as_str()).into(),
            folded_type,
        });
    }

    fn changed(&mut self, sequence: Sequence, event: &ConfigurationChanged) {
        let Some(old) = self.by_id.get(&event.id) else { return };
        let mut new = Configuration::clone(old);
        new.version = sequence;
        new.template = event.template;
        new.shredded = old.shredded && event.key == old.key;
        new.key = event.key;
        if let Some(description) = &event.description {
            new.description = description.clone();
            new.sortable = Sortable::new(description.as_str());
            new.folded_description = fold(description.as_str()).into();
        }
        if let Some(configuration) = &event.configuration {
            new.configuration = Arc::clone(configuration);
            new.secrets = Arc::clone(&event.secrets);
        }
        if let Some(common) = &event.common {
            new.common = Arc::clone(common);
        }
        self.put(new);
    }

    fn shredded(&mut self, sequence: Sequence, id: &ConfigurationId) {
        let Some(old) = self.by_id.get(id) else { return };
        self.put(Configuration { version: sequence, shredded: true, ..Configuration::clone(old) });
    }

    fn deleted(&mut self, id: &ConfigurationId) {
        if let Some(old) = self.by_id.remove(id) {
            self.by_scope.remove(&(old.scope.clone(), old.created));
        }
    }
}

impl Projection for Configurations {
    const NAME: &'static str = "configurations";
    const VERSION: u32 = 1;

    fn apply(&mut self, envelope: &Envelope) {
        match &envelope.event {
            Event::ConfigurationAdded(e) => self.added(envelope.sequence, e),
            Event::ConfigurationChanged(e) => self.changed(envelope.sequence, e),
            Event::ConfigurationDeleted(e) => self.deleted(&e.id),
            Event::ConfigurationShredded(e) => self.shredded(envelope.sequence, &e.id),
            Event::StoreCreated(_)
            | Event::TemplateRecorded(_)
            | Event::RequestRecorded(_)
            | Event::DestructionHeld(_)
            | Event::DestructionResumed(_)
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
        for ((_, _), found) in &self.by_scope {
            // Without `..`: a new field breaks the build until someone decides what the dump says of it.
            let Configuration {
                id,
                scope,
                crm_type,
                description,
                template,
                key,
                shredded,
                created,
                version,
                configuration,
                secrets,
                common,
                sortable: _,
                folded_description,
                folded_type,
            } = &**found;
            writeln!(out, "{scope}: {id}")?;
            writeln!(out, "  description {description:?}, type {crm_type}")?;
            writeln!(out, "  search {folded_description:?}, {folded_type:?}")?;
            let destroyed = if *shredded { " (destroyed)" } else { "" };
            let key = key.0;
            writeln!(
                out,
                "  created {created}, version {version}, key {key}{destroyed}, template {template}"
            )?;
            writeln!(out, "  configuration {configuration}")?;
            for (field, sealed) in &**secrets {
                if *shredded {
                    writeln!(out, "  secret {field}, shredded")?;
                    continue;
                }
                let sealed = sealed.ciphertext();
                let hash = blake3::hash(sealed).to_hex();
                // Enough of it to see that another value stands there.
                writeln!(out, "  secret {field}, {} bytes sealed, {:.16}", sealed.len(), hash.as_str())?;
            }
            writeln!(out, "  common {common}")?;
        }
        Ok(())
    }
}
