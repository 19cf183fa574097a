//! What random commands are made of: small pools, so that they collide, with the facts about each written by hand.

use crmconf_events::access::Role;

/// What the API writes for "none or all".
pub const NO_ID: i32 = -1;
/// The same for devices.
pub const NO_DEVICE: &str = "UnknownNoneOrAll";

/// A triple of ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub telsys: i32,
    pub partition: i32,
    pub device: &'static str,
}

const fn place(telsys: i32, partition: i32, device: &'static str) -> Place {
    Place { telsys, partition, device }
}

pub const EVERY: Place = place(NO_ID, NO_ID, NO_DEVICE);

/// The places that commands name: those of the directory, some that it does not know, some that contradict themselves.
pub const PLACES: [Place; 15] = [
    place(1, 1, "01"),
    place(1, 1, NO_DEVICE),
    place(1, NO_ID, NO_DEVICE),
    EVERY,
    place(1, 1, "+1"),
    place(1, 2, NO_DEVICE),
    place(1, 2, "01"),
    place(2, NO_ID, NO_DEVICE),
    place(2, 1, NO_DEVICE),
    place(2, 1, "01"),
    place(3, NO_ID, NO_DEVICE),
    place(1, 3, NO_DEVICE),
    place(1, 1, "99"),
    place(NO_ID, 1, NO_DEVICE),
    place(1, NO_ID, "01"),
];

/// The directory: ids (0 and the empty text stand for none), what List shows.
pub const DIRECTORY: [(u32, u32, &str, &str); 9] = [
    (1, 0, "", "b tel"),
    (2, 0, "", "Ä tel"),
    (1, 1, "", "1 Partition"),
    (1, 2, "", "2 Partition"),
    (2, 1, "", "1 Partition"),
    (1, 1, "01", "Zed"),
    (1, 1, "+1", "alpha"),
    (1, 2, "01", "Zed"),
    (2, 1, "01", "öre"),
];

/// What List shows where a level is none or all.
pub const NONE_OR_ALL: [&str; 3] =
    ["[None Or All Telephone Systems]", "[None Or All Partitions]", "None Or All Devices"];

/// Every text of the directory in the order of the CLDR root collation: punctuation, digits, letters.
pub const DIRECTORY_ORDER: [&str; 10] = [
    "[None Or All Partitions]",
    "[None Or All Telephone Systems]",
    "1 Partition",
    "2 Partition",
    "alpha",
    "Ä tel",
    "b tel",
    "None Or All Devices",
    "öre",
    "Zed",
];

/// Each account's grants.
pub const ACCOUNTS: [&[(Role, Place)]; 7] = [
    &[(Role::Administrator, EVERY)],
    &[(Role::Editor, place(1, NO_ID, NO_DEVICE))],
    &[(Role::Editor, place(1, 1, NO_DEVICE))],
    &[(Role::Client, EVERY)],
    &[(Role::Viewer, place(2, NO_ID, NO_DEVICE))],
    &[(Role::Viewer, place(1, NO_ID, NO_DEVICE)), (Role::Editor, place(1, 1, "+1"))],
    &[(Role::Auditor, place(1, 1, "01")), (Role::Editor, place(2, 1, NO_DEVICE))],
];

/// Descriptions in the order of the CLDR root collation, each with its fold. The two spellings of é are equal to it, and
/// stand by code points; ß counts as ss.
pub const DESCRIPTIONS: [(&str, &str); 12] = [
    (" lead", " lead"),
    ("10", "10"),
    ("9", "9"),
    ("a b", "a b"),
    ("ab", "ab"),
    ("AB", "ab"),
    ("Äb", "äb"),
    ("e\u{301}", "é"),
    ("é", "é"),
    ("Straße Nord", "strasse nord"),
    ("STRASSE Sud", "strasse sud"),
    ("z<&>\"'", "z<&>\"'"),
];

