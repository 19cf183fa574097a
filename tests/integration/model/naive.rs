//! The service as the API's page tells it, in the plainest form: rows in a list, every answer by looking at all of them.

use super::command::{Command, Expects, Flaw, Named, Operation, Sent};
use super::form::{Used, form};
use super::pool::{
    ACCOUNTS, COMMONS, CONFIGURATIONS, DIRECTORY, EVERY, Fits, NO_DEVICE, NO_ID, PLACES, Part, Place, SUGAR,
    UNKNOWN_TYPE,
};
use super::show;
use crmconf_events::access::Role;

/// A live configuration; numbers are places in the pools.
#[derive(Clone, Debug)]
pub struct Row {
    pub id: String,
    pub place: Place,
    pub crm_type: usize,
    pub description: usize,
    pub configuration: usize,
    pub common: usize,
    /// What stands for its password, if it has one.
    pub password: Option<&'static str>,
    pub version: u64,
}

/// What a request is answered with.
#[derive(Debug, PartialEq, Eq)]
pub enum Expected {
    /// This body, and after an Add this id in the header.
    Success { body: String, added: Option<String> },
    /// This code.
    Fail(u32),
}

/// The naive model.
pub struct Naive {
    /// Live configurations in the order of creation.
    pub rows: Vec<Row>,
    /// Every id ever given out, with its place.
    ever: Vec<(String, Place)>,
    used: Vec<Used>,
    /// Types whose template was recorded.
    recorded: Vec<usize>,
    /// The sequence of the log's last event.
    pub sequence: u64,
    /// How many requests were recognised as repetitions.
    pub replays: usize,
}

pub fn covers(above: Place, below: Place) -> bool {
    let partition = above.partition == NO_ID || above.partition == below.partition;
    let device = above.device == NO_DEVICE || above.device == below.device;
    above.telsys == NO_ID || (above.telsys == below.telsys && partition && device)
}

/// Whether a row at `place` may be seen: a grant is there, above or below.
pub fn sees(account: usize, place: Place) -> bool {
    ACCOUNTS[account].iter().any(|(_, granted)| covers(*granted, place) || covers(place, *granted))
}

/// Whether a row's password may be shown: to Client and above, wherever the row may be seen by that grant.
pub fn sees_passwords(account: usize, place: Place) -> bool {
    let may = |role: Role| matches!(role, Role::Client | Role::Editor | Role::Administrator);
    let related = |granted: Place| covers(granted, place) || covers(place, granted);
    ACCOUNTS[account].iter().any(|(role, granted)| may(*role) && related(*granted))
}

fn writes(account: usize, place: Place) -> bool {
    let may = |role: Role| matches!(role, Role::Editor | Role::Administrator);
    ACCOUNTS[account].iter().any(|(role, granted)| may(*role) && covers(*granted, place))
}

/// Step 7.
fn granted(account: usize, place: Place, writing: bool) -> Result<(), u32> {
    if if writing { writes(account, place) } else { sees(account, place) } {
        return Ok(());
    }
    let grants = ACCOUNTS[account];
    if writing && place == EVERY && !grants.iter().any(|(_, granted)| *granted == EVERY) {
        return Err(10700);
    }
    if sees(account, place) {
        return Err(10515);
    }
    let at_telsys = |granted: &Place| granted.telsys == place.telsys;
    let at_partition = |granted: &Place| at_telsys(granted) && granted.partition == place.partition;
    if !grants.iter().any(|(_, granted)| at_telsys(granted)) {
        Err(10511)
    } else if !grants.iter().any(|(_, granted)| at_partition(granted)) {
        Err(10512)
    } else {
        Err(10701)
    }
}

/// Step 9.
fn registered(place: Place) -> Result<(), u32> {
    let number = |id: i32| u32::try_from(id).unwrap_or(0);
    let known = |partition: i32, device: &str| {
        let device = if device == NO_DEVICE { "" } else { device };
        let wanted = (number(place.telsys), number(partition), device);
        wanted == (0, 0, "")
            || DIRECTORY.iter().any(|(telsys, partition, device, _)| (*telsys, *partition, *device) == wanted)
    };
    if !known(NO_ID, NO_DEVICE) {
        Err(11013)
    } else if !known(place.partition, NO_DEVICE) {
        Err(11131)
    } else if !known(place.partition, place.device) {
        Err(11161)
    } else {
        Ok(())
    }
}

