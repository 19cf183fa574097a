//! What a tree derives, what it never derives again, and its one written form.

use std::collections::BTreeSet;

use data_encoding::HEXLOWER;
use proptest::prelude::*;

use super::*;

const ROOT: [u8; SEED_BYTES] = [
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28,
    29, 30, 31,
];

fn whole() -> Tree {
    Tree::whole_from(Zeroizing::new(ROOT))
}

fn key(tree: &Tree, leaf: u16) -> Option<String> {
    tree.derive(leaf).map(|key| HEXLOWER.encode(key.as_bytes()))
}

/// The seed of the node at a depth on the way to a leaf, as the module's doc says, with nothing of its code.
fn naive_seed(leaf: u16, depth: u8) -> [u8; 32] {
    (0..depth).fold(ROOT, |seed, level| {
        let side = if (leaf >> (15 - level)) & 1 == 1 { "right" } else { "left" };
        blake3::derive_key(&format!("crmconf vault key tree {side} v1"), &seed)
    })
}

fn naive_key(leaf: u16) -> String {
    let mut key = [0; 64];
    let mut hasher = Hasher::new_derive_key("crmconf vault key tree leaf v1");
    hasher.update(&naive_seed(leaf, 16)).finalize_xof().fill(&mut key);
    HEXLOWER.encode(&key)
}

fn sorted(leaves: &BTreeSet<u16>) -> Vec<u16> {
    leaves.iter().copied().collect()
}

/// Sets of leaves that lie close together, share subtrees, and reach both ends.
fn leaves() -> impl Strategy<Value = BTreeSet<u16>> {
    let leaf = prop_oneof![0_u16..40, 32_760_u16..32_780, 65_500_u16..=65_535, any::<u16>()];
    proptest::collection::btree_set(leaf, 0..40)
}

/// Computed by Python's `blake3`: a change here means that everything sealed so far is lost.
#[test]
fn keys_and_the_written_form_are_frozen() {
    for (leaf, expected) in [
        (
            0,
            "2cb2dfb74279d5aa1e6b000b64446f2baf699ddcc966b05cf24d512dbbd0ce85\
             dbd763c9e1c4820cedc1c6dd35a9be14ea777ee9ed1490a1497f0df143ee3bcf",
        ),
        (
            1,
            "bf1ce5e4865623d25621e806a56678b4ea97e5b52bcb8e011327a71f5933baba\
             05ee33f601f05fd3e350f644c1cf6b74a0b91d820506e0425ae433176ab5f9a3",
        ),
        (
            40_000,
            "021a3f45231a5b612546f2aa96f31392523e89651249653d20658415034951ca\
                  77072160cce7e4815ac81ec6de07755ea8244f85216cfdada60d8de23e1f18b4",
        ),
        (
            65_535,
            "870494757f007696cf2a7b7a88ac386a57ad7ac99b3bc3805ab93a7853fbdf39\
                  ca7fc0b0831bf23b6a888cd24414254f722d9358fcb327dd2ebb11aa4976c0cb",
        ),
    ] {
        assert_eq!(key(&whole(), leaf).as_deref(), Some(expected), "{leaf}");
    }
    // Whole are the left half and the last leaf.
    let written = whole().punctured(&(32_768..65_535).collect::<Vec<_>>()).to_bytes();
    assert_eq!(
        HEXLOWER.encode(&written),
        "000001820d636e7f464aac909022f63c51c71e17314f8993318d3f8811edd056161729\
         ffff1005d3712222456613cae79b387c26f465f9934062581dfece402f4a08cf2f884b"
    );
}

