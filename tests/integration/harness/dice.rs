//! Seeded dice, so that what a random test did can be done again.

/// A small generator (splitmix64, by Steele, Lea and Flood 2014): every seed gives another sequence, always the same.
pub struct Dice(u64);

impl Dice {
    /// Dice of the seed in `CRMCONF_TEST_SEED`, or of a fixed one; the seed is printed.
    pub fn seeded() -> Self {
        const DEFAULT: u64 = 20_260_303;
        let seed = std::env::var("CRMCONF_TEST_SEED").map_or(DEFAULT, |seed| seed.parse().unwrap());
        println!("CRMCONF_TEST_SEED={seed}");
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
