//! Sealing a command's passwords, just before it is decided and under the key that its configuration has or gets then.
//!
//! So no plaintext reaches a decision or an event, and what is sealed names the very key id that the decision gives out.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crmconf_events::command::{
    AddConfiguration, ChangeConfiguration, ChangeParts, Command, ConfigurationChange, PartsFault, Request,
    SecretChange, sealed_digest,
};
use crmconf_events::decide::{Again, Prior, Reading};
use crmconf_events::event::Part;
use crmconf_events::json::Json;
use crmconf_events::state::{ConfigurationState, State};
use crmconf_events::{ConfigurationId, KeyId, SealedValue};

use super::{DataKeys, WriteError};
use crate::plain;
use crate::transport::Plaintext;
use crate::vault::{Bound, DataKeyError, KeyStanding, VaultError};

/// Values that came sealed with a command, by field, in clear.
pub type Passwords = BTreeMap<String, Plaintext>;

/// What opened of a request in its session.
#[derive(Debug, Default)]
pub struct Opened {
    /// The values of its password fields, to be sealed.
    pub passwords: Passwords,
    /// Values of other fields, and of parts that cannot stand: only compared, since a request that is asked again under its
    /// RequestKey may have had them as passwords when it was asked first.
    pub others: Passwords,
}

impl From<Passwords> for Opened {
    fn from(passwords: Passwords) -> Self {
        Self { passwords, others: Passwords::new() }
    }
}

/// What is sealed for a configuration, or why it cannot be.
type Sealed = Result<BTreeMap<String, SealedValue>, DataKeyError>;

/// The most that the password fields of a configuration may take, names and sealed values together, bytes: an event with all
/// of them, the largest parts and the template that it first uses fits one commit.
pub const SEALED_BYTES_MAX: usize = 64 << 10;

/// The request to be decided on this state: with the data key that its command needs, and its passwords sealed under it. A
/// key that cannot be had is one of the faults of the parts, so that it is told in its turn among the checks.
///
/// # Errors
/// When there is no key to be given out.
pub(super) fn sealed<'a>(
    keys: &dyn DataKeys,
    state: &State,
    request: &'a mut Request,
    passwords: &Passwords,
) -> Result<Cow<'a, Request>, WriteError> {
    match &mut request.command {
        Command::AddConfiguration(command) => seal_add(keys, state, command, passwords)?,
        Command::ChangeConfiguration(command) => {
            // What is sealed depends on the state: decided again on another one, the request begins as it came.
            if let Some(command) = seal_change(keys, state, command, passwords)? {
                let Request { context, validate_only, command: _ } = &*request;
                let command = Command::ChangeConfiguration(command);
                let (context, validate_only) = (context.clone(), *validate_only);
                return Ok(Cow::Owned(Request { context, validate_only, command }));
            }
        }
        Command::CreateAccount(command) => command.key = Some(given(keys, state)?),
        Command::CreateStore(_)
        | Command::DeleteConfiguration(_)
        | Command::ShredConfiguration(_)
        | Command::DestroyRetired(_)
        | Command::HoldDestruction(_)
        | Command::ResumeDestruction
        | Command::RecordTemplate(_)
        | Command::ChangeAccount(_)
        | Command::SetCredential(_)
        | Command::DeleteAccount(_)
        | Command::EraseAccount(_)
        | Command::ImportDirectory(_) => {}
    }
    Ok(Cow::Borrowed(request))
}

/// How a request's passwords compare with those that its RequestKey was first used with, read in each way in which it may be
/// that request again: with the fields as passwords that the template of that time marked, and with all that opened.
///
/// # Errors
/// When the key stands, and cannot be had now.
pub(super) fn readings(
    keys: &dyn DataKeys,
    state: &State,
    prior: &Prior,
    Opened { passwords, others }: &Opened,
) -> Result<Vec<Reading>, DataKeyError> {
    let marked = prior.template.and_then(|template| state.templates.get(&template));
    let opened = || passwords.iter().chain(others);
    let is_marked = |field: &String| marked.is_some_and(|marked| marked.contains(field));
    let mut readings = vec![again(keys, prior, opened().filter(|(field, _)| is_marked(field)))?.into()];
    let further: BTreeSet<_> =
        opened().map(|(field, _)| field).filter(|field| !is_marked(field)).cloned().collect();
    if !further.is_empty() {
        readings.push(Reading { further, passwords: again(keys, prior, opened())? });
    }
    Ok(readings)
}

