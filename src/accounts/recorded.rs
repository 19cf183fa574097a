//! What the security log is told of a change of an account.

use crmconf_events::AccountId;
use crmconf_events::decide::AccountDifference;

use super::{AccountError, Done};
use crate::security_log::Fact;

/// What was done to an account, by which other or by itself; `None` where nothing became another.
#[must_use]
pub fn fact(done: &Done, by: Option<AccountId>) -> Option<Fact> {
    let Done { account, version: _, difference } = done;
    let account = *account;
    let own_password = AccountDifference { password: true, ..AccountDifference::default() };
    let AccountDifference { created, deleted, erased, renamed, password, enabled, given, taken } =
        difference.clone();
    if *difference == AccountDifference::default() {
        None
    } else if erased {
        Some(Fact::AccountErased { account })
    } else if deleted {
        Some(Fact::AccountDeleted { account })
    } else if created {
        Some(Fact::AccountAdded { account, enabled: enabled != Some(false), grants: given })
    } else if *difference == own_password && by == Some(account) {
        Some(Fact::PasswordChanged { account })
    } else {
        let (grants_given, grants_taken) = (given, taken);
        Some(Fact::AccountChanged {
            account,
            renamed,
            password_set: password,
            enabled,
            grants_given,
            grants_taken,
        })
    }
}

/// What an erasure of an account did; also where its data key or a file of its is still to be destroyed, since the server sees
/// to that.
#[must_use]
pub fn erasure(account: Option<AccountId>, outcome: &Result<Option<Done>, AccountError>) -> Option<Fact> {
    let erased = match outcome {
        Ok(done) => done.is_some(),
        Err(AccountError::Write(error)) => error.stands(),
        Err(
            AccountError::Password(_)
            | AccountError::Vault(_)
            | AccountError::Contended
            | AccountError::CutOff(_),
        ) => false,
    };
    account.filter(|_| erased).map(|account| Fact::AccountErased { account })
}
