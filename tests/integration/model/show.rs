//! What Info and List show, by the API's page: filters, orders and pages over all rows, one by one. Bodies are unescaped.

use std::cmp::Ordering;

use super::command::{Command, Question};
use super::naive::{Row, covers, sees, sees_passwords};
use super::pool::{
    COMMONS, CONFIGURATIONS, DESCRIPTIONS, DIRECTORY, DIRECTORY_ORDER, FIELDS, MATCHES, NO_DEVICE, NO_ID,
    NONE_OR_ALL, Part, Place, SEARCHES, SORTS, TYPES,
};

pub fn property(name: &str, value: &str) -> String {
    format!("<Property Name=\"{name}\">{value}</Property>")
}

/// A whole answer.
pub fn success(payload: Option<&str>) -> String {
    let payload = payload.map_or(String::new(), |payload| format!("<Success>{payload}</Success>"));
    format!("<Response Result=\"Success\"><InvokeID>7</InvokeID>{payload}</Response>")
}

/// The whole answer of an Info.
pub fn info(row: &Row, command: &Command) -> String {
    let mut payload = property("CRMConfigurationID", &row.id);
    payload += &property("Description", DESCRIPTIONS[row.description].0);
    payload += &property("CRMType", TYPES[row.crm_type].0);
    for name in ["CMEnvironmentID", "TelSysID", "PartIDInTelSys", "DeviceNumber"] {
        payload += &property(name, &field(row, name));
    }
    if command.tell {
        payload += &property("Version", &field(row, "Version"));
    }
    for (name, part) in parts(row) {
        let password =
            row.password.filter(|_| name == FIELDS[5] && sees_passwords(command.account, row.place));
        let content = if command.as_json { property("JSONData", part.stored) } else { shown(part, password) };
        payload += &format!("<Container Name=\"{name}\">{content}</Container>");
    }
    success(Some(&payload))
}

fn parts(row: &Row) -> [(&'static str, &'static Part); 2] {
    [
        ("CRMConfiguration", &CONFIGURATIONS[row.configuration]),
        ("CRMConfigurationCommon", &COMMONS[row.common]),
    ]
}

/// A part's properties; a password stands before the last one of the template's.
fn shown(part: &Part, password: Option<&str>) -> String {
    let (last, others): (Vec<_>, Vec<_>) = part.shown.iter().partition(|(name, _)| *name == "SObjectNames");
    let password = password.map(|password| ("Password", password));
    let properties = others.into_iter().copied().chain(password).chain(last.into_iter().copied());
    properties.map(|(name, value)| property(name, value)).collect()
}

/// The value of a property that List can show or sort by.
fn field(row: &Row, name: &str) -> String {
    let Place { telsys, partition, device } = row.place;
    let number = |id: i32| u32::try_from(id).unwrap_or(0);
    let described = |partition: i32, device: &str| {
        let wanted = (number(telsys), number(partition), if device == NO_DEVICE { "" } else { device });
        let mut found = DIRECTORY.iter().filter(|(t, p, d, _)| (*t, *p, *d) == wanted);
        found.next().unwrap().3.to_owned()
    };
    match name {
        "CRMConfigurationID" => row.id.clone(),
        "Description" => DESCRIPTIONS[row.description].0.into(),
        "CRMType" => TYPES[row.crm_type].0.into(),
        "TelSysDescription" if telsys == NO_ID => NONE_OR_ALL[0].into(),
        "TelSysDescription" => described(NO_ID, NO_DEVICE),
        "PartitionDescription" if partition == NO_ID => NONE_OR_ALL[1].into(),
        "PartitionDescription" => described(partition, NO_DEVICE),
        "DeviceDescription" if device == NO_DEVICE => NONE_OR_ALL[2].into(),
        "DeviceDescription" => described(partition, device),
        "CMEnvironmentID" if telsys == NO_ID => String::new(),
        "CMEnvironmentID" => format!("environment-{telsys}"),
        "TelSysID" => telsys.to_string(),
        "PartIDInTelSys" => partition.to_string(),
        "DeviceNumber" => device.into(),
        "Version" => row.version.to_string(),
        _ => panic!("{name} is no field"),
    }
}

