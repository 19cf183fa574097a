//! The upper bound: an actix-web handler that reads the same body, does nothing, and answers the same bytes.

use std::net::SocketAddr;
use std::sync::mpsc;
use std::thread::JoinHandle;

use actix_web::dev::ServerHandle;
use actix_web::web::{self, Bytes, Data};
use actix_web::{App, HttpResponse, HttpServer};

use crate::error::BenchError;

/// A bare handler on threads of its own, in this process.
pub(super) struct Handler {
    address: SocketAddr,
    handle: ServerHandle,
    thread: JoinHandle<()>,
}

impl Handler {
    /// Starts it with as many workers as crmconf has. Every request is answered with this body.
    ///
    /// # Errors
    /// When it cannot listen.
    pub(super) fn start(workers: usize, answer: Vec<u8>) -> Result<Self, BenchError> {
        let answer = Bytes::from(answer);
        let (started, begin) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let server = listen(workers, answer);
                let running = server.map(|(address, server)| (address, server.handle(), server));
                match running {
                    Ok((address, handle, server)) => {
                        // Where nobody waits any more the server is dropped, and the thread ends.
                        if started.send(Ok((address, handle))).is_ok() {
                            let _ = server.await;
                        }
                    }
                    Err(cause) => drop(started.send(Err(cause))),
                }
            });
        });
        let gone = |_| std::io::Error::other("its thread ended");
        let (address, handle) = begin
            .recv()
            .map_err(gone)
            .and_then(std::convert::identity)
            .map_err(BenchError::system("the bare handler does not start"))?;
        Ok(Self { address, handle, thread })
    }

    /// Where it answers.
    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops it.
    pub(super) async fn stop(self) {
        self.handle.stop(false).await;
        // A handler that panicked would have failed the measurement already.
        let _ = self.thread.join();
    }
}

fn listen(workers: usize, answer: Bytes) -> std::io::Result<(SocketAddr, actix_web::dev::Server)> {
    let answer = Data::new(answer);
    let server = HttpServer::new(move || {
        App::new().app_data(Data::clone(&answer)).route("/api/xml", web::post().to(reply))
    })
    .workers(workers)
    .disable_signals()
    .bind(("127.0.0.1", 0))?;
    let address = server.addrs().first().copied().ok_or_else(|| std::io::Error::other("no address"))?;
    Ok((address, server.run()))
}

async fn reply(body: Bytes, answer: Data<Bytes>) -> HttpResponse {
    if body.is_empty() {
        return HttpResponse::BadRequest().finish();
    }
    HttpResponse::Ok().content_type("text/xml; charset=utf-8").body(Bytes::clone(&answer))
}