/// Step 6, of which a request has at most one flaw and a contradiction.
fn well_formed(sent: &Sent) -> Result<(), u32> {
    let Place { telsys, partition, device } = sent.place;
    match sent.command.flaw {
        Some(Flaw::BadTelSys) => return Err(11012),
        Some(Flaw::MissingTelSys | Flaw::MissingDescription | Flaw::MissingPart) => return Err(10107),
        Some(Flaw::MissingId) => return Err(31002),
        Some(Flaw::MissingType) => return Err(31004),
        Some(Flaw::Unknown | Flaw::Twice | Flaw::BadPartition | Flaw::BadDevice | Flaw::BadValue) => {
            return Err(10108);
        }
        None => {}
    }
    let above = [telsys == NO_ID, partition == NO_ID, device == NO_DEVICE];
    if above.windows(2).any(|levels| levels[0] && !levels[1]) { Err(10108) } else { Ok(()) }
}

/// Step 12.
fn fits(sent: &Sent, crm_type: usize) -> Result<(), u32> {
    let fit = |part: &Part| match part.fits {
        Fits::Always => true,
        Fits::Sugar => crm_type == SUGAR,
        Fits::SugarChange => crm_type == SUGAR && sent.command.operation == Operation::Change,
        Fits::Never => false,
    };
    if sent.command.configuration.is_some_and(|part| !fit(&CONFIGURATIONS[part])) {
        Err(31006)
    } else if sent.command.common.is_some_and(|part| !fit(&COMMONS[part])) {
        Err(31007)
    } else {
        Ok(())
    }
}

impl Naive {
    /// A model of a store that holds accounts and directory, up to this event.
    pub fn new(sequence: u64) -> Self {
        Self {
            rows: Vec::new(),
            ever: Vec::new(),
            used: Vec::new(),
            recorded: Vec::new(),
            sequence,
            replays: 0,
        }
    }

    /// Fills in what a command leaves to the moment at which it is sent.
    pub fn resolve(&self, command: Command) -> Sent {
        let ever = match command.named {
            Named::Ever(draw) if !self.ever.is_empty() => Some(&self.ever[draw % self.ever.len()]),
            Named::Ever(_) | Named::Absent | Named::Malformed => None,
        };
        let id = match (command.named, ever) {
            (_, Some((id, _))) => id.clone(),
            (Named::Malformed, None) => "no id".into(),
            (Named::Ever(_) | Named::Absent, None) => "0000000000000000:1:1:1".into(),
        };
        let own = if command.operation == Operation::List {
            EVERY
        } else {
            ever.map_or(PLACES[0], |(_, place)| *place)
        };
        let place = command.place.map_or(own, |place| PLACES[place]);
        let current = self.rows.iter().find(|row| row.id == id).map_or(1, |row| row.version);
        let expected_version = match (command.operation, command.expects) {
            (Operation::Change | Operation::Delete, Expects::Current) => Some(current),
            (Operation::Change | Operation::Delete, Expects::Another) => Some(current - 1),
            (_, _) => None,
        };
        Sent { command, id, place, expected_version }
    }

    /// Answers a request. `fresh` is the id in the answer's header, which an Add takes for its own.
    pub fn answer(&mut self, sent: &Sent, fresh: Option<&str>) -> Expected {
        let answer = match sent.command.operation {
            Operation::Add => self.add(sent, fresh),
            Operation::Change => self.change(sent),
            Operation::Delete => self.delete(sent),
            Operation::Info => self.info(sent),
            Operation::List => self.list(sent),
        };
        answer.unwrap_or_else(Expected::Fail)
    }

    /// Steps 6 to 9 of a write; the answer, if the request repeats an earlier one.
    fn enter(&mut self, sent: &Sent) -> Result<Option<Expected>, u32> {
        well_formed(sent)?;
        granted(sent.command.account, sent.place, true)?;
        let Command { account, key, dry, .. } = sent.command;
        let asked = |used: &&Used| !dry && used.account == account && Some(used.key) == key;
        if let Some(used) = self.used.iter().find(asked) {
            if !form(sent).repeats(&used.form) {
                return Err(31101);
            }
            self.replays += 1;
            return Ok(Some(told(sent, &used.id, used.version)));
        }
        registered(sent.place)?;
        Ok(None)
    }

    fn add(&mut self, sent: &Sent, fresh: Option<&str>) -> Result<Expected, u32> {
        if let Some(repeated) = self.enter(sent)? {
            return Ok(repeated);
        }
        let Command { crm_type, description, configuration, common, .. } = sent.command;
        let (crm_type, description) = (crm_type.unwrap(), description.unwrap());
        if crm_type == UNKNOWN_TYPE {
            return Err(31005);
        }
        fits(sent, crm_type)?;
        if self.taken(sent.place, crm_type, description, None) {
            return Err(31000);
        }
        if sent.command.dry {
            return Ok(done());
        }
        let id = fresh.unwrap_or("an id").to_owned();
        assert!(self.ever.iter().all(|(ever, _)| *ever != id), "{id} was given out before");
        self.record_template(crm_type);
        self.sequence += 1;
        let (configuration, common, version) = (configuration.unwrap(), common.unwrap(), self.sequence);
        let (place, password) = (sent.place, CONFIGURATIONS[configuration].password.after(None));
        self.ever.push((id.clone(), place));
        let id_of_row = id.clone();
        self.rows.push(Row {
            id: id_of_row,
            place,
            crm_type,
            description,
            configuration,
            common,
            password,
            version,
        });
        Ok(self.remember(sent, &id, version))
    }

