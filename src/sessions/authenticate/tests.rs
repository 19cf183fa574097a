//! Signing in, end to end: vault, sessions, throttle and checker together.

use std::collections::HashMap;
use std::time::Duration;

use super::super::clock::TurnedClock;
use super::super::limits::SessionLimits;
use super::super::table::Binding;
use super::super::throttle::ThrottleLimits;
use super::*;
use crate::vault::{AccountName, MasterKey, MasterKeys};

const PASSWORD: &str = "canary-password";
const AWAY: &str = "192.0.2.1";

fn id(n: u8) -> AccountId {
    AccountId::new([n; 16])
}

/// The log's accounts, as a test sets them.
#[derive(Default)]
struct Log(Mutex<HashMap<AccountId, Standing>>);

impl Log {
    fn change(&self, account: AccountId, change: impl FnOnce(&mut Standing)) {
        change(self.0.lock().unwrap().get_mut(&account).unwrap());
    }
}

impl Accounts for Log {
    fn standing(&self, account: AccountId) -> Option<Standing> {
        self.0.lock().unwrap().get(&account).copied()
    }
}

struct Fixture {
    _folder: tempfile::TempDir,
    vault: Arc<Vault>,
    sessions: Arc<Sessions>,
    checker: PasswordChecker,
    clock: Arc<TurnedClock>,
    authenticator: Authenticator,
    log: Log,
}

impl Fixture {
    fn new(limits: SessionLimits) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = MasterKeys::sole(MasterKey::generate().unwrap());
        let store = crmconf_events::StoreId::new([1; 16]);
        let vault = Arc::new(Vault::create(&folder.path().join("vault"), store, &key).unwrap());
        let clock = Arc::new(TurnedClock::new());
        let sessions = Arc::new(Sessions::new(limits, clock.clone()));
        let checker = PasswordChecker::default();
        let throttle = Throttle::new(ThrottleLimits::default());
        let authenticator =
            Authenticator::new(vault.clone(), sessions.clone(), checker.clone(), throttle, clock.clone());
        let this =
            Self { _folder: folder, vault, sessions, checker, clock, authenticator, log: Log::default() };
        this.add(1, "Admin", true);
        this.add(2, "disabled", false);
        this
    }

    fn add(&self, n: u8, name: &str, enabled: bool) -> CredentialId {
        let name = AccountName::new(name).unwrap();
        let verifier = Verifier::of(&Password::given(PASSWORD)).unwrap();
        let credential = Credential::new(id(n), name, None, verifier).unwrap();
        let credential = self.vault.store_credential(&credential).unwrap();
        self.log.0.lock().unwrap().insert(id(n), Standing { enabled, credential, version: Sequence::FIRST });
        credential
    }

    fn session(&self) -> String {
        self.sessions.create(AWAY.parse().unwrap()).unwrap().0.to_text().to_string()
    }

    fn signed_in(&self, session: &str) -> Result<(SessionDigest, Binding), SessionError> {
        let session = self.sessions.lookup(Some(session))?;
        Ok((session.digest, session.bound.ok_or(SessionError::NotAuthenticated)?))
    }

    async fn attempt(
        &self,
        session: &str,
        name: &str,
        password: &str,
    ) -> Result<SignedIn, AuthenticateError> {
        self.attempt_from(session, name, password, AWAY).await
    }

    async fn attempt_from(
        &self,
        session: &str,
        name: &str,
        password: &str,
        address: &str,
    ) -> Result<SignedIn, AuthenticateError> {
        let (password, address) = (Password::given(password), address.parse().unwrap());
        let attempt = Attempt { session: Some(session), name, password, address };
        self.authenticator.authenticate(&self.log, attempt).await
    }
}

#[tokio::test]
async fn the_right_password_binds_the_account_to_the_session() {
    let fixture = Fixture::new(SessionLimits::default());
    let session = fixture.session();
    assert_eq!(fixture.signed_in(&session).unwrap_err(), SessionError::NotAuthenticated);
    let signed_in = fixture.attempt(&session, "aDMIN", PASSWORD).await.unwrap();
    assert_eq!(signed_in.account, id(1));
    let (digest, Binding { account, key, .. }) = fixture.signed_in(&session).unwrap();
    assert_eq!((digest, account), (signed_in.session, id(1)));
    assert_eq!(key.as_bytes(), signed_in.transport_key.as_bytes());
    assert_eq!(fixture.checker.verifications(), 1);
}

