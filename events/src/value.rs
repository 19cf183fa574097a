//! Value types: each can only hold what is valid, so that a value is checked once, at the border.

mod carried;
mod digest;
mod entry;
mod ids;
mod scope;
mod sequence;
mod text;
mod time;

pub use carried::{first_not_carried, is_carried, xml_can_carry};
pub use digest::{
    Binary16, ChainHash, EventHash, RequestDigest, Salt, SealedValue, SessionDigest, TemplateDigest,
};
pub use entry::{EntryId, Place};
pub use ids::{
    AccountId, ConfigurationId, CredentialId, IdParts, KeyId, NameCommitment, ReplicaId, StoreId, derive_node,
};
pub use scope::{DEVICE_SENTINEL, DeviceNumber, PartitionId, Relation, Scope, ScopeError, TelSysId};
pub use sequence::Sequence;
pub use text::{
    CrmType, Description, DirectoryText, InvokeId, Reason, RequestKey, TemplateVersion, TextError,
};
pub use time::Timestamp;
