//! Opens a configuration's password fields for an answer, and seals each again under the key of the session that asks.

use std::collections::BTreeMap;

use crmconf_events::event::Part as JsonPart;
use crmconf_events::json::Json;
use crmconf_projections::Configuration;
use zeroize::Zeroizing;

use super::render::Shape;
use crate::http::caller::Caller;
use crate::http::code::Code;
use crate::http::error::ApiError;
use crate::plain;
use crate::transport::{self, Plaintext};
use crate::vault::{Bound, DataKeyError, Vault};

/// Why a password field cannot be answered.
#[derive(Debug, thiserror::Error)]
enum Undisclosed {
    /// It does not open.
    #[error(transparent)]
    Key(#[from] DataKeyError),
    /// It opens, and is nothing that an answer can carry.
    #[error("it opens, and holds no text")]
    NotText,
    /// It could not be sealed for its way.
    #[error("it could not be sealed for its way")]
    NotSealed,
}

/// The password fields of a configuration in the form in which they travel in the caller's session: the sealed ones, and
/// those that stand in clear still and are passwords by today's template.
///
/// # Errors
/// When one of them does not open; then none is answered.
pub(super) fn disclose(
    vault: &Vault,
    caller: &Caller,
    found: &Configuration,
    shape: &Shape,
) -> Result<BTreeMap<String, String>, ApiError> {
    let in_clear = clear_fields(&found.configuration, shape).map(|(field, value)| {
        let plain = Plaintext::new(&value).map_err(|_| Undisclosed::NotText);
        (field, plain)
    });
    let sealed = found.secrets.iter().map(|(field, sealed)| {
        let bound = Bound::Password { configuration: &found.id, field };
        // From the moment at which it is recorded, whether or not the disk has forgotten the key already.
        let opened = if found.shredded {
            Err(DataKeyError::Destroyed)
        } else {
            vault.unseal(found.key, &bound, sealed)
        };
        let opened = opened.map_err(Undisclosed::from);
        let plain = opened.and_then(|bytes| Plaintext::from_utf8(&bytes).map_err(|_| Undisclosed::NotText));
        (field.clone(), plain)
    });
    let travelling = in_clear.chain(sealed).map(|(field, plain)| {
        let value = plain.and_then(|plain| {
            transport::seal(caller.transport_key(), &field, &plain).map_err(|_| Undisclosed::NotSealed)
        });
        value.map_err(|why| unresolved(found, &field, &why)).map(|value| (field, value))
    });
    travelling.collect()
}

fn clear_fields<'a>(
    part: &'a JsonPart,
    shape: &'a Shape,
) -> impl Iterator<Item = (String, Zeroizing<String>)> + 'a {
    let fields = part.as_object().into_iter().flat_map(|object| object.iter());
    fields
        .filter(|(field, value)| shape.password_fields().contains(*field) && **value != Json::Null)
        .map(|(field, value)| (field.clone(), Zeroizing::new(plain::text(value))))
}

/// What the caller is told, and the operator, for whom a destroyed key is nothing that broke.
fn unresolved(found: &Configuration, field: &str, why: &Undisclosed) -> ApiError {
    let destroyed = matches!(why, Undisclosed::Key(DataKeyError::Destroyed));
    let what = if destroyed { "their data key was destroyed" } else { "one does not open" };
    let error = ApiError::with(
        Code::Unresolved,
        Code::Unresolved.with(format_args!("the configuration's password fields, since {what}")),
    );
    if destroyed {
        return error;
    }
    error.broken(format_args!("password field {field:?} of configuration {}: {why}", found.id))
}