/// How passwords compare with the first ones: sealed under the key of that time they are the same bytes if they are the same
/// texts. Once that key is destroyed nobody can tell any more.
fn again<'a>(
    keys: &dyn DataKeys,
    prior: &Prior,
    passwords: impl Iterator<Item = (&'a String, &'a Plaintext)>,
) -> Result<Again, DataKeyError> {
    let mut passwords = passwords.peekable();
    let Some(key) = prior.key.filter(|_| passwords.peek().is_some()) else { return Ok(Again::Sealed(None)) };
    match seal_all(keys, key, &prior.outcome.id, passwords) {
        Ok(sealed) => Ok(Again::Sealed(sealed_digest(&sealed))),
        Err(DataKeyError::Destroyed) => Ok(Again::NotCompared),
        Err(error @ (DataKeyError::Unavailable { .. } | DataKeyError::DoesNotOpen)) => Err(error),
    }
}

fn seal_add(
    keys: &dyn DataKeys,
    state: &State,
    command: &mut AddConfiguration,
    passwords: &Passwords,
) -> Result<(), WriteError> {
    let Ok(parts) = &mut command.parts else { return Ok(()) };
    let key = given(keys, state)?;
    command.key = Some(key);
    match seal_all(keys, key, &command.id, passwords) {
        Ok(sealed) if bytes(sealed.iter()) > SEALED_BYTES_MAX => command.parts = Err(too_much()),
        Ok(sealed) => {
            command.form.sealed = sealed_digest(&sealed);
            parts.secrets = sealed;
        }
        Err(error) => command.parts = Err(PartsFault::KeyUnavailable(error.to_string())),
    }
    Ok(())
}

/// The command with what is sealed for it; `None` when nothing is.
fn seal_change(
    keys: &dyn DataKeys,
    state: &State,
    command: &ChangeConfiguration,
    passwords: &Passwords,
) -> Result<Option<ChangeConfiguration>, WriteError> {
    let (Some(id), Ok(parts)) = (&command.id, &command.parts) else { return Ok(None) };
    let Some(found) = state.configurations.get(id) else { return Ok(None) };
    let kept = in_clear(found, parts, passwords);
    if passwords.is_empty() && kept.is_empty() {
        return Ok(None);
    }
    let key = key_of(keys, state, found)?;
    let sealed = seal_all(keys, key, id, passwords)
        .and_then(|given| Ok((sealed_digest(&given), given, seal_all(keys, key, id, &kept)?)));
    let mut command = command.clone();
    match (sealed, &mut command.parts) {
        (Ok((digest, given, kept)), Ok(parts)) => {
            command.key = (key != found.key).then_some(key);
            command.form.sealed = digest;
            let sealed: BTreeMap<_, _> = given.into_iter().chain(kept).collect();
            // What is under another key goes with that key, and what the change removes makes room for the rest.
            let stays = found.secrets.iter().filter(|(field, _)| {
                key == found.key && !sealed.contains_key(*field) && !removes(parts, field)
            });
            if bytes(sealed.iter().chain(stays)) > SEALED_BYTES_MAX {
                command.parts = Err(too_much());
            } else {
                set(found, parts, sealed);
            }
        }
        (Err(error), _) => command.parts = Err(PartsFault::KeyUnavailable(error.to_string())),
        (Ok(_), Err(_)) => {}
    }
    Ok(Some(command))
}

