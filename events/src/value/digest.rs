//! Digests, salts and sealed values: binary in memory, unpadded base64url in events.

use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// Declares a fixed-size binary type that reads and writes itself as unpadded base64url.
macro_rules! binary {
    ($(#[$doc:meta])* $name:ident, $size:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; $size]);

        impl $name {
            /// Wraps the bytes.
            #[must_use]
            pub const fn new(bytes: [u8; $size]) -> Self {
                Self(bytes)
            }

            /// The bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; $size] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&data_encoding::BASE64URL_NOPAD.encode(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                decode(deserializer)?.try_into().map(Self).map_err(|_| {
                    D::Error::custom(concat!(stringify!($name), " needs ", $size, " bytes"))
                })
            }
        }
    };
}

pub(super) use binary;

/// Reads unpadded base64url text as bytes.
pub(super) fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
    BASE64URL_NOPAD.decode(text.as_bytes()).map_err(D::Error::custom)
}

binary!(
    /// Hash of a commit's header, which chains it to all before it.
    ChainHash,
    32
);
binary!(
    /// Hash of one event's stored bytes: a leaf under the commit's events root.
    EventHash,
    32
);
binary!(
    /// Digest of a template's exact text.
    TemplateDigest,
    32
);
binary!(
    /// Digest of a session id; the id itself is never stored.
    SessionDigest,
    32
);
binary!(
    /// Digest of what a request with a RequestKey asked for.
    RequestDigest,
    32
);
binary!(
    /// Random bytes in each event, without which its hash could be tested against guesses of its content.
    Salt,
    16
);
binary!(
    /// Sixteen random bytes that identify something.
    Binary16,
    16
);

/// A ciphertext. Nothing below the root crate can open it, and it is never searched or indexed.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SealedValue(Box<[u8]>);

impl SealedValue {
    /// Wraps ciphertext bytes made by the vault.
    #[must_use]
    pub fn from_ciphertext(bytes: Vec<u8>) -> Self {
        Self(bytes.into_boxed_slice())
    }

    /// The ciphertext.
    #[must_use]
    pub fn ciphertext(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for SealedValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealedValue({} bytes)", self.0.len())
    }
}

impl Serialize for SealedValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64URL_NOPAD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for SealedValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        decode(deserializer).map(Self::from_ciphertext)
    }
}