proptest! {
    #[test]
    fn punctured_leaves_are_gone_and_every_other_key_stays_what_it_was(
        first in leaves(), second in leaves(), asked in leaves(),
    ) {
        let tree = whole().punctured(&sorted(&first)).punctured(&sorted(&second));
        let gone = &first | &second;
        prop_assert_eq!(tree.whole(), LEAVES - gone.len() as u32);
        let neighbours: BTreeSet<_> = gone.iter().flat_map(|leaf| [leaf ^ 1, leaf.wrapping_add(1)]).collect();
        for leaf in &(&asked | &gone) | &neighbours {
            let expected = (!gone.contains(&leaf)).then(|| naive_key(leaf));
            prop_assert_eq!(tree.is_whole(leaf), expected.is_some());
            prop_assert_eq!(key(&tree, leaf), expected, "leaf {}", leaf);
        }
    }

    #[test]
    fn nothing_written_is_a_seed_of_a_punctured_leaf_or_of_a_node_above_it(gone in leaves()) {
        let written = whole().punctured(&sorted(&gone)).to_bytes();
        for leaf in gone {
            for depth in 0..=DEPTH {
                let seed = naive_seed(leaf, depth);
                prop_assert!(!written.windows(32).any(|window| window == seed), "leaf {}, depth {}", leaf, depth);
            }
            prop_assert!(Tree::from_bytes(&written).unwrap().derive(leaf).is_none());
        }
    }

    #[test]
    fn the_order_of_punctures_leaves_no_trace_and_the_written_form_is_read_back(gone in leaves()) {
        let at_once = whole().punctured(&sorted(&gone));
        let one_by_one = |tree: Tree, leaf: &u16| tree.punctured(&[*leaf]);
        prop_assert!(gone.iter().fold(whole(), one_by_one) == at_once);
        prop_assert!(gone.iter().rev().fold(whole(), one_by_one) == at_once);
        prop_assert!(at_once.punctured(&sorted(&gone)) == at_once, "again changes nothing");
        prop_assert!(Tree::from_bytes(&at_once.to_bytes()).unwrap() == at_once);
        prop_assert!(at_once.subtrees.len() <= 1 + 15 * gone.len());
        prop_assert_eq!(at_once.subtrees.capacity(), at_once.subtrees.len(), "it never grew");
    }

    #[test]
    fn what_is_whole_in_both_of_two_trees_is_their_intersection(first in leaves(), second in leaves()) {
        let [a, b] = [&first, &second].map(|gone| whole().punctured(&sorted(gone)));
        let both = whole().punctured(&sorted(&(&first | &second)));
        prop_assert!(a.intersection(&b).unwrap() == both);
        prop_assert!(b.intersection(&a).unwrap() == both);
        prop_assert!(a.intersection(&a).unwrap() == a);
        let foreign = Tree::whole_from(Zeroizing::new([7; 32])).punctured(&sorted(&second));
        prop_assert!(a.intersection(&foreign).is_none() && foreign.intersection(&a).is_none());
    }

    #[test]
    fn no_other_bytes_are_taken_for_a_tree_and_those_taken_are_written_again_alike(
        gone in leaves(), at in any::<proptest::sample::Index>(), flip in 1_u8..=255,
    ) {
        let mut written = whole().punctured(&sorted(&gone)).to_bytes().to_vec();
        let cut = Tree::from_bytes(&written[..at.index(written.len())]);
        let shorter = cut.is_none_or(|tree| tree.to_bytes().len() < written.len());
        prop_assert!(shorter);
        let at = at.index(written.len());
        written[at] ^= flip;
        if let Some(tree) = Tree::from_bytes(&written) {
            prop_assert_eq!(tree.to_bytes().to_vec(), written);
        }
    }
}

#[test]
fn a_written_form_that_is_not_the_one_form_is_refused() {
    let entry =
        |first: u16, depth: u8| [first.to_be_bytes().as_slice(), &[depth], &[first as u8; 32]].concat();
    let read = |entries: &[(u16, u8)]| {
        let bytes: Vec<_> = entries.iter().flat_map(|(first, depth)| entry(*first, *depth)).collect();
        Tree::from_bytes(&bytes)
    };
    assert_eq!(read(&[]).unwrap().whole(), 0, "a tree may be all gone");
    assert_eq!(read(&[(0, 1)]).unwrap().whole(), 32_768);
    assert_eq!(read(&[(1, 16), (2, 16)]).unwrap().whole(), 2, "neighbours that are no siblings");
    for (entries, why) in [
        (vec![(0, 17)], "deeper than the leaves"),
        (vec![(1, 15)], "begins within a subtree"),
        (vec![(0, 1), (0, 16)], "overlaps"),
        (vec![(0, 0), (5, 16)], "overlaps the root"),
        (vec![(6, 16), (4, 16)], "unsorted"),
        (vec![(4, 16), (4, 16)], "twice"),
        (vec![(4, 16), (5, 16)], "siblings"),
        (vec![(0, 1), (32_768, 1)], "the root's two children"),
    ] {
        assert!(read(&entries).is_none(), "{why}");
    }
    assert!(Tree::from_bytes(&entry(0, 0)[..34]).is_none(), "cut");
}

#[test]
fn a_tree_of_which_every_second_leaf_is_gone_is_still_small() {
    let gone: Vec<u16> = (0..=u16::MAX).step_by(2).collect();
    let tree = whole().punctured(&gone);
    assert_eq!(tree.whole(), 32_768);
    assert_eq!(tree.to_bytes().len(), 32_768 * WRITTEN_BYTES);
    assert!(tree.derive(6).is_none());
    assert_eq!(key(&tree, 7), Some(naive_key(7)));
    let none = tree.punctured(&(0..=u16::MAX).collect::<Vec<_>>());
    assert_eq!((none.whole(), none.to_bytes().len()), (0, 0));
}

#[test]
fn debug_shows_no_byte() {
    let shown = format!("{:?} {:?}", whole(), whole().derive(1).unwrap());
    assert_eq!(shown, "Tree(..) DataKey(..)");
}
