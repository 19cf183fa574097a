//! `Certificate`: serves a certificate, and follows its files on a thread of its own while the server runs.

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
        std::thread::Builder::new().name("certificate".into()).spawn(move || {
            while stopped.recv_timeout(LOOK_INTERVAL) == Err(RecvTimeoutError::Timeout) {
                watched.look();
            }
        })?;
        Ok(Self { acceptor, _stop: stop })
    }

    /// What new connections are made TLS with.
    pub(super) fn acceptor(&self) -> Acceptor {
        self.acceptor.clone()
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
