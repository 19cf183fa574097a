//! The engine: decides a batch on an overlay of the state, appends it, and merges the overlay when it stands.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use crmconf_events::command::Request;
use crmconf_events::commit::{Commit, CommitBuilder, EventBytes};
use crmconf_events::decide::{Decision, NewEvent, Prior, decide};
use crmconf_events::event::{Actor, Envelope, decode, encode};
use crmconf_events::log::{EventLog, Health};
use crmconf_events::state::{State, evolve};
use crmconf_events::{AccountId, RequestKey, Timestamp};
use crmconf_projections::Projector;
use tokio::sync::oneshot;

use super::resolve::{Fate, Resolver};
use super::{Entropy, Hindrance, Job, Obstacle, Origin, Views, WriteError, WriteResult};
use crate::metrics::Commits;

/// How far a commit's time may run ahead of the clock before the operator is told.
const CLOCK_LIFT_MICROS_MAX: i64 = 5 * 60 * 1_000_000;
/// How often a batch is decided again after another writer was faster, before its callers are told.
const CONFLICTS_MAX: u32 = 16;

/// Everything the writer's thread owns.
pub(super) struct Engine {
    log: Arc<dyn EventLog>,
    state: State,
    projector: Projector,
    views: Views,
    entropy: Entropy,
    clock: Box<dyn Fn() -> Timestamp + Send>,
    obstacle: Obstacle,
    resolver: Resolver,
    commits: Commits,
    /// Whether the operator was told that the clock is behind, and it still is.
    clock_behind: bool,
    /// Why the read models no longer follow, if they do not: then nothing may be decided.
    out_of_step: Option<String>,
}

/// A batch that was decided and waits to be appended.
struct Decided {
    overlay: State,
    envelopes: Vec<Envelope>,
    answers: Vec<WriteResult>,
    commit: Option<Commit>,
}

/// A batch while it is being decided.
struct Open<'a> {
    overlay: State,
    builder: CommitBuilder,
    envelopes: Vec<Envelope>,
    answers: Vec<WriteResult>,
    priors: HashMap<(AccountId, RequestKey), Prior>,
    entropy: &'a mut Entropy,
}

/// What became of one command in an open batch.
enum Step {
    /// It is answered.
    Answered(WriteResult),
    /// The commit has no room for its events: it belongs to the next one.
    Full,
}

impl Engine {
    pub(super) fn new(
        origin: Origin,
        entropy: Entropy,
        clock: Box<dyn Fn() -> Timestamp + Send>,
        obstacle: Obstacle,
    ) -> Self {
        let Origin { log, state, projector, views } = origin;
        Self {
            log,
            state,
            projector,
            views,
            entropy,
            clock,
            obstacle,
            resolver: Resolver::default(),
            commits: Commits::off(),
            clock_behind: false,
            out_of_step: None,
        }
    }

    /// Tells of each commit that stands from now on.
    pub(super) fn measure(&mut self, commits: Commits) {
        self.commits = commits;
    }

    /// Decides, appends and answers a batch; as several commits when one has no room for it.
    pub(super) fn run_batch(&mut self, jobs: Vec<Job>) {
        let (mut requests, mut callers): (VecDeque<Request>, VecDeque<oneshot::Sender<WriteResult>>) =
            jobs.into_iter().map(|job| (job.request, job.answer)).unzip();
        while !requests.is_empty() {
            let answers = self.commit_front(&requests);
            // At least one is answered each time; the guard keeps a fault here from looping for ever.
            let answered = answers.len().max(1).min(requests.len());
            requests.drain(..answered);
            for (caller, answer) in callers.drain(..answered).zip(answers) {
                // A caller that is gone has lost interest; its command stands all the same.
                let _ = caller.send(answer);
            }
        }
    }

    /// Decides as many of the first requests as one commit has room for, appends it, and returns their answers.
    fn commit_front(&mut self, requests: &VecDeque<Request>) -> Vec<WriteResult> {
        if let Some(why) = &self.out_of_step {
            return refuse(requests.len(), &WriteError::Unavailable(why.clone()));
        }
        for _ in 0..CONFLICTS_MAX {
            if let Err(why) = self.catch_up() {
                self.hinder(why.clone());
                return refuse(requests.len(), &WriteError::Unavailable(why));
            }
            let decided = self.decide_front(requests);
            let Some(commit) = &decided.commit else { return decided.answers };
            let begun = Instant::now();
            match self.resolver.append(&*self.log, commit) {
                Fate::Stands => {
                    self.commits.appended(commit, begun.elapsed(), self.clock_behind);
                    self.merge(decided.overlay, &decided.envelopes);
                    return decided.answers;
                }
                Fate::Lost => {}
                Fate::NotAppended(why) => {
                    tracing::error!(reason = why, "the log takes no changes");
                    self.hinder(why.clone());
                    return refuse(decided.answers.len(), &WriteError::Unavailable(why));
                }
                Fate::Unknown(why) => {
                    tracing::error!(reason = why, "whether a commit was appended is not known");
                    self.hinder(why.clone());
                    return refuse(decided.answers.len(), &WriteError::Unknown(why));
                }
            }
        }
        refuse(requests.len(), &WriteError::Unavailable("other writers were faster every time".into()))
    }