/// Stored values in clear of fields that the present template marks as passwords, and that the change does not replace:
/// they are sealed on this occasion.
fn in_clear(found: &ConfigurationState, parts: &ChangeParts, given: &Passwords) -> Passwords {
    let fields = parts.template.password_fields.iter().filter(|field| !given.contains_key(*field));
    fields
        .filter(|field| !removes(parts, field))
        .filter_map(|field| {
            // Where there is nothing, nothing is to be kept secret.
            let value = found.configuration.get(field).filter(|value| **value != Json::Null)?;
            let text = plain::text(value);
            Some((field.clone(), Plaintext::new(&text).ok()?))
        })
        .collect()
}

/// Whether a change takes a password field away. Values are set in it only once they are sealed.
fn removes(parts: &ChangeParts, field: &str) -> bool {
    parts
        .configuration
        .as_ref()
        .is_some_and(|change| change.secrets.get(field) == Some(&SecretChange::Remove))
}

/// Takes sealed values into the change, which becomes one of `CRMConfiguration` if it is none.
fn set(found: &ConfigurationState, parts: &mut ChangeParts, sealed: BTreeMap<String, SealedValue>) {
    let change = parts.configuration.get_or_insert_with(|| ConfigurationChange {
        configuration: Arc::clone(&found.configuration),
        secrets: BTreeMap::new(),
    });
    change.configuration = without(&change.configuration, sealed.keys());
    change.secrets.extend(sealed.into_iter().map(|(field, value)| (field, SecretChange::Set(value))));
}

/// A part without some of its keys.
fn without<'a>(part: &Part, fields: impl Iterator<Item = &'a String>) -> Part {
    let mut fields = fields.filter(|field| part.get(field).is_some()).peekable();
    let Some(object) = part.as_object().filter(|_| fields.peek().is_some()) else { return Arc::clone(part) };
    let mut object = object.clone();
    for field in fields {
        object.remove(field);
    }
    Arc::new(Json::Object(object))
}

/// The key under which new values of a live configuration are sealed: its own, or a fresh one where that is destroyed, or
/// cannot be had and nothing is sealed under it.
fn key_of(keys: &dyn DataKeys, state: &State, found: &ConfigurationState) -> Result<KeyId, WriteError> {
    let of_no_use = match keys.standing(found.key) {
        KeyStanding::Whole => found.shredded,
        KeyStanding::Destroyed => true,
        KeyStanding::Missing => found.shredded || found.secrets.is_empty(),
    };
    if of_no_use { given(keys, state) } else { Ok(found.key) }
}

/// The key that is given out next: not one that is destroyed already. Such keys are met where an older log was put back
/// beside a vault that has gone on since.
fn given(keys: &dyn DataKeys, state: &State) -> Result<KeyId, WriteError> {
    let unavailable = |error: VaultError| {
        tracing::error!(%error, "there is no data key to give out");
        WriteError::Unavailable(error.to_string())
    };
    let mut key = keys.key_to_give(state.next_key).map_err(unavailable)?;
    while keys.standing(key) == KeyStanding::Destroyed {
        key = keys.key_to_give(key.next()).map_err(unavailable)?;
    }
    Ok(key)
}

/// What password fields take in an event, before they become text.
fn bytes<'a>(fields: impl Iterator<Item = (&'a String, &'a SealedValue)>) -> usize {
    fields.map(|(field, value)| field.len().saturating_add(value.ciphertext().len())).sum()
}

fn too_much() -> PartsFault {
    PartsFault::Configuration(format!(
        "its password fields have more than {SEALED_BYTES_MAX} bytes together, sealed and with their names"
    ))
}

fn seal_all<'a>(
    keys: &dyn DataKeys,
    key: KeyId,
    id: &ConfigurationId,
    passwords: impl IntoIterator<Item = (&'a String, &'a Plaintext)>,
) -> Sealed {
    let seal = |(field, plain): (&String, &Plaintext)| {
        let bound = Bound::Password { configuration: id, field };
        Ok((field.clone(), keys.seal(key, &bound, plain.as_str().as_bytes())?))
    };
    passwords.into_iter().map(seal).collect()
}