/// Texts to search for, each with its fold.
pub const SEARCHES: [(&str, &str); 11] = [
    ("B", "b"),
    ("É", "é"),
    ("E\u{301}", "é"),
    ("STRASSE", "strasse"),
    ("traß", "trass"),
    (" ", " "),
    ("ÄB", "äb"),
    ("salesforce", "salesforce"),
    ("SUGARCRM", "sugarcrm"),
    ("z<&", "z<&"),
    ("nowhere", "nowhere"),
];

/// Types with their folds; the last one does not exist.
pub const TYPES: [(&str, &str); 3] = [
    ("CrmAddin.SugarCrm.SugarCrmAddin", "crmaddin.sugarcrm.sugarcrmaddin"),
    ("CrmAddin.Salesforce.SalesforceAddin", "crmaddin.salesforce.salesforceaddin"),
    ("CrmAddin.Nowhere", "crmaddin.nowhere"),
];
pub const SUGAR: usize = 0;
pub const UNKNOWN_TYPE: usize = 2;

/// Where a part fits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Fits {
    Always,
    /// Only the type SugarCRM.
    Sugar,
    /// Only a Change of that type.
    SugarChange,
    Never,
}

/// What a part says about the password field of its type.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Password {
    /// Nothing: what is stored stays.
    Absent,
    /// It gets the text that this stands for.
    Set(&'static str),
    Removed,
}

