//! Reads a request's properties in every way in which an operation may.

use crmconf_events::template::Part;
use crmconf_events::{AccountId, ConfigurationId, CrmType, Description, Reason, RequestKey};

use super::super::error::ApiError;
use super::super::fields::{CRM_TYPE_NAMES, Fields, RowSpec, Spec, Triple, json_data};
use super::super::operation::Operation;
use super::super::operations::{
    account, add, authenticate, change, create_session, crm_type_info, crm_type_list, delete, directory,
    info, keys, list, logout, password_change,
};
use super::super::xml::ParsedRequest;
use crate::vault::{AccountName, DisplayName, FoldedName, Password};
use crate::{directory as files, templates};

/// What an operation knows.
pub(super) const fn spec(operation: Operation) -> (&'static Spec, Option<&'static RowSpec>) {
    match operation {
        Operation::CreateSession => (&create_session::SPEC, None),
        Operation::Authenticate => (&authenticate::SPEC, None),
        Operation::Logout => (&logout::SPEC, None),
        Operation::ConfigurationAdd => (&add::SPEC, None),
        Operation::ConfigurationChange => (&change::SPEC, None),
        Operation::ConfigurationDelete => (&delete::SPEC, None),
        Operation::ConfigurationShred => (&keys::shred::SPEC, None),
        Operation::ConfigurationInfo => (&info::SPEC, None),
        Operation::ConfigurationList => (&list::SPEC, None),
        Operation::AccountAdd => (&account::add::SPEC, Some(&account::GRANT)),
        Operation::AccountChange => (&account::change::SPEC, Some(&account::GRANT)),
        Operation::AccountDelete => (&account::delete::SPEC, None),
        Operation::AccountErase => (&account::erase::SPEC, None),
        Operation::AccountInfo => (&account::info::SPEC, None),
        Operation::AccountList => (&account::list::SPEC, None),
        Operation::PasswordChange => (&password_change::SPEC, None),
        Operation::MasterKeyList => (&keys::list::SPEC, None),
        Operation::MasterKeyRotate => (&keys::rotate::SPEC, None),
        Operation::DestructionResume => (&keys::resume::SPEC, None),
        Operation::DirectoryImport => (&directory::import::SPEC, None),
        Operation::DirectoryList => (&directory::list::SPEC, None),
        Operation::CrmTypeList => (&crm_type_list::SPEC, None),
        Operation::CrmTypeInfo => (&crm_type_info::SPEC, None),
    }
}

/// Reads the properties of the operation that is named, or else of Add.
///
/// # Errors
/// The last thing that is refused, so that what is told of it can be looked at.
pub(super) fn request(parsed: &ParsedRequest) -> Result<(), ApiError> {
    let named = parsed.operation.as_deref().and_then(Operation::named);
    let (spec, rows) = spec(named.unwrap_or(Operation::ConfigurationAdd));
    let fields = Fields::new(parsed, &[], spec, rows)?;
    for part in Part::ALL {
        if let Some(text) = fields.container(part.name()).and_then(json_data) {
            templates::fuzzing::json_data(text.as_bytes());
        }
    }
    if let Some(text) = fields.exact("CSV") {
        files::fuzzing::csv(text.as_bytes());
    }
    if let Some(text) = fields.exact("JSON") {
        files::fuzzing::json(text.as_bytes());
    }
    let mut outcome = Ok(());
    let mut note = |result: Result<(), ApiError>| {
        if result.is_err() {
            outcome = result;
        }
    };
    for name in spec.properties {
        note(texts(&fields, name));
        note(fields.number(name).map(drop));
        note(fields.optional_flag(name).map(drop));
    }
    note(fields.either(CRM_TYPE_NAMES).map(drop));
    if spec.list {
        note(list::read(&fields).map(drop));
        note(directory::list::read(&fields).map(drop));
    }
    note(fields.triple().and_then(scope));
    for row in rows.into_iter().flat_map(|rows| fields.rows(rows)) {
        let _ = row.trimmed("Role");
        note(row.triple().and_then(scope));
    }
    outcome
}

fn scope(triple: Triple) -> Result<(), ApiError> {
    triple.require_telsys()?;
    triple.scope().map(drop)
}

/// A property as each of the texts that one may be.
fn texts(fields: &Fields<'_>, name: &str) -> Result<(), ApiError> {
    let all = [
        fields.text(name, Description::new).map(drop),
        fields.text(name, Reason::new).map(drop),
        fields.text(name, AccountName::new).map(drop),
        fields.text(name, DisplayName::new).map(drop),
        fields.identifier(name, CrmType::new).map(drop),
        fields.identifier(name, RequestKey::new).map(drop),
        fields.identifier(name, str::parse::<AccountId>).map(drop),
        fields.identifier(name, str::parse::<ConfigurationId>).map(drop),
    ];
    if let Some(text) = fields.exact(name) {
        let _ = FoldedName::of(text);
        let _ = Password::chosen(text);
    }
    all.into_iter().find(Result::is_err).unwrap_or(Ok(()))
}
