//! Lets sessions expire also while nobody asks for one: their keys are not to stay in memory.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use crate::sessions::Sessions;

/// How long the key of a session that has expired may stay where no request finds that out before.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// Looks for ever.
pub(super) async fn expire(sessions: Arc<Sessions>) {
    look_again_and_again(&sessions, LOOK_EVERY).await;
}

async fn look_again_and_again(sessions: &Sessions, every: Duration) {
    loop {
        sleep(every).await;
        sessions.expire();
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};
    use std::time::Instant;

    use crmconf_events::{AccountId, Sequence};
    use tokio::runtime::Handle;

    use super::*;
    use crate::server::beside::Beside;
    use crate::sessions::{SessionLimits, TurnedClock};

    #[tokio::test]
    async fn the_key_of_a_session_that_has_expired_is_gone_though_nobody_asks() {
        let clock = Arc::new(TurnedClock::new());
        let limits = SessionLimits { idle: Duration::from_secs(60), ..SessionLimits::default() };
        let sessions = Arc::new(Sessions::new(limits, clock.clone()));
        let (id, _) = sessions.create(IpAddr::V4(Ipv4Addr::LOCALHOST)).unwrap();
        let key = sessions.bind(id.digest(), AccountId::new([1; 16]), Sequence::FIRST, || true).unwrap();
        let key = {
            let weak = Arc::downgrade(&key);
            drop(key);
            weak
        };
        let looking = {
            let sessions = Arc::clone(&sessions);
            let every = Duration::from_millis(5);
            Beside::run(async move { look_again_and_again(&sessions, every).await }, &Handle::current())
        };
        sleep(Duration::from_millis(50)).await;
        assert!(key.strong_count() > 0, "it lives");
        clock.turn(Duration::from_secs(60));
        let begun = Instant::now();
        while key.strong_count() > 0 {
            assert!(begun.elapsed() < Duration::from_secs(30), "its key stays");
            sleep(Duration::from_millis(5)).await;
        }
        drop(looking);
    }
}