    fn change(&mut self, sent: &Sent) -> Result<Expected, u32> {
        if let Some(repeated) = self.enter(sent)? {
            return Ok(repeated);
        }
        let index = self.locate(sent)?;
        let row = self.rows[index].clone();
        let Command { crm_type, description, configuration, common, dry, key, .. } = sent.command;
        if crm_type.is_some_and(|given| given != row.crm_type) {
            return Err(10108);
        }
        fits(sent, row.crm_type)?;
        let description = description.unwrap_or(row.description);
        if self.taken(row.place, row.crm_type, description, Some(&row.id)) {
            return Err(31000);
        }
        if dry {
            return Ok(done());
        }
        let password =
            configuration.map_or(row.password, |part| CONFIGURATIONS[part].password.after(row.password));
        let (configuration, common) =
            (configuration.unwrap_or(row.configuration), common.unwrap_or(row.common));
        let same = description == row.description
            && password == row.password
            && CONFIGURATIONS[configuration].stored == CONFIGURATIONS[row.configuration].stored
            && COMMONS[common].stored == COMMONS[row.common].stored;
        if same {
            // Nothing changes; only a RequestKey is remembered, which moves no version.
            self.sequence += u64::from(key.is_some());
            return Ok(self.remember(sent, &row.id, row.version));
        }
        self.sequence += 1;
        let version = self.sequence;
        self.rows[index] = Row { description, configuration, common, password, version, ..row.clone() };
        Ok(self.remember(sent, &row.id, version))
    }

    fn delete(&mut self, sent: &Sent) -> Result<Expected, u32> {
        if let Some(repeated) = self.enter(sent)? {
            return Ok(repeated);
        }
        let index = self.locate(sent)?;
        if sent.command.dry {
            return Ok(done());
        }
        let row = self.rows.remove(index);
        self.sequence += 1;
        Ok(self.remember(sent, &row.id, self.sequence))
    }

    fn info(&self, sent: &Sent) -> Result<Expected, u32> {
        well_formed(sent)?;
        granted(sent.command.account, sent.place, false)?;
        registered(sent.place)?;
        let index = self.locate(sent)?;
        Ok(Expected::Success { body: show::info(&self.rows[index], &sent.command), added: None })
    }

    fn list(&self, sent: &Sent) -> Result<Expected, u32> {
        well_formed(sent)?;
        granted(sent.command.account, sent.place, false)?;
        registered(sent.place)?;
        let body = show::list(&self.rows, sent.command.account, sent.place, &sent.command.question);
        Ok(Expected::Success { body, added: None })
    }

    /// Step 10: by id and triple, then the version.
    fn locate(&self, sent: &Sent) -> Result<usize, u32> {
        let found = |row: &Row| row.id == sent.id && row.place == sent.place;
        let index = self.rows.iter().position(found).ok_or(31003_u32)?;
        match sent.expected_version {
            Some(expected) if expected != self.rows[index].version => Err(31100),
            Some(_) | None => Ok(index),
        }
    }

    /// Step 13.
    fn taken(&self, place: Place, crm_type: usize, description: usize, but: Option<&str>) -> bool {
        self.rows.iter().any(|row| {
            Some(row.id.as_str()) != but
                && (row.place, row.crm_type, row.description) == (place, crm_type, description)
        })
    }

    /// The first use of a template is an event of its own.
    fn record_template(&mut self, crm_type: usize) {
        if !self.recorded.contains(&crm_type) {
            self.recorded.push(crm_type);
            self.sequence += 1;
        }
    }

    fn remember(&mut self, sent: &Sent, id: &str, version: u64) -> Expected {
        if let Some(key) = sent.command.key {
            let (account, form) = (sent.command.account, form(sent));
            self.used.push(Used { account, key, form, id: id.to_owned(), version });
        }
        told(sent, id, version)
    }
}

/// A bare success.
fn done() -> Expected {
    Expected::Success { body: show::success(None), added: None }
}

/// What the caller of a write is told.
fn told(sent: &Sent, id: &str, version: u64) -> Expected {
    let payload = show::property("CRMConfigurationID", id) + &show::property("Version", &version.to_string());
    let body = show::success(sent.command.tell.then_some(payload.as_str()));
    Expected::Success { body, added: (sent.command.operation == Operation::Add).then(|| id.to_owned()) }
}
