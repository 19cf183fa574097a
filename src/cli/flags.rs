//! One flag for each setting, made from the table of settings, so that help and parsing cannot drift apart.

use std::ffi::OsStr;

use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap::{Arg, ArgAction, ArgMatches, Args, Command, Error, FromArgMatches, ValueHint};

use crate::settings::table::{Kind, Setting, TABLE};

/// What the flags say: each setting given, with its text as typed.
#[derive(Debug, Default)]
pub(super) struct SettingFlags(pub(super) Vec<(&'static Setting, String)>);

impl Args for SettingFlags {
    fn augment_args(command: Command) -> Command {
        command.args(TABLE.iter().map(|setting| argument(setting)))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for SettingFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let given = |setting: &'static Setting| {
            let text = matches.get_one::<String>(setting.name)?;
            Some((setting, text.clone()))
        };
        Ok(Self(TABLE.iter().filter_map(|setting| given(setting)).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

fn argument(setting: &'static Setting) -> Arg {
    let argument = Arg::new(setting.name)
        .long(setting.flag.trim_start_matches("--"))
        .value_name(setting.placeholder)
        .action(ArgAction::Set)
        .help(setting.help())
        .help_heading("Settings (a flag overrules the environment, which overrules the file)");
    match setting.kind {
        Kind::Switch => argument.num_args(0..=1).require_equals(true).default_missing_value("true"),
        Kind::Choice(words) => argument.value_parser(Offered(words)),
        Kind::Path => argument.value_hint(ValueHint::AnyPath),
        // A shell is not to offer files here.
        Kind::Address
        | Kind::Networks
        | Kind::Count { .. }
        | Kind::VariableName
        | Kind::KeySources
        | Kind::Text(_) => argument.value_hint(ValueHint::Other),
        Kind::Command => argument.value_hint(ValueHint::CommandString),
    }
}

/// Words that help and shells offer. Whether one of them was typed is for the settings to say, as for all sources.
#[derive(Clone, Copy)]
struct Offered(&'static [&'static str]);

impl TypedValueParser for Offered {
    type Value = String;

    fn parse_ref(&self, words: &Command, argument: Option<&Arg>, value: &OsStr) -> Result<String, Error> {
        StringValueParser::new().parse_ref(words, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(self.0.iter().map(PossibleValue::new)))
    }
}
