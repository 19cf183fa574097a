//! `crmconf man`: the manual pages, one for the program and one for each command, made from the words of `--help`.

use std::io;
use std::path::Path;

use clap::Command;
use clap::builder::Resettable;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

use super::Failure;
use crate::cli::{Status, words};

/// What the pages belong to, as their foot shows it.
const SOURCE: &str = concat!("crmconf ", env!("CARGO_PKG_VERSION"));

/// Writes the manual pages into a folder, which is made where it is missing.
///
/// # Errors
/// [`Failure`]: the folder cannot be made or written.
pub fn run(folder: &Path) -> Result<Status, Failure> {
    let failed = |cause: io::Error| {
        Failure::new(format!("the pages cannot be written into {}: {cause}", folder.display()))
    };
    std::fs::create_dir_all(folder).map_err(failed)?;
    // `crmconf help …` says what `--help` says: no page of its own.
    let mut words = words().disable_help_subcommand(true);
    words.build();
    write(&words, folder).map_err(failed)?;
    Ok(Status::Done)
}

fn write(command: &Command, folder: &Path) -> io::Result<()> {
    let (name, page) = page(command)?;
    std::fs::write(folder.join(name), page)?;
    command.get_subcommands().try_for_each(|command| write(command, folder))
}

/// A page with the name of its file. clap_mangen would fill the examples into paragraphs, and so they are set here.
fn page(command: &Command) -> io::Result<(String, Vec<u8>)> {
    let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let man = Man::new(command.clone().after_help(Resettable::Reset)).source(SOURCE);
    let mut page = Vec::new();
    man.render(&mut page)?;
    examples(&after).to_writer(&mut page)?;
    Ok((man.get_filename(), page))
}

/// What stands at the end of `--help`: indented lines as they are, all else in paragraphs.
fn examples(text: &str) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["EXAMPLES AND EXIT STATUS"]);
    let mut as_it_is = false;
    for line in text.lines().filter(|line| *line != "Examples:") {
        let indented = line.starts_with(' ');
        if indented != as_it_is {
            roff.control(if indented { "nf" } else { "fi" }, []);
            as_it_is = indented;
        }
        if line.is_empty() {
            roff.control("PP", []);
        } else {
            roff.text([roman(line)]);
        }
    }
    if as_it_is {
        roff.control("fi", []);
    }
    roff
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_keep_their_lines_and_prose_is_filled() {
        let text = "Examples:\n  crmconf verify --data ./store\n  crmconf -x\n\nReads all.\nAnd more.\n";
        let page = examples(text).to_roff();
        assert_eq!(
            page,
            ".SH \"EXAMPLES AND EXIT STATUS\"\n.nf\n  crmconf verify \\-\\-data ./store\n  crmconf \\-x\n.fi\n.PP\n\
             Reads all.\nAnd more.\n"
        );
    }
}
