//! `/healthz` and `/readyz`: for whoever starts, stops and balances the service.

use actix_web::HttpResponse;
use actix_web::web::Data;

use super::app::Service;

/// 200 while the process answers at all.
pub async fn alive() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("alive\n")
}

/// 200 when the read models are caught up and changes are taken; else 503 and why not, in words that are the same for
/// everyone: what the disk says, with its paths, is for the log.
pub async fn ready(service: Data<Service>) -> HttpResponse {
    let obstacle = match service.app() {
        Ok(app) => app.writer.hindrance().map(|(word, reason)| {
            tracing::warn!(reason, "not ready");
            word.to_owned()
        }),
        Err(unready) => Some(unready.to_string()),
    };
    match obstacle {
        None => HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("ready\n"),
        Some(why) => HttpResponse::ServiceUnavailable()
            .content_type("text/plain; charset=utf-8")
            .body(format!("not ready: {why}\n")),
    }
}
