//! Settings: where templates come from.

use super::{Form, Kind, Setting};

/// Folder that templates are read from.
pub const TEMPLATES_FOLDER: Setting = Setting {
    name: "templates_folder",
    env: "CRMCONF_TEMPLATES_FOLDER",
    flag: "--templates-folder",
    placeholder: "DIR",
    default: None,
    kind: Kind::Path,
    doc: "Folder with the templates, a file <CRMType>.json for each, taken over within seconds when they change. \
          Without it: the built-in templates",
};

/// DynamoDB table that templates are read from.
pub const TEMPLATES_TABLE: Setting = Setting {
    name: "templates_dynamodb_table",
    env: "CRMCONF_TEMPLATES_DYNAMODB_TABLE",
    flag: "--templates-dynamodb-table",
    placeholder: "TABLE",
    default: None,
    kind: Kind::Text(Form::TableName),
    doc: "DynamoDB table with the templates, in place of a folder: its key is the string CRMType, the string attribute \
          Template holds the document. Only in a program built with the feature dynamodb",
};

/// Region of the table.
pub const TEMPLATES_TABLE_REGION: Setting = Setting {
    name: "templates_dynamodb_region",
    env: "CRMCONF_TEMPLATES_DYNAMODB_REGION",
    flag: "--templates-dynamodb-region",
    placeholder: "REGION",
    default: None,
    kind: Kind::Text(Form::Region),
    doc: "AWS region of the table. Without it: what the AWS SDK finds (AWS_REGION, its profile, the instance)",
};

/// Where the table's service is.
pub const TEMPLATES_TABLE_ENDPOINT: Setting = Setting {
    name: "templates_dynamodb_endpoint",
    env: "CRMCONF_TEMPLATES_DYNAMODB_ENDPOINT",
    flag: "--templates-dynamodb-endpoint",
    placeholder: "URL",
    default: None,
    kind: Kind::Text(Form::Url),
    doc: "Address of the service that holds the table, where it is not the region's own",
};

/// How often the table is read.
pub const TEMPLATES_TABLE_REFRESH: Setting = Setting {
    name: "templates_dynamodb_refresh_seconds",
    env: "CRMCONF_TEMPLATES_DYNAMODB_REFRESH_SECONDS",
    flag: "--templates-dynamodb-refresh-seconds",
    placeholder: "SECONDS",
    default: Some("60"),
    kind: Kind::Count { unit: "seconds", min: 1, max: 86_400 },
    doc: "Time between two readings of the table: a change serves after it at the latest",
};
