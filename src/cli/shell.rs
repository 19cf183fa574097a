//! Texts as words of a POSIX shell, in commands that are printed to be pasted.

/// A text in quotes, which the shell takes off again.
#[must_use]
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// A text as one word, in quotes only where it needs them.
#[must_use]
pub fn word(text: &str) -> String {
    let plain = |char: char| char.is_ascii_alphanumeric() || "/._-:=+,@%".contains(char);
    if !text.is_empty() && text.chars().all(plain) { text.to_owned() } else { quoted(text) }
}