#[tokio::test]
async fn every_failure_has_the_same_answer_the_same_work_and_ends_the_session() {
    let fixture = Fixture::new(SessionLimits::default());
    fixture.add(3, "throttled", true);
    for _ in 0..10 {
        let session = fixture.session();
        fixture.attempt(&session, "throttled", "wrong").await.unwrap_err();
    }
    for (name, password, account, cause) in [
        ("nobody", PASSWORD, None, FailureCause::UnknownName),
        ("", "", None, FailureCause::UnknownName),
        (&*"x".repeat(5_000), PASSWORD, None, FailureCause::UnknownName),
        ("admin", "wrong", Some(id(1)), FailureCause::WrongPassword),
        ("admin", "", Some(id(1)), FailureCause::WrongPassword),
        ("disabled", PASSWORD, Some(id(2)), FailureCause::AccountDisabled),
        ("disabled", "wrong", Some(id(2)), FailureCause::WrongPassword),
        ("throttled", PASSWORD, Some(id(3)), FailureCause::Throttled),
    ] {
        let session = fixture.session();
        let before = fixture.checker.verifications();
        let error = fixture.attempt(&session, name, password).await.unwrap_err();
        assert_eq!(error, AuthenticateError::Failed(Failure { account, cause }), "{name}");
        assert_eq!(fixture.checker.verifications() - before, 1, "one verification for {name}");
        assert_eq!(fixture.sessions.lookup(Some(&session)).unwrap_err(), SessionError::Unknown, "{name}");
    }
}

#[tokio::test]
async fn a_throttled_account_can_sign_in_again_after_the_window() {
    let fixture = Fixture::new(SessionLimits::default());
    for _ in 0..10 {
        fixture.attempt(&fixture.session(), "admin", "wrong").await.unwrap_err();
    }
    let throttled = fixture.attempt(&fixture.session(), "admin", PASSWORD).await;
    let throttled_failure = Failure { account: Some(id(1)), cause: FailureCause::Throttled };
    assert_eq!(throttled.unwrap_err(), AuthenticateError::Failed(throttled_failure));
    assert!(fixture.attempt_from(&fixture.session(), "admin", PASSWORD, "192.0.2.2").await.is_ok());
    fixture.clock.turn(Duration::from_secs(15 * 60));
    assert!(fixture.attempt(&fixture.session(), "admin", PASSWORD).await.is_ok());
}

#[tokio::test]
async fn a_session_that_is_not_to_be_signed_in_to_costs_no_verification() {
    let fixture = Fixture::new(SessionLimits::default());
    let bound = fixture.session();
    fixture.attempt(&bound, "admin", PASSWORD).await.unwrap();
    let before = fixture.checker.verifications();
    for password in [PASSWORD, "wrong"] {
        let error = fixture.attempt(&bound, "admin", password).await.unwrap_err();
        assert_eq!(error, AuthenticateError::AlreadyBound);
    }
    assert!(fixture.signed_in(&bound).is_ok(), "the session stays");
    let unknown = fixture.attempt(&"A".repeat(32), "admin", PASSWORD).await.unwrap_err();
    assert_eq!(unknown, AuthenticateError::Session(SessionError::Unknown));
    let missing = fixture.attempt("", "admin", PASSWORD).await.unwrap_err();
    assert_eq!(missing, AuthenticateError::Session(SessionError::Missing));
    let found = fixture.sessions.lookup(Some(&bound)).unwrap();
    assert!(fixture.sessions.revoke(found.digest, found.bound.unwrap().version));
    let ended = fixture.attempt(&bound, "admin", PASSWORD).await.unwrap_err();
    assert_eq!(ended, AuthenticateError::Session(SessionError::NoLongerValid));
    assert_eq!(fixture.checker.verifications(), before);
}

#[tokio::test]
async fn only_the_credential_that_the_log_names_counts() {
    let fixture = Fixture::new(SessionLimits::default());
    let standing = fixture.log.standing(id(1)).unwrap();
    let old = fixture.vault.credential(standing.credential).unwrap();
    let verifier = Verifier::of(&Password::given("another-password")).unwrap();
    let new = fixture.vault.store_credential(&old.with_verifier(verifier)).unwrap();
    assert!(fixture.attempt(&fixture.session(), "admin", PASSWORD).await.is_ok());
    assert!(fixture.attempt(&fixture.session(), "admin", "another-password").await.is_err());
    fixture.log.change(id(1), |standing| standing.credential = new);
    assert!(fixture.attempt(&fixture.session(), "admin", PASSWORD).await.is_err());
    assert!(fixture.attempt(&fixture.session(), "admin", "another-password").await.is_ok());
}

#[tokio::test]
async fn an_account_that_changes_during_its_verification_is_not_signed_in() {
    /// Enabled when asked before the verification, disabled after it.
    struct Changing(Standing, std::sync::atomic::AtomicUsize);
    impl Accounts for Changing {
        fn standing(&self, _: AccountId) -> Option<Standing> {
            let asked = self.1.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            Some(Standing { enabled: asked == 0, ..self.0 })
        }
    }
    let fixture = Fixture::new(SessionLimits::default());
    let accounts = Changing(fixture.log.standing(id(1)).unwrap(), 0.into());
    let session = fixture.session();
    let (password, address) = (Password::given(PASSWORD), AWAY.parse().unwrap());
    let attempt = Attempt { session: Some(&session), name: "admin", password, address };
    let outcome = fixture.authenticator.authenticate(&accounts, attempt).await;
    let failure = Failure { account: Some(id(1)), cause: FailureCause::AccountChanged };
    assert_eq!(outcome.unwrap_err(), AuthenticateError::Failed(failure));
    assert_eq!(fixture.sessions.lookup(Some(&session)).unwrap_err(), SessionError::Unknown);
}