/// Compares two rows by a field.
fn compare(field_name: &str, a: &Row, b: &Row) -> Ordering {
    let (x, y) = (field(a, field_name), field(b, field_name));
    match field_name {
        "TelSysID" | "PartIDInTelSys" | "Version" => {
            x.parse::<i64>().unwrap().cmp(&y.parse::<i64>().unwrap())
        }
        "Description" => a.description.cmp(&b.description),
        "TelSysDescription" | "PartitionDescription" | "DeviceDescription" => {
            let place = |text: &str| DIRECTORY_ORDER.iter().position(|known| *known == text).unwrap();
            place(&x).cmp(&place(&y))
        }
        _ => x.cmp(&y),
    }
}

fn matches(row: &Row, asked: Place, scope_match: &str) -> bool {
    match scope_match {
        "Overlap" => {
            let levels = [
                (asked.telsys == NO_ID || row.place.telsys == NO_ID, asked.telsys == row.place.telsys),
                (
                    asked.partition == NO_ID || row.place.partition == NO_ID,
                    asked.partition == row.place.partition,
                ),
                (
                    asked.device == NO_DEVICE || row.place.device == NO_DEVICE,
                    asked.device == row.place.device,
                ),
            ];
            levels.into_iter().all(|(sentinel, equal)| sentinel || equal)
        }
        "Within" => covers(asked, row.place),
        "Exact" => asked == row.place,
        "Applicable" => covers(row.place, asked),
        _ => panic!("{scope_match} is no way to match"),
    }
}

/// The whole answer of a List.
pub fn list(rows: &[Row], account: usize, asked: Place, question: &Question) -> String {
    let Question { crm_type, search, sort, offset, limit, scope_match, fields } = question;
    let found = |row: &&Row| {
        let folded = search.map_or("", |search| SEARCHES[search].1);
        sees(account, row.place)
            && matches(row, asked, scope_match.map_or("Overlap", |found| MATCHES[found]))
            && crm_type.is_none_or(|crm_type| row.crm_type == crm_type)
            && (DESCRIPTIONS[row.description].1.contains(folded) || TYPES[row.crm_type].1.contains(folded))
    };
    let mut rows: Vec<&Row> = rows.iter().filter(found).collect();
    if let Some((name, ascending)) = sort {
        let name = SORTS[*name];
        rows.sort_by(|a, b| {
            let order = compare(name, a, b);
            let order = if *ascending == Some(false) { order.reverse() } else { order };
            order.then_with(|| a.id.cmp(&b.id))
        });
    }
    let offset = offset.unwrap_or(0);
    let mut payload = property("Offset", &offset.to_string()) + &property("Total", &rows.len().to_string());
    let skipped = usize::try_from(offset).unwrap_or(usize::MAX);
    let limit = usize::try_from(limit.unwrap_or(1_000)).unwrap();
    for row in rows.into_iter().skip(skipped).take(limit) {
        payload += &format!("<Container>{}</Container>", listed(row, fields));
    }
    success(Some(&payload))
}

/// The six properties of a row, then those asked for.
fn listed(row: &Row, fields: &[bool; 7]) -> String {
    let mut text = String::new();
    for name in &SORTS[..6] {
        text += &property(name, &field(row, name));
    }
    for (name, _) in FIELDS.iter().zip(fields).filter(|(_, asked)| **asked) {
        match parts(row).into_iter().find(|(part, _)| part == name) {
            Some((_, part)) => {
                text += &format!("<Container Name=\"{name}\">{}</Container>", shown(part, None));
            }
            None => text += &property(name, &field(row, name)),
        }
    }
    text
}
