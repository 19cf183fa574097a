//! `LostAddresses`: of which accounts the operator was told that their changes are recorded without an address.

use std::collections::HashSet;
use std::fmt::Display;
use std::sync::{Mutex, PoisonError};

use crmconf_events::AccountId;

/// How many accounts are told apart.
const ACCOUNTS_MAX: usize = 1_000;

/// Tells once of each account, since an account may change something many times a second, and the vault's bucket is lost
/// until somebody has put it back and started the server anew.
#[derive(Default)]
pub struct LostAddresses(Mutex<HashSet<AccountId>>);

impl LostAddresses {
    /// A change of this account is recorded without its address.
    pub fn tell(&self, account: AccountId, why: &dyn Display) {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() < ACCOUNTS_MAX && told.insert(account) {
            let last = told.len() == ACCOUNTS_MAX;
            drop(told);
            tracing::error!(
                %account,
                error = %why,
                "a change is recorded without its address, as will be this account's others: they are told at DEBUG"
            );
            if last {
                tracing::error!(
                    accounts = ACCOUNTS_MAX,
                    "so many accounts have no key for their addresses that all further ones are told at DEBUG"
                );
            }
        } else {
            tracing::debug!(%account, error = %why, "a change is recorded without its address");
        }
    }
}

#[cfg(test)]
mod tests {
    use crmconf_events::told::Told;

    use super::*;

    fn account(number: u32) -> AccountId {
        let mut id = [0; 16];
        id[..4].copy_from_slice(&number.to_be_bytes());
        AccountId::new(id)
    }

    #[test]
    fn each_account_is_told_once_and_no_more_than_are_kept() {
        let lost = LostAddresses::default();
        let ((), told) = Told::by(|| {
            for number in [1, 2, 1, 2, 1] {
                lost.tell(account(number), &"its bucket is lost");
            }
        });
        assert_eq!(told.lines().count(), 2, "{told}");
        for number in [1, 2] {
            assert_eq!(told.matches(&account(number).to_string()).count(), 1, "{told}");
        }
        assert_eq!(told.matches("its bucket is lost").count(), 2, "{told}");

        let ((), told) = Told::by(|| {
            for number in 0..5_000 {
                lost.tell(account(number), &"its bucket is lost");
            }
        });
        assert_eq!(told.lines().count(), ACCOUNTS_MAX - 2 + 1, "and one line that says so");
        assert!(told.lines().last().is_some_and(|line| line.contains("all further ones")), "{told}");
        assert_eq!(lost.0.lock().unwrap().len(), ACCOUNTS_MAX);
    }
}
