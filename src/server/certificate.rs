//! `Certificate`: serves a certificate, and follows its files on a thread of its own while the server runs.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::time::SystemTime;

use actix_web::web::Data;

use super::ServerError;
use crate::http::app::Service;
use crate::tls::{Acceptor, Follow, Identity, LOOK_INTERVAL, TlsFiles, Turn, Validity};

/// The certificate in use. Its thread ends when this is dropped, and is not waited for: a look at a network mount that
/// does not answer must not keep the server from ending.
pub(super) struct Certificate {
    acceptor: Acceptor,
    _stop: Sender<()>,
}

impl Certificate {
    /// Loads the files, and begins to follow them.
    pub(super) fn start(files: TlsFiles, service: &Data<Service>) -> Result<Self, ServerError> {
        let (follow, identity) = Follow::begin(files)?;
        let acceptor = Acceptor::new(identity.clone());
        let mut watched = Watched {
            follow,
            acceptor: acceptor.clone(),
            service: Data::clone(service),
            validity: identity.validity,
            complained: false,
        };
        watched.serves(&identity, "TLS certificate in use");
        let (stop, stopped) = mpsc::channel();
        let mut guard = Guard::over(service);
        std::thread::Builder::new().name("certificate".into()).spawn(move || {
            while stopped.recv_timeout(LOOK_INTERVAL) == Err(RecvTimeoutError::Timeout) {
                guard.run(|| watched.look());
            }
        })?;
        Ok(Self { acceptor, _stop: stop })
    }

    /// What new connections are made TLS with.
    pub(super) fn acceptor(&self) -> Acceptor {
        self.acceptor.clone()
    }
}

/// Keeps the thread alive when a look panics: it would end with it, and the certificate would expire one day though its
/// files were renewed.
struct Guard {
    service: Data<Service>,
    /// Whether the last look panicked.
    panicked: bool,
}

impl Guard {
    fn over(service: &Data<Service>) -> Self {
        Self { service: Data::clone(service), panicked: false }
    }

    /// Looks. Panics one after the other are told and counted as one failure.
    fn run(&mut self, look: impl FnOnce()) {
        // What a look changes is put into place whole: the pair that serves, and what was judged last.
        let panicked = catch_unwind(AssertUnwindSafe(look)).is_err();
        if panicked && !self.panicked {
            self.service.metrics().tls.reload_failures.increment(1);
            tracing::error!(
                "looking at the files of the TLS certificate and its key ended in a panic, a fault of the server, whose own \
                 line stands above; the certificate of before goes on serving, and the files are looked at again"
            );
        }
        self.panicked = panicked;
    }
}

/// What the thread holds.
struct Watched {
    follow: Follow,
    acceptor: Acceptor,
    service: Data<Service>,
    validity: Validity,
    /// Whether the log was told that clients refuse it.
    complained: bool,
}

impl Watched {
    fn look(&mut self) {
        match self.follow.look() {
            Some(Turn::Taken(identity)) => {
                self.acceptor.replace(identity.clone());
                self.serves(&identity, "TLS certificate taken over: new connections are shown it");
            }
            Some(Turn::Refused(error)) => {
                self.service.metrics().tls.reload_failures.increment(1);
                tracing::error!(
                    not_after = %self.validity,
                    "{error}; the certificate of before goes on serving",
                );
            }
            None => {}
        }
        self.complain();
    }

    /// Another certificate serves now.
    fn serves(&mut self, identity: &Identity, how: &str) {
        self.validity = identity.validity;
        self.complained = false;
        self.service.metrics().certificate(identity.validity);
        let certificate = &self.follow.files().certificate;
        tracing::info!(?certificate, not_after = %identity.validity, "{how}");
        self.complain();
    }

    /// Tells once that clients refuse the certificate for its time.
    fn complain(&mut self) {
        let complaint = self.validity.complaint(SystemTime::now());
        if let (Some(complaint), false) = (&complaint, self.complained) {
            let certificate = &self.follow.files().certificate;
            tracing::warn!(?certificate, "the TLS certificate {complaint}");
        }
        self.complained = complaint.is_some();
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use crmconf_events::told::Told;

    use super::*;
    use crate::metrics::Metrics;

    #[test]
    fn a_look_that_panics_is_counted_and_told_and_the_next_one_looks() {
        let service = Data::new(Service::measured(Arc::new(Metrics::on().unwrap())));
        let failures = || {
            let text = service.metrics().render(&service, Path::new("/nowhere"));
            let (_, rest) = text.split_once("\ncrmconf_tls_reload_failures_total ").unwrap();
            rest.lines().next().unwrap().to_owned()
        };
        let mut guard = Guard::over(&service);
        let panic = || panic!("made by a test");
        let ((), told) = Told::by(|| {
            guard.run(panic);
            guard.run(panic);
        });
        assert_eq!(told.matches("ERROR").count(), 1, "{told}");
        assert!(told.contains("TLS certificate"), "{told}");
        assert_eq!(failures(), "1");
        let mut looked = false;
        guard.run(|| looked = true);
        assert!(looked && failures() == "1");
        guard.run(panic);
        assert_eq!(failures(), "2", "another one, after a look that went well");
    }
}
