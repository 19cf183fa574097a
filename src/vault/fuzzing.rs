//! What fuzzing asks of the readers of the vault's files, once they are opened: who holds the master key, or a faulty disk
//! under the seal, must not bring the server down.

use std::path::Path;

use super::credential::Credential;
use super::seal::sealed_by;
use super::tree::{LEAVES, Tree};

/// How many subtrees a tree of the input may have: each leaf costs hashes.
const SUBTREES_MAX: usize = 64;
const WRITTEN_BYTES: usize = 35;

/// The content of a bucket and of a credential, and the header of a sealed file.
pub(crate) fn vault(data: &[u8]) {
    let _ = sealed_by(Path::new("/vault/check"), data);
    if let Some(credential) = Credential::from_content(data) {
        let written = credential.to_content();
        assert!(written.is_some(), "a credential that was read cannot be written");
        let again = written.and_then(|content| Credential::from_content(&content));
        assert_eq!(
            again.map(|again| again.name_commitment()),
            Some(credential.name_commitment()),
            "another credential is read back"
        );
    }
    // The last bytes say which leaves are punctured.
    let (bytes, leaves) = data.split_at(data.len() - data.len() % WRITTEN_BYTES);
    if bytes.len() > SUBTREES_MAX * WRITTEN_BYTES {
        return;
    }
    if let Some(tree) = Tree::from_bytes(bytes) {
        let (pairs, _) = leaves.as_chunks();
        let mut leaves: Vec<u16> = pairs.iter().map(|pair| u16::from_be_bytes(*pair)).collect();
        leaves.sort_unstable();
        punctured(&tree, bytes, &leaves);
    }
}

/// A tree is written as it was read, and a puncture takes exactly what it should.
fn punctured(tree: &Tree, bytes: &[u8], leaves: &[u16]) {
    assert_eq!(**tree.to_bytes(), *bytes, "a tree is written as another");
    assert!(tree.whole() <= LEAVES, "a tree has more leaves than there are");
    let less = tree.punctured(leaves);
    let mut gone = leaves.to_vec();
    gone.dedup();
    let due = gone.iter().filter(|leaf| tree.is_whole(**leaf)).count();
    assert_eq!(usize::try_from(tree.whole() - less.whole()), Ok(due), "more or less is punctured than asked");
    for leaf in &gone {
        assert!(!less.is_whole(*leaf) && less.derive(*leaf).is_none(), "a punctured key is derived");
        let beside = leaf ^ 1;
        if !gone.contains(&beside) {
            let keys = [tree, &less].map(|tree| tree.derive(beside).map(|key| key.as_bytes().to_vec()));
            assert!(keys.first() == keys.last(), "a puncture changes another key");
        }
    }
    let written = less.to_bytes();
    assert!(Tree::from_bytes(&written).is_some_and(|again| again == less), "another tree is read back");
    for (a, b) in [(tree, &less), (&less, tree), (&less, &less)] {
        assert!(
            a.intersection(b).is_some_and(|both| both == less),
            "two copies of a tree contradict each other"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seeds_are_read_as_what_they_are() {
        let seed = |name: &str| {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/seeds/vault");
            std::fs::read(folder.join(name)).unwrap()
        };
        assert!(Credential::from_content(&seed("credential.json")).is_some());
        for name in ["tree-whole", "tree-punctured", "tree-leaves"] {
            let bytes = seed(name);
            let (tree, _) = bytes.split_at(bytes.len() - bytes.len() % WRITTEN_BYTES);
            assert!(Tree::from_bytes(tree).is_some(), "{name}");
        }
    }
}
