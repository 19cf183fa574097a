//! `Tree`: the keys of 65,536 numbers, derived from few seeds, any of which can be forgotten for good.
//!
//! **Construction.** A binary tree of depth 16. Its root is 32 random bytes; the seeds of a node's two children are
//! BLAKE3 derive-key of the node's seed under two contexts, left and right; the data key of a leaf is 64 bytes of
//! BLAKE3 derive-key output of the leaf's seed under a third. Leaf `i` is reached by the 16 bits of `i`, the highest
//! first. Kept are not keys but the seeds of the largest subtrees of which every leaf is still whole: at first one, the
//! root. To puncture a leaf, the one seed above it is replaced by the seeds of the siblings on the way down, so that at
//! most 16 take its place.
//!
//! **Sources.** The tree is the pseudorandom function of Goldreich, Goldwasser and Micali, "How to construct random
//! functions" (FOCS 1984; J. ACM 33(4), 1986). That such a function can be punctured by keeping the siblings' seeds was
//! found by Boneh and Waters, "Constrained pseudorandom functions and their applications" (ASIACRYPT 2013), by Boyle,
//! Goldwasser and Ivan, "Functional signatures and pseudorandom functions" (PKC 2014), and by Kiayias, Papadopoulos,
//! Triandopoulos and Zacharias, "Delegatable pseudorandom functions and applications" (CCS 2013).
//!
//! **Why a punctured key cannot be derived.** Derivation goes downwards only: to get from what is kept to a leaf's key
//! one needs the leaf's seed or that of a node above it. None of these is kept after the puncture, and no later puncture
//! brings one back, since it replaces seeds by seeds below them. What is kept are siblings of nodes on the way to the leaf:
//! outputs of BLAKE3 for the same unknown input as the node on the way, but under the other context. As long as BLAKE3 in
//! derive-key mode is a pseudorandom function of a 256-bit seed, they tell nothing about it (Goldreich, Goldwasser and
//! Micali, by a hybrid argument over the levels: 16 levels and a distinguishing advantage of 16 times that against
//! BLAKE3).
//!
//! **Limits.** All keys of a tree hang on its root: who saw the root, or an older copy of the tree, derives what was
//! whole then. A puncture is worth what the overwriting of the former tree is worth; that is for whoever stores it. The
//! positions of the punctures are plain to whoever reads the tree. Kept are 32 bytes for each subtree, in the worst case
//! (every second leaf punctured) 32,768 of them.
//!
//! Pure: no file, no clock, no randomness.

use std::fmt;
use std::sync::LazyLock;

use blake3::Hasher;
use blake3::hazmat::{ContextKey, HasherExt, hash_derive_key_context};
use zeroize::{Zeroize, Zeroizing};

/// How many leaves a tree has.
pub(super) const LEAVES: u32 = 1 << DEPTH;
/// At what depth the leaves are; the root is at 0.
const DEPTH: u8 = 16;
/// Size of a seed, bytes: that of BLAKE3's own output.
const SEED_BYTES: usize = 32;
/// Size of an AEAD_AES_SIV_CMAC_512 key (RFC 5297), bytes.
const DATA_KEY_BYTES: usize = 64;
/// Size of a subtree in the written form, bytes: first leaf, depth, seed.
const WRITTEN_BYTES: usize = 2 + 1 + SEED_BYTES;

/// BLAKE3 derive-key contexts. Never changed: existing keys would be lost.
static LEFT: LazyLock<ContextKey> =
    LazyLock::new(|| hash_derive_key_context("crmconf vault key tree left v1"));
static RIGHT: LazyLock<ContextKey> =
    LazyLock::new(|| hash_derive_key_context("crmconf vault key tree right v1"));
static LEAF: LazyLock<ContextKey> =
    LazyLock::new(|| hash_derive_key_context("crmconf vault key tree leaf v1"));

type Seed = Zeroizing<[u8; SEED_BYTES]>;

/// The keys of 65,536 leaves, as far as they are whole. Never changed: a puncture makes another tree.
#[derive(PartialEq, Eq)]
pub(super) struct Tree {
    /// Sorted, without overlap, and no two of them siblings: then their parent would be kept in their place. So the set
    /// of whole leaves decides which subtrees these are.
    subtrees: Vec<Subtree>,
}

