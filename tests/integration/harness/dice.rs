//! Seeded dice, so that what a random test did can be done again.

/// A small generator (splitmix64, by Steele, Lea and Flood 2014): every seed gives another sequence, always the same.
pub struct Dice(u64);

/// The seed in `CRMCONF_TEST_SEED`, a decimal number, or this one; printed, so that a failure can be repeated.
pub fn seed_or(default: u64) -> u64 {
    let seed = match std::env::var("CRMCONF_TEST_SEED") {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("CRMCONF_TEST_SEED is no decimal number: {text}")),
        Err(_) => default,
    };
    println!("CRMCONF_TEST_SEED={seed}");
    seed
}

impl Dice {
    /// Dice of the seed in `CRMCONF_TEST_SEED`, or of a fixed one; the seed is printed.
    pub fn seeded() -> Self {
        const DEFAULT: u64 = 20_260_303;
        let seed = seed_or(DEFAULT);
        Self(seed)
    }

    /// Dice for another thread.
    pub fn split(&mut self) -> Self {
        Self(self.next())
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below this one.
    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}
