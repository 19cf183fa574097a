//! Texts whose order and folding were worked out by hand from the rules, and not by the code under test.

use crmconf_events::CrmType;

/// Texts in the order of the CLDR root collation (tertiary, non-ignorable), each with its folded form.
pub(crate) const TEXTS: [(&str, &str); 21] = [
    ("", ""),
    ("-", "-"),
    (NO_PARTITION, "[none or all partitions]"),
    (NO_TELSYS, "[none or all telephone systems]"),
    ("10", "10"),
    ("9", "9"),
    ("a", "a"),
    ("A", "a"),
    ("ä", "ä"),
    ("a b", "a b"),
    ("ab", "ab"),
    ("b", "b"),
    ("B", "b"),
    ("e\u{301}", "é"),
    ("é", "é"),
    ("f", "f"),
    (NO_DEVICE, "none or all devices"),
    ("strasse", "strasse"),
    ("STRASSE", "strasse"),
    // DUCET gives ß a secondary weight between its two letters, which outweighs upper case, a tertiary one.
    ("Straße", "strasse"),
    ("z", "z"),
];

pub(crate) const NO_TELSYS: &str = "[None Or All Telephone Systems]";
pub(crate) const NO_PARTITION: &str = "[None Or All Partitions]";
pub(crate) const NO_DEVICE: &str = "None Or All Devices";

/// Types of CRM, each with its folded form.
pub(crate) const TYPES: [(&str, &str); 3] =
    [("Crm.beta", "crm.beta"), ("Crm.Alpha", "crm.alpha"), ("Straße.É", "strasse.é")];

/// What is searched for, each with its folded form.
pub(crate) const SEARCHES: [(&str, &str); 14] = [
    ("", ""),
    ("ß", "ss"),
    ("SS", "ss"),
    ("S", "s"),
    ("É", "é"),
    ("e\u{301}", "é"),
    ("E", "e"),
    ("A", "a"),
    (" ", " "),
    ("a B", "a b"),
    ("RM.", "rm."),
    ("10", "10"),
    ("Ä", "ä"),
    ("no such text", "no such text"),
];

/// The properties that the API's page names as sortable: the base properties, then the added ones.
pub(crate) const SORTABLE: [&str; 11] = [
    "CRMConfigurationID",
    "Description",
    "CRMType",
    "TelSysDescription",
    "PartitionDescription",
    "DeviceDescription",
    "CMEnvironmentID",
    "TelSysID",
    "PartIDInTelSys",
    "DeviceNumber",
    "Version",
];

/// A text's place in the collation's order.
pub(crate) fn rank(text: &str) -> i64 {
    let place = TEXTS.iter().position(|(known, _)| *known == text);
    i64::try_from(place.unwrap_or_else(|| panic!("{text:?} has no rank"))).unwrap()
}

/// A type by its number; one beyond the last is a type that nothing is of.
pub(crate) fn crm_type(number: usize) -> CrmType {
    CrmType::new(TYPES.get(number).map_or("Crm.Gamma", |(name, _)| name)).unwrap()
}
