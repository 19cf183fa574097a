//! Looks for what else would keep `serve` from starting or from serving all, without changing anything.

mod templates;
mod tls;

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

use crmconf_events::StoreId;
use crmconf_events::log::JournalReader;
use rustix::fs::{Access, access};

use self::templates::Templates;
use super::{Failure, print};
use crate::cli::{Status, output, shell};
use crate::security_log::SecurityLog;
use crate::settings::{MasterKeySource, MasterKeySources, Settings, Sourced, table};
use crate::store;
use crate::vault::Vault;

/// What a look at one thing came to: a sentence that all is well, or why not.
type Finding = Result<String, String>;

/// Looks at everything, and tells all of it: what is well on standard output, the rest on standard error.
pub(super) fn run(settings: &Settings) -> Result<Status, Failure> {
    let data = look_at_data(&settings.data.value);
    let store = match &data {
        Ok(Folder::Store) => true,
        Ok(Folder::Empty | Folder::Missing) | Err(_) => false,
    };
    let missing = matches!(data, Ok(Folder::Missing));
    let findings = [
        Ok("the settings are valid".to_owned()),
        data.map(|folder| folder.told(&settings.data.value)),
        look_at_key(settings, store),
        look_at_address("listen", &settings.listen),
        look_at_security_log(settings, missing),
    ];
    let metrics = settings.metrics_listen.as_ref();
    let metrics = metrics.map(|address| look_at_address(table::METRICS_LISTEN.name, address));
    let Templates { told, mut warnings } = templates::look(settings);
    let tls = tls::look(settings).map(|looked| match looked {
        Ok(tls::Certificate { told, warning }) => {
            warnings.extend(warning);
            Ok(told)
        }
        Err(why) => Err(why),
    });
    let findings = findings.into_iter().chain(tls).chain(metrics);
    let (well, wrong): (Vec<_>, Vec<_>) = findings.partition(Result::is_ok);
    let well: Vec<_> = well.into_iter().flatten().chain(told).collect();
    let printed = print(&well.join("\n"))?;
    for warning in warnings {
        output::complain(&format_args!("warning: {warning}"));
    }
    let wrong: Vec<_> = wrong.into_iter().filter_map(Result::err).collect();
    wrong.iter().for_each(output::complain);
    Ok(if wrong.is_empty() { printed } else { Status::Failed })
}

/// What there is of a data folder.
enum Folder {
    /// A store that this user may use.
    Store,
    /// A folder without a store.
    Empty,
    /// Nothing, in a place where it can be made.
    Missing,
}

impl Folder {
    fn told(&self, data: &Path) -> String {
        let shown = data.display();
        let init = format!("crmconf init --data {}", shell::word(&shown.to_string()));
        match self {
            Self::Store => format!("data folder {shown}: holds a store"),
            Self::Empty => format!("data folder {shown}: holds no store yet; set one up with `{init}`"),
            Self::Missing => format!("data folder {shown}: is not there yet; set it up with `{init}`"),
        }
    }
}

fn look_at_data(data: &Path) -> Result<Folder, String> {
    let shown = data.display();
    match std::fs::metadata(data) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return can_be_made(data).map(|()| Folder::Missing);
        }
        Err(error) => return Err(format!("data folder {shown}: cannot be looked at: {error}")),
        Ok(metadata) if !metadata.is_dir() => return Err(format!("data folder {shown}: is no folder")),
        Ok(_) => {}
    }
    may_change(data)?;
    let sentence = |error: store::StoreError| format!("data folder {shown}: {error}");
    if store::exists(data).map_err(sentence)? {
        for part in [store::JOURNAL_FOLDER, store::VAULT_FOLDER, "sled", "lock"] {
            may_change(&data.join(part))?;
        }
        return Ok(Folder::Store);
    }
    store::refuse_unusable(data).map_err(sentence)?;
    Ok(Folder::Empty)
}

/// Whether the folder could be made: the nearest folder above it that is there can be written.
fn can_be_made(data: &Path) -> Result<(), String> {
    let absolute = std::path::absolute(data).unwrap_or_else(|_| data.to_owned());
    let above = absolute.ancestors().skip(1).find(|folder| folder.exists());
    let above = above.map_or_else(|| PathBuf::from("/"), Path::to_owned);
    may_change(&above).map_err(|why| format!("data folder {}: cannot be made: {why}", data.display()))
}

/// Whether this user may read and write a file or folder, if it is there.
fn may_change(path: &Path) -> Result<(), String> {
    let wanted = if path.is_dir() {
        Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK
    } else {
        Access::READ_OK | Access::WRITE_OK
    };
    match access(path, wanted) {
        Ok(()) => Ok(()),
        Err(error) if error == rustix::io::Errno::NOENT => Ok(()),
        Err(error) => Err(format!(
            "{}: may not be read and written by user {}: {error}",
            path.display(),
            rustix::process::getuid().as_raw()
        )),
    }
}

fn look_at_key(settings: &Settings, store: bool) -> Finding {
    let MasterKeySources { current, further } = settings.master_keys();
    let further = further.iter().map(|source| format!(", a further one {source}"));
    let place = format!("master key: {current}{}", further.collect::<String>());
    if let MasterKeySource::File(path) = &current
        && !store
        && !path.exists()
    {
        return Ok(format!("{place}, which is not there yet; `crmconf init` makes it"));
    }
    let keys = store::master_keys(&settings.master_keys()).map_err(|error| error.to_string())?;
    let data = &settings.data.value;
    match store.then(|| store_id(data)).flatten() {
        Some(id) => Vault::check(&data.join(store::VAULT_FOLDER), id, &keys)
            .map(|()| match keys.ids().count() {
                1 => format!("{place}; it opens the vault"),
                _ => format!("{place}; they open the vault"),
            })
            .map_err(|error| error.to_string()),
        None => Ok(place),
    }
}

/// The store's id, as its first commit tells it.
fn store_id(data: &Path) -> Option<StoreId> {
    let first = JournalReader::open(data).ok()?.next()?;
    first.ok().map(|commit| commit.store())
}

/// Whether this user may listen on the address. That somebody does so is no fault: the server may be running.
fn look_at_address(setting: &str, address: &Sourced<SocketAddr>) -> Finding {
    let Sourced { value: address, source } = address;
    match TcpListener::bind(address) {
        Ok(_) => Ok(format!("{setting} {address}: is free")),
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            Ok(format!("{setting} {address}: is in use now, by this server if it runs"))
        }
        Err(error) => Err(format!("{setting}: cannot listen on {address} ({source}): {error}")),
    }
}

/// Whether the security log can be written, or made where there is none.
fn look_at_security_log(settings: &Settings, data_missing: bool) -> Finding {
    let Some(options) = settings.security_log.file_options() else {
        return Ok("security_log: is off".to_owned());
    };
    let shown = options.path.display();
    if data_missing && options.path.starts_with(&settings.data.value) {
        return Ok(format!("security_log {shown}: is made in the data folder"));
    }
    match SecurityLog::examine(&options) {
        Ok(()) => Ok(format!("security_log {shown}: can be written")),
        Err(error) => Err(error.to_string()),
    }
}
