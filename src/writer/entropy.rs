//! Random bytes for salts, taken from the operating system in blocks.

use crmconf_events::Salt;

/// How many bytes are taken at a time.
const BLOCK_BYTES: usize = 4_096;

/// A store of random bytes; each is given out once.
#[derive(Default)]
pub struct Entropy {
    block: Vec<u8>,
}

impl Entropy {
    /// A fresh salt.
    ///
    /// # Errors
    /// When the operating system has no random bytes to give.
    pub fn salt(&mut self) -> Result<Salt, getrandom::Error> {
        loop {
            if let Some((rest, salt)) = self.block.split_last_chunk::<16>() {
                let (salt, rest) = (Salt::new(*salt), rest.len());
                self.block.truncate(rest);
                return Ok(salt);
            }
            self.block.resize(BLOCK_BYTES, 0);
            getrandom::fill(&mut self.block)?;
        }
    }
}