    /// Settles a commit whose fate is unknown, and takes in what others appended.
    ///
    /// # Errors
    /// Why nothing can be decided now.
    fn catch_up(&mut self) -> Result<(), String> {
        self.resolver.settle(&*self.log)?;
        let next = self.state.next();
        if !self.log.head().reaches(next) {
            return Ok(());
        }
        for commit in self.log.read(next) {
            let commit = commit.map_err(|error| error.to_string())?;
            let mut state = self.state.clone();
            let mut envelopes = Vec::new();
            for (sequence, bytes) in commit.numbered() {
                let envelope = decode(sequence, commit.time(), bytes).map_err(|error| error.to_string())?;
                evolve(&mut state, sequence, &envelope.event);
                envelopes.push(envelope);
            }
            self.merge(state, &envelopes);
            if let Some(why) = &self.out_of_step {
                return Err(why.clone());
            }
        }
        Ok(())
    }

    fn decide_front(&mut self, requests: &VecDeque<Request>) -> Decided {
        let head = self.log.head();
        let now = (self.clock)();
        let builder = CommitBuilder::new(self.log.store(), head, now);
        self.tell_clock(builder.time().as_micros().saturating_sub(now.as_micros()));
        let mut open = Open {
            overlay: self.state.clone(),
            builder,
            envelopes: Vec::new(),
            answers: Vec::new(),
            priors: HashMap::new(),
            entropy: &mut self.entropy,
        };
        for request in requests {
            match open.take(request, &*self.log) {
                Step::Answered(answer) => open.answers.push(answer),
                Step::Full => break,
            }
        }
        let Open { overlay, builder, envelopes, answers, .. } = open;
        Decided { overlay, envelopes, answers, commit: builder.seal() }
    }

    /// Tells the operator once that the clock has fallen behind, and once that it is right again.
    fn tell_clock(&mut self, lift: i64) {
        let behind = lift > CLOCK_LIFT_MICROS_MAX;
        if behind && !self.clock_behind {
            tracing::error!(lift_us = lift, "the clock is behind the log by more than five minutes");
        } else if self.clock_behind && !behind {
            tracing::info!("the clock is no longer behind the log by more than five minutes");
        }
        self.clock_behind = behind;
    }

    /// Takes in what stands, and shows it to everyone.
    fn merge(&mut self, state: State, envelopes: &[Envelope]) {
        for envelope in envelopes {
            if let Err(error) = self.projector.apply(envelope) {
                tracing::error!(%error, "a read model is out of step: nothing is changed until the next start");
                self.obstacle.store(Arc::new(Some(Hindrance::Lasting(error.to_string()))));
                self.out_of_step = Some(error.to_string());
                return;
            }
        }
        self.state = state;
        self.views.store(Arc::new(self.projector.view().clone()));
        // A commit may stand although sled refused it, and then it is the last one until the next start.
        match self.log.health() {
            Health::ReadOnly { why } => self.hinder(why),
            Health::Writable => self.unhinder(),
        }
    }

    /// Says why no changes are taken. Whether that can pass, the log knows: where it takes no appends until it is
    /// opened again, its own reason stands, whatever the last change was refused for. What lasts is never replaced.
    fn hinder(&self, why: String) {
        if matches!(self.obstacle.load().as_ref(), Some(Hindrance::Lasting(_))) {
            return;
        }
        let hindrance = match self.log.health() {
            Health::ReadOnly { why } => Hindrance::Lasting(why),
            Health::Writable => Hindrance::Passing(why),
        };
        self.obstacle.store(Arc::new(Some(hindrance)));
    }

    /// What may pass has passed.
    fn unhinder(&self) {
        if self.may_recover() {
            tracing::info!("the log takes changes again");
            self.obstacle.store(Arc::new(None));
        }
    }

    /// Whether changes are refused for a reason that may pass.
    pub(super) fn may_recover(&self) -> bool {
        matches!(self.obstacle.load().as_ref(), Some(Hindrance::Passing(_)))
    }

