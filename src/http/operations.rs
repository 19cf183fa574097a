//! The operations, one file each: read the fields, get the permit, build a command or query, answer.

use std::cell::RefCell;
use std::net::IpAddr;
use std::rc::Rc;

use crmconf_events::InvokeId;
use crmconf_events::decide::ConfigurationOutcome;

use super::answer::Answer;
use super::error::ApiError;
use super::fields::{Fields, RowSpec, Spec};
use super::intake::{self, Beside};
use super::room::TakenRoom;
use super::tasks::Tasks;
use super::witness::Witness;
use super::xml::{ParsedRequest, Payload};

pub mod account;
pub mod add;
mod administrative;
pub mod authenticate;
pub mod change;
pub mod create_session;
pub mod crm_type_info;
pub mod crm_type_list;
pub mod delete;
pub mod directory;
mod disclosure;
pub mod info;
pub mod keys;
pub mod list;
pub mod logout;
mod paging;
mod parts;
pub mod password_change;
mod render;
mod write;

/// What an operation reads from.
pub struct Input<'a> {
    /// The request.
    pub parsed: &'a ParsedRequest,
    /// What stands beside its body; an error there belongs to step 6.
    pub beside: Beside,
    /// Where it came from.
    pub address: IpAddr,
    /// The room that it takes in memory. A command takes it along: it may outlive its request, whose client has left.
    pub room: RefCell<Option<TakenRoom>>,
    /// Where a command goes on when the client has left.
    pub tasks: &'a Tasks,
    /// What it tells the security log.
    pub witness: Rc<Witness>,
}

impl<'a> Input<'a> {
    /// Takes room for what is kept of the request beyond its body's own bytes.
    ///
    /// # Errors
    /// When the requests of all connections leave none.
    pub fn hold(&self, bytes: usize) -> Result<(), ApiError> {
        match self.room.borrow_mut().as_mut() {
            Some(room) => room.take(bytes).map_err(intake::no_room),
            None => Ok(()),
        }
    }

    /// The request's fields, known and each once.
    ///
    /// # Errors
    /// The first thing that is unknown, twice or malformed.
    pub fn fields(&'a self, spec: &Spec) -> Result<Fields<'a>, ApiError> {
        self.fields_and_rows(spec, None)
    }

    /// The request's fields, known and each once, but for containers that may come several times.
    ///
    /// # Errors
    /// The first thing that is unknown, twice or malformed.
    pub fn fields_and_rows(&'a self, spec: &Spec, rows: Option<&RowSpec>) -> Result<Fields<'a>, ApiError> {
        // What is malformed beside the body waits for what is unknown or twice in it.
        let query = self.beside.query.as_ref().map_or(&[][..], |query| query);
        let fields = Fields::new(self.parsed, query, spec, rows)?;
        self.beside.query.as_ref().map_err(Clone::clone)?;
        if self.parsed.invoke_id.is_some() && self.parsed.echoed_invoke_id().is_none() {
            let message = format!("InvokeID may have {} characters at most.", InvokeId::CHARS_MAX);
            return Err(ApiError::invalid(message));
        }
        Ok(fields)
    }
}

/// The answer to a change: bare as the seed shows it, with id and version when `ReturnID` asks for them.
fn changed(outcome: Option<ConfigurationOutcome>, return_id: bool) -> Answer {
    let Some(outcome) = outcome.filter(|_| return_id) else { return Answer::bare() };
    let mut payload = Payload::new();
    payload.property("CRMConfigurationID", outcome.id.as_str());
    payload.property("Version", &outcome.version.to_string());
    Answer::with(payload)
}
