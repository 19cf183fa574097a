//! `Follow`: notices that the files of a certificate and its key have changed, and judges both as one pair.

use std::time::Duration;

use super::{Identity, TlsError, TlsFiles};

/// How often the files are looked at.
pub const LOOK_INTERVAL: Duration = Duration::from_secs(2);

/// Follows the two files. Both are small, so that each look reads them whole: that notices every change, however the
/// file came into its place and whatever times its file system keeps.
pub struct Follow {
    files: TlsFiles,
    seen: Seen,
    judged: Seen,
}

/// What a look found.
#[derive(Clone, PartialEq, Eq)]
enum Seen {
    /// Both files, by their digest.
    Whole(blake3::Hash),
    /// What kept them from being read.
    Unreadable(String),
}

/// What came of a change.
#[derive(Debug)]
pub enum Turn {
    /// The new pair is to serve.
    Taken(Identity),
    /// What is there now cannot serve; what served goes on.
    Refused(TlsError),
}

impl Follow {
    /// Loads the files, and begins to follow them.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn begin(files: TlsFiles) -> Result<(Self, Identity), TlsError> {
        let content = files.read()?;
        let identity = files.make(&content)?;
        let seen = Seen::Whole(content.digest());
        Ok((Self { files, judged: seen.clone(), seen }, identity))
    }

    /// The files that are followed.
    #[must_use]
    pub const fn files(&self) -> &TlsFiles {
        &self.files
    }

    /// Looks at the files. A change is judged once, when two looks in a row have found the same: certificate and key
    /// are put into place one after the other, and one without the other is not a fault yet.
    pub fn look(&mut self) -> Option<Turn> {
        let read = self.files.read();
        let seen = match &read {
            Ok(content) => Seen::Whole(content.digest()),
            Err(error) => Seen::Unreadable(error.to_string()),
        };
        let settled = self.seen == seen;
        self.seen = seen;
        if !settled || self.seen == self.judged {
            return None;
        }
        self.judged.clone_from(&self.seen);
        Some(match read.and_then(|content| self.files.make(&content)) {
            Ok(identity) => Turn::Taken(identity),
            Err(error) => Turn::Refused(error),
        })
    }
}
