//! Any sequence of looks: what serves is whole and was found to stand, and what stands decides.

use proptest::prelude::*;

use super::*;

/// What a look finds of the one file that is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    Nothing,
    Whole(u8),
    Half,
    Unreadable,
}

impl Found {
    fn content(self) -> Option<Content> {
        match self {
            Self::Nothing => None,
            Self::Whole(version) => Some(good("A", &version.to_string())),
            Self::Half => Some(half("A")),
            Self::Unreadable => Some(Err(FileFault::Unreadable("denied".to_owned()).to_string())),
        }
    }
}

/// A look; `None` where the folder cannot be read.
fn looks() -> impl Strategy<Value = Vec<Option<Found>>> {
    let found = prop_oneof![
        Just(Found::Nothing),
        (1_u8..3).prop_map(Found::Whole),
        Just(Found::Half),
        Just(Found::Unreadable)
    ];
    // Long enough to stand now and then.
    let stretch = (prop::option::weighted(0.8, found), 1_usize..4);
    prop::collection::vec(stretch, 1..12)
        .prop_map(|stretches| stretches.into_iter().flat_map(|(look, times)| vec![look; times]).collect())
}

proptest! {
    #[test]
    fn what_serves_is_what_stood_last(looks in looks()) {
        let mut story = Story::default();
        // A second file, which nothing of it concerns.
        story.put("B", good("B", "1"));
        // What stood when the folder could be read: the same twice in a row, or at the first look.
        let (mut before, mut stands, mut last_good) = (None, None, None);
        for look in looks {
            match look {
                None => drop(story.fail("gone")),
                Some(found) => {
                    match found.content() {
                        Some(content) => story.put("A", content),
                        None => story.remove("A"),
                    }
                    story.look();
                    if before.is_none() || before == Some(found) {
                        stands = Some(found);
                        last_good = match found {
                            Found::Nothing => None,
                            Found::Whole(version) => Some(version),
                            Found::Half | Found::Unreadable => last_good,
                        };
                    }
                    before = Some(found);
                }
            }
            let expected = match (stands, last_good) {
                (None, _) => "unreachable".to_owned(),
                (Some(_), Some(version)) => version.to_string(),
                (Some(Found::Nothing | Found::Whole(_)), None) => "unknown".to_owned(),
                (Some(Found::Half | Found::Unreadable), None) => "invalid".to_owned(),
            };
            prop_assert_eq!(story.serving("A"), expected);
            prop_assert_eq!(story.serving("B"), if stands.is_none() { "unreachable" } else { "1" });
            let bad = matches!(stands, Some(Found::Half | Found::Unreadable));
            let state = story.set.state();
            prop_assert_eq!((state.refused, state.reachable), (usize::from(bad), look.is_some()));
        }
    }
}
