//! A log in memory that does at each append what its script says, and watches what is published meanwhile.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use crmconf_events::commit::{Commit, CommitBuilder, Head};
use crmconf_events::event::{Actor, Context, Event, encode};
use crmconf_events::log::{AppendOutcome, Commits, EventLog, Health, LogError, MemoryLog, Subscription};
use crmconf_events::{AccountId, RequestKey, Salt, Sequence, StoreId, Timestamp};

use crate::writer::Views;

/// What an append does.
pub(crate) enum Step {
    /// It appends.
    Pass,
    /// It answers this, and appends nothing.
    Say(AppendOutcome),
    /// It appends, and answers this all the same.
    TakeAndSay(AppendOutcome),
    /// Another writer's commit goes in first, then it goes on as this.
    OtherFirst(Event, Box<Step>),
}

/// What reading one commit does.
pub(crate) enum Read {
    /// It reads.
    Pass,
    /// It fails.
    Fail,
}

/// A log whose outcomes are scripted. Beyond the script's end it is an ordinary one.
pub(crate) struct Scripted {
    inner: MemoryLog,
    views: Views,
    steps: Mutex<VecDeque<Step>>,
    reads: Mutex<VecDeque<Read>>,
    health: Mutex<Health>,
    find_fails: Mutex<bool>,
    /// Why there is no room, while there is none.
    full: Mutex<Option<String>>,
    attempts: Mutex<Vec<Commit>>,
    /// Called in the middle of each append.
    observer: Mutex<Option<Box<dyn FnMut() + Send>>>,
}

impl Scripted {
    pub(crate) fn new(store: StoreId, views: Views) -> Self {
        Self {
            inner: MemoryLog::new(store),
            views,
            steps: Mutex::default(),
            reads: Mutex::default(),
            health: Mutex::new(Health::Writable),
            find_fails: Mutex::default(),
            full: Mutex::default(),
            attempts: Mutex::default(),
            observer: Mutex::default(),
        }
    }

    pub(crate) fn script(&self, steps: impl IntoIterator<Item = Step>) {
        self.steps.lock().unwrap().extend(steps);
    }

    /// From now on every append passes.
    pub(crate) fn end_script(&self) {
        self.steps.lock().unwrap().clear();
    }

    pub(crate) fn script_reads(&self, reads: impl IntoIterator<Item = Read>) {
        self.reads.lock().unwrap().extend(reads);
    }

    pub(crate) fn set_health(&self, health: Health) {
        *self.health.lock().unwrap() = health;
    }

    pub(crate) fn set_find_fails(&self, fails: bool) {
        *self.find_fails.lock().unwrap() = fails;
    }

    pub(crate) fn set_full(&self, why: Option<&str>) {
        *self.full.lock().unwrap() = why.map(str::to_owned);
    }

    pub(crate) fn observe(&self, observer: impl FnMut() + Send + 'static) {
        *self.observer.lock().unwrap() = Some(Box::new(observer));
    }

    /// Every commit that was to be appended since the last [`Scripted::forget`], whatever became of it.
    pub(crate) fn attempts(&self) -> Vec<Commit> {
        self.attempts.lock().unwrap().clone()
    }

    pub(crate) fn forget(&self) {
        self.attempts.lock().unwrap().clear();
    }

    pub(crate) fn head_last(&self) -> Option<Sequence> {
        self.inner.head().last
    }

    /// Everything that stands.
    pub(crate) fn commits(&self) -> Vec<Arc<Commit>> {
        self.inner.read(Sequence::FIRST).map(Result::unwrap).collect()
    }

    /// Another writer's commit at the head.
    pub(crate) fn append_other(&self, event: &Event) {
        let head = self.inner.head();
        let time = Timestamp::from_micros(head.time.as_micros() + 1);
        let mut builder = CommitBuilder::new(self.inner.store(), head, time);
        let bytes = encode(Salt::new([9; 16]), &Context::of(Actor::System), event).unwrap();
        builder.try_push(bytes.into()).unwrap();
        assert_eq!(self.inner.append(builder.seal().unwrap()), AppendOutcome::Appended);
    }

    fn take(&self, step: Step, commit: Commit) -> AppendOutcome {
        match step {
            Step::Pass => self.inner.append(commit),
            Step::Say(outcome) => outcome,
            Step::TakeAndSay(outcome) => {
                assert_eq!(self.inner.append(commit), AppendOutcome::Appended);
                outcome
            }
            Step::OtherFirst(event, then) => {
                self.append_other(&event);
                self.take(*then, commit)
            }
        }
    }
}

impl EventLog for Scripted {
    fn store(&self) -> StoreId {
        self.inner.store()
    }

    fn head(&self) -> Head {
        self.inner.head()
    }

    fn append(&self, commit: Commit) -> AppendOutcome {
        let shown = self.views.load().last;
        assert!(shown < Some(commit.first()), "{commit:?} is shown before it stands");
        if let Some(observer) = self.observer.lock().unwrap().as_mut() {
            observer();
        }
        self.attempts.lock().unwrap().push(commit.clone());
        let step = self.steps.lock().unwrap().pop_front().unwrap_or(Step::Pass);
        self.take(step, commit)
    }

    fn read(&self, from: Sequence) -> Commits {
        self.inner.read(from)
    }

    fn read_commit(&self, sequence: Sequence) -> Result<Option<Arc<Commit>>, LogError> {
        match self.reads.lock().unwrap().pop_front().unwrap_or(Read::Pass) {
            Read::Pass => self.inner.read_commit(sequence),
            Read::Fail => Err(LogError::Backend("scripted".into())),
        }
    }

    fn subscribe(&self, from: Sequence) -> Subscription {
        self.inner.subscribe(from)
    }

    fn find_request(&self, account: &AccountId, key: &RequestKey) -> Result<Option<Sequence>, LogError> {
        if *self.find_fails.lock().unwrap() {
            return Err(LogError::Backend("scripted".into()));
        }
        self.inner.find_request(account, key)
    }

    fn health(&self) -> Health {
        self.health.lock().unwrap().clone()
    }

    fn make_room(&self) -> Result<(), String> {
        self.full.lock().unwrap().clone().map_or(Ok(()), Err)
    }
}
