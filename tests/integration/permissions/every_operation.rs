//! No operation is forgotten: for each there is, it is written down here whose it is, and every role is held to it.

use super::{Holder, Matrix};
use crate::harness::property;
use crmconf::http::operation::Operation;
use crmconf_events::access::Role;

/// Whose an operation is.
#[derive(PartialEq)]
enum Whose {
    /// Anybody's; it needs no account.
    Anybody,
    /// Of every account that is signed in; what it may see or do there, other tables tell.
    EveryAccount,
    /// Administrators' alone: anybody else is told 10313, before any property is looked at.
    Administrators,
}

/// A new operation does not compile until somebody decides.
fn whose(operation: Operation) -> Whose {
    use Operation as O;
    match operation {
        O::CreateSession | O::Authenticate | O::Logout => Whose::Anybody,
        O::ConfigurationAdd
        | O::ConfigurationChange
        | O::ConfigurationDelete
        | O::ConfigurationInfo
        | O::ConfigurationList
        | O::PasswordChange
        | O::CrmTypeList
        | O::CrmTypeInfo => Whose::EveryAccount,
        O::ConfigurationShred
        | O::AccountAdd
        | O::AccountChange
        | O::AccountDelete
        | O::AccountErase
        | O::AccountInfo
        | O::AccountList
        | O::MasterKeyList
        | O::MasterKeyRotate
        | O::DestructionResume
        | O::DirectoryImport
        | O::DirectoryList => Whose::Administrators,
    }
}

#[actix_web::test]
async fn every_operation_is_somebody_s_and_every_role_is_told_whether_it_is_its_own() {
    let matrix = Matrix::new().await;
    for Holder { account, role, granted, .. } in &matrix.holders {
        for operation in
            Operation::ALL.iter().copied().filter(|operation| whose(*operation) != Whose::Anybody)
        {
            let own = whose(operation) == Whose::EveryAccount || *role == Role::Administrator;
            let reply = matrix.call(*account, operation.name(), &property("Unknown", "x")).await;
            let cell = format!("{}: {role:?} on {:?}", operation.name(), super::GRANTED[*granted]);
            super::assert_cell(&reply, if own { 10108 } else { 10313 }, &cell);
        }
    }
}