    /// Looks whether what hinders the writer has passed, without a change of anybody's: a commit whose fate is not
    /// known is settled first.
    pub(super) fn look(&mut self) {
        let found = self.catch_up().and_then(|()| self.log.make_room());
        match found {
            Ok(()) => self.unhinder(),
            Err(why) => self.hinder(why),
        }
    }
}

/// The same refusal for every caller.
fn refuse(count: usize, error: &WriteError) -> Vec<WriteResult> {
    vec![Err(error.clone()); count]
}

impl Open<'_> {
    /// Decides one request, and takes its events into the commit if there is room.
    fn take(&mut self, request: &Request, log: &dyn EventLog) -> Step {
        let asked = asked(request);
        let prior = match asked.as_ref().map(|asked| self.prior(asked, log)).transpose() {
            Ok(prior) => prior.flatten(),
            Err(why) => return Step::Answered(Err(WriteError::Unavailable(why))),
        };
        let decision = match decide(&self.overlay, request, prior.as_ref()) {
            Ok(decision) => decision,
            Err(rejection) => return Step::Answered(Err(rejection.into())),
        };
        let Decision { events, outcome } = decision;
        match self.push(events) {
            Ok(None) => return Step::Full,
            Ok(Some(envelopes)) => {
                if let Some(asked) = asked {
                    self.priors.extend(envelopes.iter().find_map(Prior::of).map(|prior| (asked, prior)));
                }
                self.envelopes.extend(envelopes);
            }
            Err(why) => return Step::Answered(Err(WriteError::Unavailable(why))),
        }
        Step::Answered(Ok(outcome))
    }

    /// What the account's key was first used for, in this batch or before.
    fn prior(&self, asked: &(AccountId, RequestKey), log: &dyn EventLog) -> Result<Option<Prior>, String> {
        if let Some(prior) = self.priors.get(asked) {
            return Ok(Some(prior.clone()));
        }
        let Some(sequence) = log.find_request(&asked.0, &asked.1).map_err(|error| error.to_string())? else {
            return Ok(None);
        };
        let commit = log.read_commit(sequence).map_err(|error| error.to_string())?;
        let Some((commit, bytes)) =
            commit.as_ref().and_then(|commit| Some((commit, commit.event(sequence)?)))
        else {
            return Err(format!("the log lacks event {sequence}, which a RequestKey names"));
        };
        decode(sequence, commit.time(), bytes)
            .map(|envelope| Prior::of(&envelope))
            .map_err(|error| error.to_string())
    }

    /// Takes events into the commit, all or none; `None` when there is no room.
    fn push(&mut self, events: Vec<NewEvent>) -> Result<Option<Vec<Envelope>>, String> {
        let mut encoded = Vec::with_capacity(events.len());
        let mut bytes = 0;
        for NewEvent { context, event } in events {
            let salt = self.entropy.salt().map_err(|error| error.to_string())?;
            let event_bytes =
                EventBytes::from(encode(salt, &context, &event).map_err(|error| error.to_string())?);
            bytes += event_bytes.len();
            encoded.push((salt, context, event, event_bytes));
        }
        if !self.builder.has_room_for(encoded.len(), bytes) {
            if self.builder.is_empty() {
                return Err("the change is larger than a commit may be".into());
            }
            return Ok(None);
        }
        let mut envelopes = Vec::with_capacity(encoded.len());
        for (salt, context, event, event_bytes) in encoded {
            let sequence = self.builder.try_push(event_bytes).map_err(|refused| format!("{refused:?}"))?;
            evolve(&mut self.overlay, sequence, &event);
            let stream = event.stream();
            envelopes.push(Envelope { sequence, time: self.builder.time(), stream, context, salt, event });
        }
        Ok(Some(envelopes))
    }
}

/// Whose RequestKey a request names; a dry run ignores its key.
fn asked(request: &Request) -> Option<(AccountId, RequestKey)> {
    match (&request.context.actor, &request.context.key) {
        (Actor::Account(account), Some(key)) if !request.validate_only => Some((*account, key.clone())),
        (Actor::Account(_) | Actor::Operator(_) | Actor::System, Some(_) | None) => None,
    }
}

/// What tests of the engine look at and turn.
#[cfg(test)]
impl Engine {
    /// The last event that the decision state has taken in.
    pub(super) fn last(&self) -> Option<crmconf_events::Sequence> {
        self.state.last
    }

    /// Has the read models forget everything, so that no event follows on them.
    pub(super) fn put_out_of_step(&mut self) {
        self.projector = Projector::default();
    }

    /// How long the fate of a commit is looked for.
    pub(super) fn set_settle_max(&mut self, settle_max: std::time::Duration) {
        self.resolver.settle_max = settle_max;
    }
}
