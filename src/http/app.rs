//! What requests are answered with, and the one place where paths become handlers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix_web::web::{self, Data, ServiceConfig};
use arc_swap::ArcSwap;
use crmconf_events::AccountId;

use super::{api, health, outside};
use crate::ids::IdSource;
use crate::sessions::{Accounts, Authenticator, Sessions, Standing};
use crate::templates::TemplateSet;
use crate::writer::{Views, Writer};

/// Where raw XML is answered.
pub const XML_PATH: &str = "/api/xml";
/// Whether the process lives.
pub const ALIVE_PATH: &str = "/healthz";
/// Whether it is caught up and takes changes.
pub const READY_PATH: &str = "/readyz";

/// Everything that requests are answered with. One for the process, shared by all workers.
pub struct App {
    /// The read models as of now.
    pub views: Views,
    /// Takes commands.
    pub writer: Writer,
    /// Gives out configuration ids.
    pub ids: IdSource,
    /// The templates in use.
    pub templates: ArcSwap<TemplateSet>,
    /// The sessions.
    pub sessions: Arc<Sessions>,
    /// Signs accounts in.
    pub authenticator: Authenticator,
    /// How long a body may take to arrive.
    pub body_timeout: Duration,
    /// Whether the server is shutting down.
    pub draining: AtomicBool,
}

impl App {
    /// Why requests that change something would be refused now, if they would.
    #[must_use]
    pub fn obstacle(&self) -> Option<String> {
        if self.draining.load(Ordering::Relaxed) {
            return Some("shutting down".into());
        }
        self.writer.obstacle()
    }
}

/// How accounts stand, as the read models show it.
impl Accounts for App {
    fn standing(&self, account: AccountId) -> Option<Standing> {
        let view = self.views.load();
        let account = view.accounts.get(&account)?;
        Some(Standing { enabled: account.enabled, credential: account.credential })
    }
}

/// Registers every path: the same for the server and for tests.
pub fn routes(app: Data<App>) -> impl FnOnce(&mut ServiceConfig) {
    move |config| {
        config
            .app_data(app)
            .service(
                web::resource(XML_PATH)
                    .route(web::post().to(api::post))
                    .default_service(web::to(outside::method_not_allowed)),
            )
            .service(web::resource(ALIVE_PATH).route(web::get().to(health::alive)))
            .service(web::resource(READY_PATH).route(web::get().to(health::ready)))
            .default_service(web::to(outside::not_found));
    }
}
