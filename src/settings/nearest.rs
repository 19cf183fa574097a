//! Finds the known name that a mistyped one was probably meant to be.

/// The known name nearest to `typed`, where one is near enough to be worth suggesting.
pub(super) fn nearest<'known>(typed: &str, known: impl Iterator<Item = &'known str>) -> Option<&'known str> {
    let typed = typed.to_lowercase().replace('-', "_");
    known
        .map(|name| (distance(&typed, &name.to_lowercase()), name))
        .filter(|(distance, name)| *distance * 2 <= name.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Edit distance (Levenshtein 1966): insertions, deletions and replacements of one character each.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (line, from) in left.chars().enumerate() {
        let mut next = Vec::with_capacity(row.len());
        let mut before = line + 1;
        next.push(before);
        for (pair, to) in row.windows(2).zip(&right) {
            let &[diagonal, above] = pair else { break };
            before = (diagonal + usize::from(from != *to)).min(above + 1).min(before + 1);
            next.push(before);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_those_of_the_literature() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", ""), 3);
        assert_eq!(distance("same", "same"), 0);
    }

    #[test]
    fn a_typo_finds_its_name_and_an_unrelated_word_finds_none() {
        let known = ["listen", "data", "log_format"];
        assert_eq!(nearest("lisen", known.into_iter()), Some("listen"));
        assert_eq!(nearest("log-format", known.into_iter()), Some("log_format"));
        assert_eq!(nearest("colour_of_the_sky", known.into_iter()), None);
    }
}