impl Password {
    /// What is stored after it, if this was before.
    pub fn after(self, before: Option<&'static str>) -> Option<&'static str> {
        match self {
            Self::Absent => before,
            Self::Set(text) => Some(text),
            Self::Removed => None,
        }
    }
}

/// The texts of passwords, by what stands for them until it is known in which session they are sealed.
pub const PASSWORDS: [(&str, &str); 3] =
    [("[[one]]", "ein Paßwort"), ("[[two]]", "two<&>"), ("[[empty]]", "")];

/// A part as a request may give it.
pub struct Part {
    /// The `JSONData`; empty for a container without one.
    pub text: &'static str,
    /// What it says in normal form, before any conversion; `None` when it cannot be read.
    pub said: Option<&'static str>,
    pub fits: Fits,
    /// What is stored of it, in normal form.
    pub stored: &'static str,
    /// What Info shows of it, in the template's order.
    pub shown: &'static [(&'static str, &'static str)],
    pub password: Password,
}

const fn refused(text: &'static str, said: Option<&'static str>) -> Part {
    Part { text, said, fits: Fits::Never, stored: "", shown: &[], password: Password::Absent }
}

const SEED: &str = r#"{"ClientId":"0987654321","SObjectNames":["Account","Contact","Lead"]}"#;
const SEED_SHOWN: &[(&str, &str)] = &[("ClientId", "0987654321"), ("SObjectNames", "Account,Contact,Lead")];
const SWAPPED: &str = r#" { "SObjectNames":["Account", "Contact","Lead"], "ClientId":"0987\u003654321" } "#;
const ENDPOINT: &str = r#"{"ClientId":"","Endpoint":"https://a/?b&c<d"}"#;

/// A part that fits every type.
const fn fitting(
    text: &'static str,
    said: &'static str,
    shown: &'static [(&'static str, &'static str)],
) -> Part {
    Part { text, said: Some(said), fits: Fits::Always, stored: said, shown, password: Password::Absent }
}

/// A part with a password, and beside it what is stored in clear; for the type SugarCRM only.
const fn with_password(
    text: &'static str,
    password: &'static str,
    stored: &'static str,
    shown: &'static [(&'static str, &'static str)],
) -> Part {
    Part { text, said: Some(text), fits: Fits::Sugar, stored, shown, password: Password::Set(password) }
}

/// Parts `CRMConfiguration`.
pub const CONFIGURATIONS: [Part; 15] = [
    fitting(SEED, SEED, SEED_SHOWN),
    fitting(SWAPPED, SEED, SEED_SHOWN),
    with_password(r#"{"Password":"[[one]]"}"#, "[[one]]", "{}", &[]),
    with_password(r#"{"Password":"[[two]]"}"#, "[[two]]", "{}", &[]),
    with_password(r#"{"Password":"[[empty]]"}"#, "[[empty]]", "{}", &[]),
    with_password(
        r#"{"Password":"[[one]]","SObjectNames":["a"],"UserName":"u"}"#,
        "[[one]]",
        r#"{"SObjectNames":["a"],"UserName":"u"}"#,
        &[("UserName", "u"), ("SObjectNames", "a")],
    ),
    fitting("{}", "{}", &[]),
    Part {
        text: r#"{"Endpoint":"https://a/?b&c<d","ClientId":""}"#,
        said: Some(ENDPOINT),
        fits: Fits::Always,
        stored: ENDPOINT,
        shown: &[("Endpoint", "https://a/?b&c<d"), ("ClientId", "")],
        password: Password::Absent,
    },
    Part {
        text: r#"{"UserName":"u"}"#,
        said: Some(r#"{"UserName":"u"}"#),
        fits: Fits::Sugar,
        stored: r#"{"UserName":"u"}"#,
        shown: &[("UserName", "u")],
        password: Password::Absent,
    },
    Part {
        text: r#"{"Password":null}"#,
        said: Some(r#"{"Password":null}"#),
        fits: Fits::SugarChange,
        stored: "{}",
        shown: &[],
        password: Password::Removed,
    },
    refused(r#"{"Password":"x"}"#, Some(r#"{"Password":"x"}"#)),
    refused(r#"{"Nope":1}"#, Some(r#"{"Nope":1}"#)),
    refused(r#"{"ClientId":5}"#, Some(r#"{"ClientId":5}"#)),
    refused("[]", None),
    refused("", None),
];

const MINUTES: &str = r#"{"CacheFrequency":60,"CacheFrequencyUnit":"Minutes","Cached":true}"#;
const MINUTES_SHOWN: &[(&str, &str)] =
    &[("CacheFrequency", "60"), ("CacheFrequencyUnit", "Minutes"), ("Cached", "true")];

/// Parts `CRMConfigurationCommon`. The first two say different things and are stored alike.
pub const COMMONS: [Part; 8] = [
    Part {
        text: r#"{"Cached":"true","CacheFrequency":60,"CacheFrequencyUnit":"Minutes"}"#,
        said: Some(r#"{"CacheFrequency":60,"CacheFrequencyUnit":"Minutes","Cached":"true"}"#),
        fits: Fits::Always,
        stored: MINUTES,
        shown: MINUTES_SHOWN,
        password: Password::Absent,
    },
    Part {
        text: r#"{"Cached":true,"CacheFrequency":"60","CacheFrequencyUnit":"Minutes"}"#,
        said: Some(r#"{"CacheFrequency":"60","CacheFrequencyUnit":"Minutes","Cached":true}"#),
        fits: Fits::Always,
        stored: MINUTES,
        shown: MINUTES_SHOWN,
        password: Password::Absent,
    },
    fitting("{}", "{}", &[]),
    Part {
        text: r#"{"RelatedDataEnabled":false,"AutoPopOption":"Never"}"#,
        said: Some(r#"{"AutoPopOption":"Never","RelatedDataEnabled":false}"#),
        fits: Fits::Always,
        stored: r#"{"AutoPopOption":"Never","RelatedDataEnabled":false}"#,
        shown: &[("AutoPopOption", "Never"), ("RelatedDataEnabled", "false")],
        password: Password::Absent,
    },
    refused(r#"{"Cached":"maybe"}"#, Some(r#"{"Cached":"maybe"}"#)),
    refused(r#"{"CacheFrequency":1,"CacheFrequency":2}"#, None),
    refused("null", None),
    refused("", None),
];

/// The fields that List and Info add, in the order in which answers have them.
pub const FIELDS: [&str; 7] = [
    "CMEnvironmentID",
    "TelSysID",
    "PartIDInTelSys",
    "DeviceNumber",
    "Version",
    "CRMConfiguration",
    "CRMConfigurationCommon",
];

/// What List can be sorted by.
pub const SORTS: [&str; 11] = [
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

/// How a row's place must stand to the one asked for.
pub const MATCHES: [&str; 4] = ["Overlap", "Within", "Exact", "Applicable"];
