//! Cases on finding requests by their keys.

use super::{Backend, append};
use crate::{AccountId, RequestKey};

/// Keys are per account, are found from the append on, and still after reopening.
pub fn requests_are_found_by_account_and_key<B: Backend>() {
    let backend = B::create();
    let log = backend.open();
    let [ada, bob] = [1, 2].map(|byte| AccountId::new([byte; 16]));
    let [one, two] = ["one", "two"].map(|key| RequestKey::new(key).unwrap());
    let event = |account: &AccountId, key: &RequestKey| {
        format!(r#"{{"tag":"T","actor":"account:{account}","key":"{key}","body":{{}}}}"#)
    };
    append(&*log, &[r#"{"tag":"StoreCreated","actor":"system"}"#]);
    assert_eq!(log.find_request(&ada, &one), Ok(None));
    append(&*log, &[&event(&ada, &one), &event(&bob, &two)]);
    append(&*log, &[&event(&bob, &one)]);
    let found = |log: &dyn crate::log::EventLog| {
        [(&ada, &one), (&bob, &two), (&bob, &one), (&ada, &two)]
            .map(|(account, key)| log.find_request(account, key).unwrap().map(crate::Sequence::get))
    };
    assert_eq!(found(&*log), [Some(2), Some(3), Some(4), None]);
    drop(log);
    assert_eq!(found(&*backend.open()), [Some(2), Some(3), Some(4), None]);
}
