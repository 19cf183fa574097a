//! What the security log is told of a change of an account.

use crmconf_events::AccountId;
use crmconf_events::decide::AccountDifference;

use super::Done;
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
