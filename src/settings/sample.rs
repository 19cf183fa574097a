//! The commented sample of a settings file, made from the table.

use super::table::{Kind, Setting, TABLE, TomlType};

/// Where comments are broken.
const COLUMNS: usize = 100;

const HEAD: &str = "\
# Settings of `crmconf serve`, each with its default: take the # off a line to change it.
# A flag overrules the environment, the environment overrules this file, this file overrules the default.
# Paths are relative to the folder in which the program is started. Unknown names are errors:
# `crmconf config check --config FILE` finds every mistake before the server meets it.
# Made by `crmconf config sample`.
";

/// The whole file. As it stands it sets nothing.
#[must_use]
pub fn sample() -> String {
    let settings = TABLE.iter().map(|setting| entry(setting));
    std::iter::once(HEAD.to_owned()).chain(settings).collect::<Vec<_>>().join("\n")
}

fn entry(setting: &Setting) -> String {
    let Setting { name, env, flag, kind, doc, default: _, placeholder: _ } = setting;
    let about = comment(&format!("{doc}."));
    let form = comment(&format!("Value: {}. Environment: {env}. Flag: {flag}.", kind.expectation()));
    let default = if setting.default.is_some() { "" } else { "# No default; for example:\n" };
    format!("{about}{form}{default}#{name} = {}\n", value(setting))
}

/// An address for those that have no default.
const EXAMPLE_ADDRESS: &str = "127.0.0.1:9462";

/// Networks for those that have no default.
const EXAMPLE_NETWORKS: &str = "10.0.0.7, 10.1.0.0/16";
/// A place of a further master key.
const EXAMPLE_KEY_SOURCE: &str = "file:/etc/crmconf/former.key";

/// The default as TOML has it; where there is none, something of the right form.
fn value(setting: &Setting) -> String {
    let text = setting.default.map_or_else(|| example(setting), str::to_owned);
    match setting.kind.toml_type() {
        TomlType::Integer | TomlType::Boolean => text,
        TomlType::Text => toml::Value::String(text).to_string(),
    }
}

/// Something of a setting's form.
fn example(setting: &Setting) -> String {
    match &setting.kind {
        Kind::Count { min, .. } => min.to_string(),
        Kind::Switch => "false".to_owned(),
        Kind::Address => EXAMPLE_ADDRESS.to_owned(),
        Kind::Networks => EXAMPLE_NETWORKS.to_owned(),
        Kind::Text(form) => form.example().to_owned(),
        Kind::KeySources => EXAMPLE_KEY_SOURCE.to_owned(),
        Kind::Path | Kind::Choice(_) | Kind::VariableName | Kind::Command => setting.placeholder.to_owned(),
    }
}

/// The text in lines that begin with `# `.
fn comment(text: &str) -> String {
    let mut lines = vec!["#".to_owned()];
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + word.len() <= COLUMNS => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) | None => lines.push(format!("# {word}")),
        }
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::super::Environment;
    use super::super::values::Values;
    use super::*;

    fn values_of(text: &str) -> Values {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("crmconf.toml");
        std::fs::write(&path, text).unwrap();
        Values::collect(Some(&path), &Environment::default(), &[]).unwrap()
    }

    #[test]
    fn the_sample_in_docs_is_the_one_that_the_table_makes() {
        let shown = include_str!("../../docs/crmconf.sample.toml");
        assert!(shown == sample(), "crmconf config sample > docs/crmconf.sample.toml");
    }

    #[test]
    fn as_it_stands_it_sets_nothing_and_without_its_signs_it_sets_everything_to_its_default() {
        let values = values_of(&sample());
        assert!(TABLE.iter().all(|setting| values.text(setting).is_none()));
        let own = |line: &str| line.strip_prefix('#').is_some_and(|rest| !rest.starts_with(' '));
        let bare: Vec<_> =
            sample().lines().filter(|line| own(line)).map(|line| line.replacen('#', "", 1)).collect();
        assert_eq!(bare.len(), TABLE.len());
        let values = values_of(&bare.join("\n"));
        for setting in TABLE {
            let set = values.text(setting).map(|found| found.value.as_str());
            assert!(set.is_some(), "{}", setting.name);
            assert!(setting.default.is_none() || set == setting.default, "{}: {set:?}", setting.name);
        }
    }

    #[test]
    fn no_line_is_longer_than_a_terminal_shows() {
        assert!(sample().lines().all(|line| line.len() <= 110), "{}", sample());
        assert_eq!(comment(&"word ".repeat(30)).lines().count(), 2);
    }
}
