//! Sessions: who is asking, how one signs in, and how often one may try.
//!
//! Sessions live in memory alone, keyed by a digest of their id: a restart ends them all, and nothing that is
//! stored or logged could be used to take one over. What grows has a limit: sessions not signed in, sessions signed
//! in, what is remembered of ended ones, counters of failures, verifications waiting.
//!
//! The pure parts ([`SessionTable`], [`Throttle`]) are handed the time, so that tests need not wait.

mod address;
mod authenticate;
mod checker;
mod clock;
mod counters;
mod limits;
mod secrets;
mod shared;
mod table;
mod tally;
mod throttle;

pub use address::AddressKey;
pub use authenticate::{
    Accounts, Attempt, AuthenticateError, Authenticator, ConfirmError, Failure, FailureCause, SignedIn,
    Standing,
};
pub use checker::{
    CheckerError, PasswordChecker, PasswordLoad, Slot, VERIFICATIONS_AT_ONCE, VERIFICATIONS_WAITING_MAX,
};
#[cfg(test)]
pub(crate) use clock::TurnedClock;
pub use clock::{Clock, SystemClock};
pub use limits::SessionLimits;
pub use secrets::{Nonce, SessionId, TransportKey};
pub use shared::Sessions;
pub use table::{BindError, Binding, CreateError, Session, SessionError, SessionTable};
pub use tally::SignIns;
pub use throttle::{AccountKey, Throttle, ThrottleLimits, Verdict};