/// A subtree of which every leaf is whole.
#[derive(Clone, PartialEq, Eq)]
struct Subtree {
    first: u16,
    depth: u8,
    seed: Seed,
}

/// The key under which one configuration's secrets are sealed. Wiped from memory when dropped.
pub(super) struct DataKey(Zeroizing<[u8; DATA_KEY_BYTES]>);

impl Tree {
    /// A tree of which every leaf is whole.
    pub(super) fn whole_from(root: Seed) -> Self {
        Self { subtrees: vec![Subtree { first: 0, depth: 0, seed: root }] }
    }

    /// The key of a leaf; `None` once it was punctured.
    pub(super) fn derive(&self, leaf: u16) -> Option<DataKey> {
        let seed = self.above(leaf)?.seed_below(leaf, DEPTH);
        let mut key = DataKey(Zeroizing::new([0; DATA_KEY_BYTES]));
        expand(&LEAF, &seed, key.0.as_mut_slice());
        Some(key)
    }

    /// Whether a leaf's key can still be derived.
    pub(super) fn is_whole(&self, leaf: u16) -> bool {
        self.above(leaf).is_some()
    }

    /// How many leaves are whole.
    pub(super) fn whole(&self) -> u32 {
        self.subtrees.iter().map(Subtree::width).sum()
    }

    /// The tree without these leaves, which must be sorted. Those that are punctured already change nothing.
    pub(super) fn punctured(&self, leaves: &[u16]) -> Self {
        let parts =
            || self.subtrees.iter().map(|subtree| (subtree, within(leaves, subtree.first, subtree.depth)));
        // Counted first: a vector that grows leaves seeds behind where it stood.
        let count = parts().map(|(subtree, due)| pieces(subtree.first, subtree.depth, due)).sum();
        let mut subtrees = Vec::with_capacity(count);
        for (subtree, due) in parts() {
            subtree.clone().push_without(due, &mut subtrees);
        }
        Self { subtrees }
    }

    /// The tree whose whole leaves are whole in both; `None` when the two are not of the same root.
    pub(super) fn intersection(&self, other: &Self) -> Option<Self> {
        let mut subtrees = Vec::with_capacity(self.subtrees.len().saturating_add(other.subtrees.len()));
        let (mut ours, mut theirs) = (self.subtrees.iter().peekable(), other.subtrees.iter().peekable());
        while let (Some(a), Some(b)) = (ours.peek(), theirs.peek()) {
            // Two subtrees lie apart, or one lies in the other: what is whole in both is the smaller.
            let (large, small) = if a.depth <= b.depth { (a, b) } else { (b, a) };
            if large.covers(small.first) {
                if large.seed_below(small.first, small.depth) != small.seed {
                    return None;
                }
                subtrees.push(Subtree::clone(small));
            }
            if a.end() <= b.end() {
                ours.next()
            } else {
                theirs.next()
            };
        }
        Some(Self { subtrees })
    }

    /// The one written form of the tree: for each subtree in their order first leaf, depth, seed.
    pub(super) fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(self.subtrees.len().saturating_mul(WRITTEN_BYTES)));
        for Subtree { first, depth, seed } in &self.subtrees {
            bytes.extend_from_slice(&first.to_be_bytes());
            bytes.push(*depth);
            bytes.extend_from_slice(seed.as_slice());
        }
        bytes
    }

    /// Reads the written form; `None` when it is another, or not the only one of these whole leaves.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (entries, []) = bytes.as_chunks::<WRITTEN_BYTES>() else { return None };
        let mut subtrees: Vec<Subtree> = Vec::with_capacity(entries.len());
        for entry in entries {
            let (first, rest) = entry.split_first_chunk()?;
            let (depth, seed) = rest.split_first()?;
            let subtree = Subtree {
                first: u16::from_be_bytes(*first),
                depth: *depth,
                seed: Zeroizing::new(seed.try_into().ok()?),
            };
            let fits = subtree.depth <= DEPTH && u32::from(subtree.first).is_multiple_of(subtree.width());
            let follows = subtrees.last().is_none_or(|before| before.may_precede(&subtree));
            if !fits || !follows {
                return None;
            }
            subtrees.push(subtree);
        }
        Some(Self { subtrees })
    }

    /// The subtree that a leaf is in.
    fn above(&self, leaf: u16) -> Option<&Subtree> {
        let after = self.subtrees.partition_point(|subtree| subtree.first <= leaf);
        self.subtrees.get(after.checked_sub(1)?).filter(|subtree| subtree.covers(leaf))
    }
}

