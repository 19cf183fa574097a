//! Events, commands, the pure decider, commits and the hash-chained log of crmconf.

pub mod commit;
pub mod disk;
pub mod json;
pub mod log;
pub mod template;
pub mod value;

pub use json::{JSON_DEPTH_MAX, Json, JsonError, JsonRule, Number, NumberError, Object};
pub use template::{Part, key_order, password_fields, template_digest};
pub use value::*;
