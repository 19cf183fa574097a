//! `Exposition`: tells Prometheus the metrics at an address of their own, from the first moment of the process to its last.

use std::net::TcpListener;
use std::path::PathBuf;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::header::{ALLOW, HeaderValue};
use actix_web::web::{self, Data, ServiceConfig};
use metrics::Gauge;

use super::ServerError;
use crate::http::app::Service;
use crate::http::listener::{Listener, ListenerOptions, Patience, Security};
use crate::metrics::UPKEEP_EVERY;
use crate::settings::Settings;

/// Where metrics are told.
const PATH: &str = "/metrics";
/// Prometheus' text format.
const TEXT_FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";
/// How many connections this takes at once: some Prometheus servers, and a person who looks.
const CONNECTIONS_MAX: usize = 16;
/// How long a request's head may take.
const HEAD_MAX: Duration = Duration::from_secs(10);
/// How long an answer under way is waited for at the end.
const DRAIN: Duration = Duration::from_secs(1);

/// The running listener for metrics.
pub(super) struct Exposition(Listener);

/// What metrics are read from.
struct Source {
    service: Data<Service>,
    data: PathBuf,
}

impl Exposition {
    /// Begins to listen where the settings say so, if they do.
    pub(super) fn start(settings: &Settings, service: &Data<Service>) -> Result<Option<Self>, ServerError> {
        let Some(address) = settings.metrics_listen.as_ref().map(|listen| listen.value) else {
            return Ok(None);
        };
        let patience = Patience::with_head(HEAD_MAX);
        let options =
            ListenerOptions { workers: 1, connections_max: CONNECTIONS_MAX, patience, drain: DRAIN };
        let source = Source { service: Data::clone(service), data: settings.data.value.clone() };
        let source = Data::new(source);
        let started = TcpListener::bind(address).and_then(|socket| {
            let routes = move || routes(Data::clone(&source));
            Listener::serve("metrics", socket, options, Security::None, Gauge::noop(), routes)
        });
        let (listener, server) = started.map_err(|cause| ServerError::ListenMetrics { address, cause })?;
        actix_web::rt::spawn(async move {
            // The API does not end with it: who watches will miss it.
            if let Err(error) = server.await {
                tracing::error!(%error, "the listener for metrics ended by itself; restart the server to have it back");
            }
        });
        actix_web::rt::spawn(upkeep(Data::clone(service)));
        tracing::info!(address = %listener.address(), "metrics are told");
        Ok(Some(Self(listener)))
    }

    /// Ends it.
    pub(super) async fn stop(self) {
        self.0.drain().await;
    }
}

/// Takes samples in now and then, as long as the process lives.
async fn upkeep(service: Data<Service>) {
    loop {
        tokio::time::sleep(UPKEEP_EVERY).await;
        service.metrics().upkeep();
    }
}

fn routes(source: Data<Source>) -> impl FnOnce(&mut ServiceConfig) {
    move |config| {
        config
            .app_data(source)
            .service(
                web::resource(PATH)
                    .route(web::get().to(expose))
                    .route(web::head().to(expose))
                    .default_service(web::to(get_only)),
            )
            .default_service(web::to(nothing_here));
    }
}

/// Everything that is measured. Files are looked at, so that it is done off the async thread.
async fn expose(source: Data<Source>) -> HttpResponse {
    let read = web::block(move || source.service.metrics().render(&source.service, &source.data)).await;
    match read {
        Ok(text) => HttpResponse::Ok().content_type(TEXT_FORMAT).body(text),
        Err(error) => {
            tracing::error!(%error, "metrics cannot be read");
            HttpResponse::InternalServerError().content_type(TEXT).body("the metrics cannot be read\n")
        }
    }
}

/// The type of other answers.
const TEXT: &str = "text/plain; charset=utf-8";

async fn get_only() -> HttpResponse {
    let allowed = HeaderValue::from_static("GET, HEAD");
    HttpResponse::MethodNotAllowed()
        .insert_header((ALLOW, allowed))
        .content_type(TEXT)
        .body("Metrics are asked for by GET.\n")
}

async fn nothing_here() -> HttpResponse {
    HttpResponse::NotFound()
        .content_type(TEXT)
        .body(format!("There is nothing at this path; metrics are at {PATH}.\n"))
}
