//! How a request is found again: by a digest over account and RequestKey, both read from the event.

use data_encoding::BASE64URL_NOPAD;
use serde::Deserialize;

use crate::commit::Commit;
use crate::{AccountId, RequestKey, Sequence};

const CONTEXT: &str = "crmconf request index v1";

/// What the actor of an account's event begins with.
const ACCOUNT: &str = "account:";

/// Names a request: digest over the account's id and the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct RequestName(pub(super) [u8; 32]);

impl RequestName {
    /// The name of an account's request.
    pub(super) fn new(account: &AccountId, key: &str) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key(CONTEXT);
        // The id has a fixed length, so that no two pairs give the same input.
        hasher.update(account.as_bytes()).update(key.as_bytes());
        Self(hasher.finalize().into())
    }

    /// The name of the request of that key.
    pub(super) fn of(account: &AccountId, key: &RequestKey) -> Self {
        Self::new(account, key.as_str())
    }
}

/// The little of an event that the index needs. All other keys are passed over.
#[derive(Deserialize)]
struct Peek<'a> {
    #[serde(borrow, default)]
    actor: Option<std::borrow::Cow<'a, str>>,
    #[serde(borrow, default)]
    key: Option<std::borrow::Cow<'a, str>>,
}

/// The requests that a commit's events carry, with their sequences.
pub(super) fn requests(commit: &Commit) -> impl Iterator<Item = (RequestName, Sequence)> {
    commit.numbered().filter_map(|(sequence, event)| Some((request(event)?, sequence)))
}

/// The request of one event: `None` without a key, and for events that are no account's or no JSON objects.
fn request(event: &[u8]) -> Option<RequestName> {
    let Peek { actor, key } = serde_json::from_slice(event).ok()?;
    let id = BASE64URL_NOPAD.decode(actor?.strip_prefix(ACCOUNT)?.as_bytes()).ok()?;
    Some(RequestName::new(&AccountId::new(id.try_into().ok()?), &key?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_account_s_event_with_a_key_names_a_request() {
        let account = AccountId::new([7; 16]);
        let key = RequestKey::new("retry \"1\" ß").unwrap();
        let text = format!(
            r#"{{"tag":"T","body":{{"key":"inner"}},"actor":"account:{account}","key":"retry \"1\" \u00df"}}"#
        );
        assert_eq!(request(text.as_bytes()), Some(RequestName::of(&account, &key)));
        for without in [
            format!(r#"{{"actor":"account:{account}"}}"#),
            r#"{"actor":"system","key":"k"}"#.to_owned(),
            r#"{"actor":"account:short","key":"k"}"#.to_owned(),
            r#"{"key":"k"}"#.to_owned(),
            "not json".to_owned(),
            String::new(),
        ] {
            assert_eq!(request(without.as_bytes()), None, "{without}");
        }
    }

    #[test]
    fn names_differ_by_account_and_by_key() {
        let [a, b] = [1, 2].map(|byte| AccountId::new([byte; 16]));
        assert_ne!(RequestName::new(&a, "k"), RequestName::new(&b, "k"));
        assert_ne!(RequestName::new(&a, "k"), RequestName::new(&a, "l"));
    }
}