impl Subtree {
    /// How many leaves it has.
    fn width(&self) -> u32 {
        LEAVES >> self.depth
    }

    /// The leaf after its last.
    fn end(&self) -> u32 {
        u32::from(self.first).saturating_add(self.width())
    }

    fn covers(&self, leaf: u16) -> bool {
        self.first <= leaf && u32::from(leaf) < self.end()
    }

    fn may_precede(&self, next: &Self) -> bool {
        let siblings = self.depth == next.depth && u32::from(self.first ^ next.first) == self.width();
        self.end() <= u32::from(next.first) && !siblings
    }

    /// The seed of the node at `depth`, not above this one, on the way to a leaf that this subtree covers.
    fn seed_below(&self, leaf: u16, depth: u8) -> Seed {
        let mut seed = self.seed.clone();
        for level in self.depth..depth {
            let right = u32::from(leaf) & (LEAVES >> (level + 1)) != 0;
            seed = child(&seed, if right { &RIGHT } else { &LEFT });
        }
        seed
    }

    /// Appends what is left of this subtree when the leaves `due`, all of them in it, are punctured.
    fn push_without(self, due: &[u16], left: &mut Vec<Self>) {
        if due.is_empty() {
            left.push(self);
        } else if self.depth < DEPTH {
            let depth = self.depth + 1;
            for (first, context) in [(self.first, &LEFT), (middle(self.first, self.depth), &RIGHT)] {
                let half = Self { first, depth, seed: child(&self.seed, context) };
                half.push_without(within(due, first, depth), left);
            }
        }
    }
}

/// How many subtrees are left of one when the leaves `due`, all of them in it, are punctured.
fn pieces(first: u16, depth: u8, due: &[u16]) -> usize {
    if due.is_empty() {
        1
    } else if depth == DEPTH {
        0
    } else {
        let halves = [first, middle(first, depth)];
        halves.map(|first| pieces(first, depth + 1, within(due, first, depth + 1))).iter().sum()
    }
}

/// The first leaf of the right half of a subtree that is no leaf.
fn middle(first: u16, depth: u8) -> u16 {
    first | u16::try_from(LEAVES >> (depth + 1)).unwrap_or(0)
}

/// Which of the sorted leaves are in a subtree.
fn within(leaves: &[u16], first: u16, depth: u8) -> &[u16] {
    let end = u32::from(first).saturating_add(LEAVES >> depth);
    let from = leaves.partition_point(|leaf| *leaf < first);
    let to = leaves.partition_point(|leaf| u32::from(*leaf) < end);
    leaves.get(from..to).unwrap_or_default()
}

fn child(seed: &Seed, side: &LazyLock<ContextKey>) -> Seed {
    let mut child = Zeroizing::new([0; SEED_BYTES]);
    expand(side, seed, child.as_mut_slice());
    child
}

/// BLAKE3 derive-key of a seed; the context's own hash is computed once, since it costs as much as the rest.
fn expand(context: &LazyLock<ContextKey>, seed: &Seed, out: &mut [u8]) {
    let mut hasher = Hasher::new_from_context_key(context);
    let mut output = hasher.update(seed.as_slice()).finalize_xof();
    output.fill(out);
    output.zeroize();
    hasher.zeroize();
}

impl DataKey {
    /// The key's bytes.
    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_slice()
    }
}

/// What tests compare with what is left on a disk.
#[cfg(test)]
impl Tree {
    /// The seeds on the way to a leaf that is whole, from the uppermost that is kept down to the leaf's own.
    pub(super) fn seeds_above(&self, leaf: u16) -> Vec<Vec<u8>> {
        let top = self.above(leaf).unwrap();
        (top.depth..=DEPTH).map(|depth| top.seed_below(leaf, depth).to_vec()).collect()
    }
}

impl fmt::Debug for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tree(..)")
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey(..)")
    }
}

#[cfg(test)]
mod tests;
