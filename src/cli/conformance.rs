//! `crmconf conformance`: its words, with their help, and what they become.

use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{Args, ValueEnum};

use super::sign_in::{Reach, checked_reach};
use super::typed::EXIT_STATUS;
use super::{Endpoint, Stop};
use crate::conformance::Way;

const EXAMPLES: &str = "\
Examples:
  crmconf serve --demo --data \"$(mktemp -d)\"      # in another window
  crmconf conformance --url http://127.0.0.1:8462
  crmconf conformance --url http://127.0.0.1:8462 --way soap12 --chapter list --chapter info
  crmconf conformance --url https://crm-test.example:8462 --ca-file ca.pem --accounts accounts.json
  crmconf conformance --list
  crmconf conformance --export ./corpus

For those who build or test a server of this API, a mock included. Sends the requests of the corpus and holds each response \
to the one that must come; a line for each chapter and way, and for each case that fails its rule and the first difference. \
What the server has to hold before, and how cases are written, stands in README.md of the corpus (--export writes it).

For servers for tests only: it adds, changes and deletes configurations, accounts and entries of the directory, under a \
mark of its own, and removes what can be removed. A run in all four ways fails to sign in about 30 times on purpose, of the \
200 times within 15 minutes that a server grants an address.

--accounts takes a JSON object with the accounts that are not called and signed in to as those of the demo:
  {\"editor\": {\"UserName\": \"e\", \"Password\": \"p\"}}
Keep the file from others.
";

#[derive(Debug, Args)]
#[command(
    after_help = format!("{EXAMPLES}\n{EXIT_STATUS}"),
    group(clap::ArgGroup::new("deed").required(true).args(["url", "list", "export"]))
)]
pub(super) struct Conformance {
    /// The server, such as http://127.0.0.1:8462
    #[arg(long)]
    url: Option<Endpoint>,
    /// Print the chapters and cases, with the rules that they show, and send nothing
    #[arg(long)]
    list: bool,
    /// Write the corpus that is built in to this folder, which must be empty or not there, and send nothing
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["corpus", "chapter", "setup"])]
    export: Option<PathBuf>,
    /// Go this way only; may be given several times
    #[arg(long, value_enum, conflicts_with_all = ["list", "export"])]
    way: Vec<TypedWay>,
    /// Run this chapter only; may be given several times
    #[arg(long, value_name = "NAME")]
    chapter: Vec<String>,
    /// Run the chapters for a server that was brought into this state, in the place of the others
    #[arg(long, value_name = "STATE")]
    setup: Option<String>,
    /// Names and passwords of accounts that differ from the demo's (JSON)
    #[arg(long, value_name = "FILE", conflicts_with_all = ["list", "export"])]
    accounts: Option<PathBuf>,
    /// Take the corpus in this folder in place of the one that is built in
    #[arg(long, value_name = "FOLDER")]
    corpus: Option<PathBuf>,
    #[command(flatten)]
    reach: Reach,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum TypedWay {
    /// Raw XML in no namespace, as the published documentation shows it
    Xml,
    /// Raw XML in the API's namespace
    XmlNamespace,
    /// SOAP 1.1, the request in no namespace
    Soap11,
    /// SOAP 1.2, the request in the API's namespace
    Soap12,
}

impl From<TypedWay> for Way {
    fn from(typed: TypedWay) -> Self {
        match typed {
            TypedWay::Xml => Self::Xml,
            TypedWay::XmlNamespace => Self::XmlNamespace,
            TypedWay::Soap11 => Self::Soap11,
            TypedWay::Soap12 => Self::Soap12,
        }
    }
}

/// Arguments of `conformance`.
#[derive(Debug)]
pub enum ConformanceArgs {
    /// Write the corpus to this folder.
    Export(PathBuf),
    /// Print what would be run.
    List(Chosen),
    /// Run it.
    Run {
        /// The server.
        endpoint: Endpoint,
        /// Over what wire.
        reach: Reach,
        /// The ways, in order.
        ways: Vec<Way>,
        /// Accounts that differ from the demo's.
        accounts: Option<PathBuf>,
        /// What is run.
        chosen: Chosen,
    },
}

/// Which chapters of which corpus.
#[derive(Debug)]
pub struct Chosen {
    /// The corpus in this folder; `None` for the one that is built in.
    pub corpus: Option<PathBuf>,
    /// These chapters; all where there is none.
    pub chapters: Vec<String>,
    /// Those for a server in this state; `None` for those that need none.
    pub setup: Option<String>,
}

/// The arguments that these words ask for.
pub(super) fn checked(words: Conformance) -> Result<ConformanceArgs, Stop> {
    let Conformance { url, list, export, way, chapter, setup, accounts, corpus, reach } = words;
    let chosen = Chosen { corpus, chapters: chapter, setup };
    if let Some(folder) = export {
        return Ok(ConformanceArgs::Export(folder));
    }
    let Some(endpoint) = url.filter(|_| !list) else { return Ok(ConformanceArgs::List(chosen)) };
    checked_reach(&endpoint, &reach)?;
    if endpoint.root().is_none() {
        let why = "the URL is that of the server: without a path, or with one that ends in /api/xml, and without parameters\n";
        return Err(clap::Error::raw(ErrorKind::ValueValidation, why).into());
    }
    let ways = if way.is_empty() { Way::ALL.to_vec() } else { way.into_iter().map(Way::from).collect() };
    Ok(ConformanceArgs::Run { endpoint, reach, ways, accounts, chosen })
}