#[tokio::test]
async fn overload_leaves_the_session_as_it_is() {
    let limits = SessionLimits { authenticated_max: 1, ..SessionLimits::default() };
    let fixture = Fixture::new(limits);
    fixture.attempt(&fixture.session(), "admin", PASSWORD).await.unwrap();
    fixture.add(5, "fifth", true);
    let session = fixture.session();
    let full = fixture.attempt(&session, "fifth", PASSWORD).await.unwrap_err();
    assert_eq!(full, AuthenticateError::Busy);
    assert_eq!(fixture.signed_in(&session).unwrap_err(), SessionError::NotAuthenticated);
}

#[tokio::test]
async fn a_wrong_old_password_counts_as_a_failure_and_ends_no_session() {
    let fixture = Fixture::new(SessionLimits::default());
    let session = fixture.session();
    fixture.attempt(&session, "admin", PASSWORD).await.unwrap();
    let confirm = async |password: &str, account: u8| {
        let (password, address) = (Password::given(password), AWAY.parse().unwrap());
        fixture.authenticator.confirm(&fixture.log, id(account), password, address).await.map(drop)
    };
    assert_eq!(confirm(PASSWORD, 1).await, Ok(()));
    assert_eq!(confirm(PASSWORD, 2).await, Err(ConfirmError::Failed), "disabled");
    assert_eq!(confirm(PASSWORD, 9).await, Err(ConfirmError::Failed), "no such account");
    for _ in 0..10 {
        assert_eq!(confirm("wrong", 1).await, Err(ConfirmError::Failed));
    }
    assert_eq!(confirm(PASSWORD, 1).await, Err(ConfirmError::Throttled));
    assert!(fixture.signed_in(&session).is_ok());
    assert!(fixture.attempt(&fixture.session(), "admin", PASSWORD).await.is_err(), "one throttle for both");
}

#[tokio::test]
async fn nothing_printed_shows_a_password_session_or_key() {
    let fixture = Fixture::new(SessionLimits::default());
    let session = fixture.session();
    let (password, address) = (Password::given(PASSWORD), AWAY.parse().unwrap());
    let attempt = Attempt { session: Some(&session), name: "canary-name", password, address };
    let mut shown =
        format!("{attempt:?} {:?} {:?} {:?}", fixture.authenticator, fixture.sessions, fixture.vault);
    let signed_in = fixture.attempt(&session, "admin", PASSWORD).await.unwrap();
    shown += &format!("{signed_in:?} {:?}", fixture.sessions.lookup(Some(&session)).unwrap());
    for error in [
        AuthenticateError::Failed(Failure { account: Some(id(1)), cause: FailureCause::WrongPassword }),
        AuthenticateError::Busy,
        AuthenticateError::AlreadyBound,
        SessionError::Unknown.into(),
    ] {
        shown += &format!("{error} {error:?}");
    }
    let key = signed_in.transport_key.to_base64();
    for secret in [PASSWORD, "canary-name", &session, &session.to_lowercase(), &key, "argon2"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}

#[tokio::test]
async fn a_wrong_password_beside_the_right_one_does_not_end_the_session_that_was_signed_in_to() {
    let fixture = Fixture::new(SessionLimits::default());
    for _ in 0..6 {
        let session = fixture.session();
        let (right, wrong) = tokio::join!(
            fixture.attempt(&session, "admin", PASSWORD),
            fixture.attempt(&session, "admin", "wrong")
        );
        let stands = fixture.signed_in(&session);
        match (right, wrong.unwrap_err()) {
            (Ok(_), AuthenticateError::AlreadyBound | AuthenticateError::FailedBeside(_)) => {
                stands.unwrap();
            }
            (Err(AuthenticateError::Session(SessionError::Unknown)), AuthenticateError::Failed(_)) => {
                assert_eq!(stands.unwrap_err(), SessionError::Unknown);
            }
            answers => panic!("{answers:?}"),
        }
    }
}

#[tokio::test]
async fn each_attempt_counts_once_by_what_came_of_it_and_a_throttled_one_as_failed_too() {
    let fixture = Fixture::new(SessionLimits::default());
    let session = fixture.session();
    fixture.attempt(&session, "admin", PASSWORD).await.unwrap();
    fixture.attempt(&session, "admin", PASSWORD).await.unwrap_err();
    fixture.attempt("no session", "admin", PASSWORD).await.unwrap_err();
    for _ in 0..12 {
        fixture.attempt(&fixture.session(), "nobody", PASSWORD).await.unwrap_err();
    }
    let expected = SignIns { succeeded: 1, failed: 12, refused: 2, busy: 0, broken: 0, throttled: 2 };
    assert_eq!(fixture.authenticator.sign_ins(), expected);
    assert_eq!(fixture.authenticator.load(), PasswordLoad { running: 0, waiting: 0 });
}
