//! Given/when/then: tests of the decider as stories, for this crate and those above it.

use super::{Again, Decision, NewEvent, Outcome, Prior, Rejection, decide};
use crate::command::Request;
use crate::event::{Context, Envelope, Event};
use crate::state::{State, evolve};
use crate::value::{Salt, Sequence, Timestamp};

/// A state that came about by past events, and what their RequestKeys stand for.
#[derive(Clone, Debug, Default)]
pub struct Given {
    state: State,
    past: Vec<Envelope>,
}

/// What a decision led to, for asserting on it.
#[derive(Debug)]
pub struct Then {
    given: Given,
    result: Result<Decision, Rejection>,
}

impl Given {
    /// Nothing has happened.
    #[must_use]
    pub fn nothing() -> Self {
        Self::default()
    }

    /// The requests have been decided and their events recorded.
    ///
    /// # Panics
    /// When one of them is rejected.
    #[must_use]
    #[expect(clippy::panic, reason = "a story whose past is impossible is a broken test")]
    pub fn that(requests: impl IntoIterator<Item = Request>) -> Self {
        let mut given = Self::nothing();
        for request in requests {
            given = match given.when(request) {
                Then { given, result: Ok(_) } => given,
                Then { result: Err(rejection), .. } => panic!("the past was rejected: {rejection}"),
            };
        }
        given
    }

    /// The state as it stands.
    #[must_use]
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// Every event so far, as readers see it.
    #[must_use]
    pub fn past(&self) -> &[Envelope] {
        &self.past
    }

    /// This has happened too: for facts that no command leads to.
    #[must_use]
    pub fn and(mut self, context: Context, event: impl Into<Event>) -> Self {
        self.take_in(&NewEvent { context, event: event.into() });
        self
    }

    /// Decides a request, and takes its events in if it is accepted.
    #[must_use]
    pub fn when(mut self, request: impl Into<Request>) -> Then {
        let request = request.into();
        let asked = (request.context.actor, request.context.key.clone());
        let prior = asked.1.as_ref().and_then(|_| {
            self.past.iter().find(|e| (e.context.actor, e.context.key.clone()) == asked).and_then(Prior::of)
        });
        // The stories seal alike under every key, so that what is given compares as it is.
        let prior = prior.map(|prior| {
            (prior, vec![Again::Sealed(request.command.form().and_then(|form| form.sealed)).into()])
        });
        let result = decide(&self.state, &request, prior.as_ref());
        for new in result.iter().flat_map(|decision| &decision.events) {
            self.take_in(new);
        }
        Then { given: self, result }
    }

    fn take_in(&mut self, new: &NewEvent) {
        let sequence = Sequence::after(self.state.last);
        evolve(&mut self.state, sequence, &new.event);
        self.past.push(Envelope {
            sequence,
            time: Timestamp::from_micros(1_000_000 * i64::try_from(sequence.get()).unwrap_or(i64::MAX)),
            stream: new.event.stream(),
            context: new.context.clone(),
            salt: Salt::new([0; 16]),
            event: new.event.clone(),
        });
    }
}

impl Then {
    /// The request was accepted with exactly these events.
    ///
    /// # Panics
    /// When it was not.
    #[track_caller]
    pub fn then(self, expected: &[Event]) -> Given {
        let events: Vec<_> = self.decision().events.iter().map(|new| new.event.clone()).collect();
        assert_eq!(events, expected);
        self.given
    }

    /// The request was accepted and the caller is told this.
    ///
    /// # Panics
    /// When it was not.
    #[track_caller]
    #[must_use]
    pub fn answered(self, expected: Option<&Outcome>) -> Self {
        assert_eq!(self.decision().outcome.as_ref(), expected);
        self
    }

    /// The request was rejected for this reason.
    ///
    /// # Panics
    /// When it was not.
    #[track_caller]
    pub fn rejected(self, expected: &Rejection) -> Given {
        assert_eq!(self.result.as_ref().err(), Some(expected));
        self.given
    }

    /// The decision.
    ///
    /// # Panics
    /// When the request was rejected.
    #[track_caller]
    #[must_use]
    #[expect(clippy::panic, reason = "an unexpected rejection fails the test with its reason")]
    pub fn decision(&self) -> &Decision {
        match &self.result {
            Ok(decision) => decision,
            Err(rejection) => panic!("rejected: {rejection}"),
        }
    }

    /// The state and past after the decision.
    #[must_use]
    pub fn and_given(self) -> Given {
        self.given
    }
}
