//! What is promised about help and pages: every word has its help, and no page names a word that is not there.

use std::path::{Path, PathBuf};

use clap::Command as Words;

use super::super::words;

/// Flags of other programs that our pages speak of.
const FLAGS_OF_OTHERS: [&str; 4] = ["--release", "--workspace", "--test", "--lib"];

/// Every command with the words that lead to it, the program itself first.
pub(super) fn commands() -> Vec<(String, Words)> {
    fn walk(path: &str, command: &Words, found: &mut Vec<(String, Words)>) {
        found.push((path.to_owned(), command.clone()));
        for next in command.get_subcommands().filter(|next| next.get_name() != "help") {
            walk(&format!("{path} {}", next.get_name()), next, found);
        }
    }
    let mut words = words();
    words.build();
    let mut found = Vec::new();
    walk("crmconf", &words, &mut found);
    found
}

fn flags(command: &Words) -> Vec<String> {
    let arguments = command.get_arguments().filter_map(|argument| argument.get_long());
    arguments.map(|long| format!("--{long}")).collect()
}

#[test]
fn every_command_and_every_argument_has_help() {
    for (path, command) in commands() {
        assert!(command.get_about().is_some_and(|about| !about.to_string().trim().is_empty()), "{path}");
        for argument in command.get_arguments() {
            let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
            assert!(!help.trim().is_empty(), "{path}: {}", argument.get_id());
            assert!(!help.trim_end().ends_with('.'), "{path}: {} ends in a full stop", argument.get_id());
        }
    }
}

#[test]
fn every_help_page_has_examples_and_tells_the_exit_status() {
    let commands = commands();
    assert!(commands.len() > 6, "the commands are found");
    for (path, mut command) in commands {
        let help = command.render_help().to_string();
        assert!(help.contains("Examples:") && help.contains("Exit status"), "{path}: {help}");
        let examples: Vec<_> = called(&help).into_iter().filter(|call| call.line.starts_with("  ")).collect();
        assert!(examples.iter().any(|call| call.path.starts_with(&path)), "{path}: {help}");
    }
}

/// The pages: those at the top and in `docs/`.
fn pages() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages = Vec::new();
    for folder in [root.to_owned(), root.join("docs")] {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "md") {
                let text = std::fs::read_to_string(&path).unwrap();
                pages.push((path, text));
            }
        }
    }
    assert!(pages.iter().any(|(path, _)| path.ends_with("docs/configuration.md")), "{pages:?}");
    pages
}

/// A command line within a text.
struct Called<'a> {
    line: &'a str,
    path: String,
    command: Words,
    rest: &'a str,
}

/// The command lines of the program in a text, each up to what ends a command in a shell or in Markdown.
fn called(text: &str) -> Vec<Called<'_>> {
    let commands = commands();
    let mut found = Vec::new();
    for line in text.lines() {
        for (at, _) in line.match_indices("crmconf ") {
            let (before, after) = line.split_at(at);
            // `cargo test -p crmconf …` names the package.
            let own = before.chars().next_back().is_none_or(|before| " `(/".contains(before))
                && !before.ends_with("-p ");
            let rest = after.split(['`', '|', ';', '#', '<', '>', '…']).next().unwrap();
            // The longest path of words: `config check` is more than `config`.
            let path = commands.iter().filter(|(path, _)| {
                rest.strip_prefix(path.as_str())
                    .is_some_and(|after| after.is_empty() || after.starts_with(' '))
            });
            let path = path.max_by_key(|(path, _)| path.len());
            // A folder of that name may stand before a flag, as in `--data /var/lib/crmconf --sled`.
            let folder = before.ends_with('/') && path.is_some_and(|(path, _)| path == "crmconf");
            if let Some((path, command)) = path.filter(|_| own && !folder) {
                found.push(Called { line, path: path.clone(), command: command.clone(), rest });
            }
        }
    }
    found
}

#[test]
fn the_command_lines_in_pages_and_examples_use_words_that_are_there() {
    let mut texts = pages();
    for (path, mut command) in commands() {
        texts.push((PathBuf::from(format!("{path} --help")), command.render_help().to_string()));
    }
    let mut seen = 0;
    for (page, text) in &texts {
        for Called { line, path, command, rest } in called(text) {
            let known = flags(&command);
            for word in rest.split_whitespace().filter(|word| word.starts_with("--")) {
                let flag = word.split('=').next().unwrap().trim_end_matches([',', '.', ':', ')']);
                assert!(
                    known.iter().any(|known| known == flag),
                    "{}: {path} has no {flag}: {line}",
                    page.display()
                );
                seen += 1;
            }
        }
    }
    assert!(seen > 30, "command lines are found: {seen}");
}

#[test]
fn a_flag_that_a_page_speaks_of_is_a_flag_of_some_command() {
    let known: Vec<_> = commands().iter().flat_map(|(_, command)| flags(command)).collect();
    let mut seen = 0;
    for (page, text) in pages() {
        // Every second piece stands between backquotes.
        for quoted in text.split('`').skip(1).step_by(2) {
            let flag = quoted.split([' ', '=', '[']).next().unwrap();
            if flag.len() > 2 && flag.starts_with("--") && !FLAGS_OF_OTHERS.contains(&flag) {
                assert!(known.iter().any(|known| known == flag), "{}: {quoted}", page.display());
                seen += 1;
            }
        }
    }
    assert!(seen > 10, "flags are found: {seen}");
}
