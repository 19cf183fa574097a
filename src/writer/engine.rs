//! The engine: decides a batch on an overlay of the state, appends it, and merges the overlay when it stands.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use crmconf_events::Timestamp;
use crmconf_events::commit::{Commit, CommitBuilder};
use crmconf_events::event::{Envelope, decode};
use crmconf_events::log::{EventLog, Health};
use crmconf_events::state::{State, evolve};
use crmconf_projections::Projector;
use tokio::sync::oneshot;

use super::batch::{Asked, Open, Step};
use super::destruction::{Destruction, Pending, gives_up_a_key, told_of_keys};
use super::doubt::ClockWatch;
use super::resolve::{Fate, Resolver};
use super::{DataKeys, Entropy, Hindrance, Job, Obstacle, Origin, Views, WriteError, WriteResult};
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
    keys: Arc<dyn DataKeys>,
    /// Data keys that recorded events give up, and that stand still.
    pending: Pending,
    clock_watch: ClockWatch,
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
    /// When the clock was looked at, by the clock and by the process' own measure.
    looked: (Timestamp, Instant),
    /// Whether the commit records that the clock is in doubt.
    held: bool,
}

impl Engine {
    pub(super) fn new(
        origin: Origin,
        entropy: Entropy,
        clock: Box<dyn Fn() -> Timestamp + Send>,
        obstacle: Obstacle,
    ) -> Self {
        let Origin { log, state, projector, views, keys, pending } = origin;
        let head = log.head();
        let clock_watch = ClockWatch::begin(clock(), Instant::now(), head.last.map(|_| head.time));
        Self {
            log,
            state,
            projector,
            views,
            keys,
            pending,
            clock_watch,
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
        self.pending.tell(&commits, 0);
        self.commits = commits;
    }

    /// Decides, appends and answers a batch; as several commits when one has no room for it.
    pub(super) fn run_batch(&mut self, jobs: Vec<Job>) {
        let (mut requests, mut callers): (VecDeque<Asked>, VecDeque<oneshot::Sender<WriteResult>>) = jobs
            .into_iter()
            .map(|Job { request, opened, answer }| (Asked { request, opened }, answer))
            .unzip();
        while !requests.is_empty() {
            let answers = self.commit_front(&mut requests);
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
    fn commit_front(&mut self, requests: &mut VecDeque<Asked>) -> Vec<WriteResult> {
        if let Some(why) = &self.out_of_step {
            return refuse(requests.len(), &WriteError::Unavailable(why.clone()));
        }
        for _ in 0..CONFLICTS_MAX {
            if let Err(why) = self.catch_up() {
                self.hinder(why.clone());
                return refuse(requests.len(), &WriteError::Unavailable(why));
            }
            let decided = self.decide_front(requests);
            let Some(commit) = &decided.commit else {
                return self.destroy_and_tell(requests, decided.answers, &[]);
            };
            let begun = Instant::now();
            match self.resolver.append(&*self.log, commit) {
                Fate::Stands => {
                    self.commits.appended(commit, begun.elapsed(), self.clock_behind);
                    if decided.held {
                        self.clock_watch.believe(decided.looked.0, decided.looked.1);
                    }
                    self.merge(decided.overlay, &decided.envelopes);
                    let answers = self.destroy_and_tell(requests, decided.answers, &decided.envelopes);
                    // It holds only that the clock is in doubt: the first request had no room beside that.
                    if !answers.is_empty() {
                        return answers;
                    }
                }
                Fate::Lost => {}
                Fate::NotAppended(why) => {
                    tracing::error!(reason = why, "the log takes no changes");
                    self.hinder(why.clone());
                    return refuse(decided.answers.len().max(1), &WriteError::Unavailable(why));
                }
                Fate::Unknown(why) => {
                    tracing::error!(reason = why, "whether a commit was appended is not known");
                    self.hinder(why.clone());
                    if decided.answers.is_empty() {
                        // Nothing of the first request is in it.
                        return refuse(1, &WriteError::Unavailable(why));
                    }
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
            // Also where it was this process' own commit, of which nobody knew for a while whether it stands; and whatever
            // becomes of the read models. What is not destroyed now is tried again.
            self.destroy(&envelopes);
            if let Some(why) = &self.out_of_step {
                return Err(why.clone());
            }
        }
        Ok(())
    }

    fn decide_front(&mut self, requests: &mut VecDeque<Asked>) -> Decided {
        let head = self.log.head();
        let now = (self.clock)();
        let builder = CommitBuilder::new(self.log.store(), head, now);
        self.tell_clock(builder.time().as_micros().saturating_sub(now.as_micros()));
        let looked = (now, Instant::now());
        let doubtful = self.doubtful(looked, requests);
        let mut open = Open {
            overlay: self.state.clone(),
            builder,
            envelopes: Vec::new(),
            answers: Vec::new(),
            priors: HashMap::new(),
            keys: &*self.keys,
            entropy: &mut self.entropy,
            not_held: None,
        };
        // Before anything else: this commit makes the log believe the clock.
        let held = doubtful.is_some_and(|clock| open.hold_destruction(clock, head.time));
        for asked in requests {
            match open.take(asked, &*self.log) {
                Step::Answered(answer) => open.answers.push(answer),
                Step::Full => break,
            }
        }
        let Open { overlay, builder, envelopes, answers, .. } = open;
        Decided { overlay, envelopes, answers, commit: builder.seal(), looked, held }
    }

    /// A time that the clock shows, or has shown to whoever asks for keys to be destroyed, and that is not to be believed.
    fn doubtful(&mut self, looked: (Timestamp, Instant), requests: &VecDeque<Asked>) -> Option<Timestamp> {
        let (clock, measured) = looked;
        let in_doubt = self.clock_watch.is_in_doubt(clock, measured).then_some(clock);
        let shown = requests.iter().filter_map(|asked| match Destruction::of(&asked.request)? {
            Destruction::Retired(command) => Some(command.clock),
            Destruction::Shred(_) | Destruction::Erase(_) => None,
        });
        let doubtful =
            in_doubt.into_iter().chain(shown).find(|clock| self.clock_watch.is_apart(*clock, measured))?;
        if self.state.retired.is_empty() || self.state.destruction_held {
            // What is deleted from now on is so by this clock, and destroyed no sooner; what is held stays held.
            self.clock_watch.believe(clock, measured);
            return None;
        }
        Some(doubtful)
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

    /// Destroys the data keys that durable events give up, with those that could not be destroyed before.
    fn destroy(&mut self, envelopes: &[Envelope]) {
        if self.pending.take_in(envelopes) {
            self.destroy_rest();
        }
    }

    /// Destroys the data keys that could not be destroyed before; returns how many are now.
    fn destroy_rest(&mut self) -> usize {
        let destroyed = self.pending.retry(&*self.keys);
        self.pending.tell(&self.commits, destroyed);
        destroyed
    }

    /// Destroys the data keys that a commit gives up, and says what its callers are told. A shredding asked for again changes
    /// nothing, and is not answered as done before it is, whatever else the commit holds.
    fn destroy_and_tell(
        &mut self,
        requests: &VecDeque<Asked>,
        answers: Vec<WriteResult>,
        envelopes: &[Envelope],
    ) -> Vec<WriteResult> {
        let given_up = self.pending.take_in(envelopes);
        let asked_for = requests.iter().take(answers.len()).any(gives_up_a_key);
        if (given_up || asked_for) && self.pending.is_due() {
            self.destroy_rest();
        }
        told_of_keys(requests, answers, &self.pending)
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

    /// Whether there is something to look after though no change comes.
    pub(super) fn has_to_look(&self) -> bool {
        self.may_recover() || self.pending.is_due()
    }

    /// Looks whether what hinders the writer has passed, without a change of anybody's: a commit whose fate is not
    /// known is settled first. Keys that could not be destroyed are tried again.
    pub(super) fn look(&mut self) {
        if self.pending.is_due() && self.destroy_rest() > 0 {
            tracing::info!("data keys that were given up are destroyed now");
        }
        if !self.may_recover() {
            return;
        }
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
