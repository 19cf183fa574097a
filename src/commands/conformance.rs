//! `crmconf conformance`: holds a server to the corpus of the contract, lists the corpus, or writes it to a folder.

mod folder;

use std::io::Read as _;
use std::path::Path;
use std::{fmt, fs};

use serde::Deserialize;
use zeroize::Zeroizing;

use super::Failure;
use super::conversation::Wire;
use crate::cli::{Chosen, ConformanceArgs, Status, output};
use crate::conformance::{
    Account, Case, Chapter, Corpus, Difference, Outcome, Request, Response, Run, Server, Stop, Way,
};

/// The accounts of the corpus; those of the demo are called so, and sign in with `demo-NAME`.
const ROLES: [&str; 5] = ["admin", "editor", "client", "viewer", "auditor"];

/// What a server says of a name or password that it does not take.
const REFUSED: &str = "10307";

/// Largest file of accounts that is read.
const ACCOUNTS_BYTES_MAX: u64 = 64 << 10;

/// The telephone systems of runs begin here, and end before those that cases take as absent.
const TELSYS_FROM: u32 = 1_000_000;
const TELSYS_COUNT: u32 = 2_147_000_000 - TELSYS_FROM;

/// Does what was asked for.
///
/// # Errors
/// [`Failure`]: the corpus or the accounts cannot be read, the server does not answer or signs an account in, or a folder
/// cannot be written.
pub fn run(args: &ConformanceArgs) -> Result<Status, Failure> {
    match args {
        ConformanceArgs::Export(folder) => folder::export(folder),
        ConformanceArgs::List(chosen) => super::print(&listed(&chapters(chosen)?)),
        ConformanceArgs::Run { endpoint, reach, ways, accounts, chosen } => {
            let chapters = chapters(chosen)?;
            let accounts = read_accounts(accounts.as_deref())?;
            let root = endpoint.root().unwrap_or_default();
            let server = Reached { wire: Wire::to(endpoint, reach)?, root };
            hold(&server, ways, &chapters, &accounts)
        }
    }
}

/// A server behind a wire.
struct Reached<'a> {
    wire: Wire<'a>,
    root: &'a str,
}

impl Server for Reached<'_> {
    type Error = Failure;

    fn exchange(&self, request: &Request) -> Result<Response, Failure> {
        self.wire.exchange(&format!("{}{}", self.root, request.path), request)
    }
}

/// How many cases passed, did not, and were not run since the server did not get so far.
#[derive(Clone, Copy, Default)]
struct Count {
    passed: usize,
    failed: usize,
    not_run: usize,
}

impl Count {
    fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.not_run += other.not_run;
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { passed, failed, not_run } = self;
        write!(f, "{passed:>3} passed, {failed} failed")?;
        if *not_run > 0 { write!(f, ", {not_run} not run") } else { Ok(()) }
    }
}

/// Runs the chapters in each of the ways. What a server does badly is told and goes on; only that there is none ends it.
fn hold(
    server: &Reached<'_>,
    ways: &[Way],
    chapters: &[Chapter],
    accounts: &[Account],
) -> Result<Status, Failure> {
    let mut all = Count::default();
    for way in ways {
        let (mark, telsys) = drawn()?;
        let mut run = Run::new(server, *way, &mark, telsys, accounts);
        for chapter in chapters {
            let cases = chapter.cases_in(*way).count();
            if cases == 0 {
                continue;
            }
            let (mut count, stop) = held(&mut run, *way, chapter)?;
            count.not_run = cases - count.passed - count.failed;
            match stop {
                Some(Stop::Unreachable(failure))
                    if all.passed + all.failed + count.passed + count.failed == 0 =>
                {
                    return Err(failure);
                }
                Some(stop) => super::print(&format!("{} {}: {}", way.name(), chapter.name, stopped(&stop)))?,
                None => Status::Done,
            };
            super::print(&format!("{:<14} {:<16} {count}", way.name(), chapter.name))?;
            all.add(count);
        }
    }
    if all.passed + all.failed + all.not_run == 0 {
        return Err(Failure::new(
            "none of the cases that were chosen goes this way: they are sent as --way xml alone",
        ));
    }
    super::print(&all.to_string())?;
    Ok(if all.failed + all.not_run == 0 { Status::Done } else { Status::Failed })
}

/// Runs a chapter, telling each case that fails at once; counts those that were run.
fn held<'s>(
    run: &mut Run<'_, Reached<'s>>,
    way: Way,
    chapter: &Chapter,
) -> Result<(Count, Option<Stop<Failure>>), Failure> {
    let mut count = Count::default();
    let mut printed = Ok(Status::Done);
    let ran = run.chapter(chapter, |case, outcome| {
        match outcome {
            Outcome::Passed => count.passed += 1,
            Outcome::NotSent(_) => {}
            Outcome::Failed(..) | Outcome::CorpusWrong(_) => count.failed += 1,
        }
        if let (Some(told), Ok(_)) = (told(case, outcome), &printed) {
            printed = super::print(&format!("{} {}/{told}", way.name(), chapter.name));
        }
    });
    printed?;
    Ok((count, ran.err()))
}

/// Why the rest of a chapter was not run.
fn stopped(stop: &Stop<Failure>) -> String {
    match stop {
        Stop::Unreachable(failure) => output::printable(&failure.to_string()),
        Stop::NotSignedIn(why) => {
            let told = output::printable(why);
            let hint = "\n  (--accounts names accounts that differ from the demo's. An address that has failed to sign in 200 times \
                        within 15 minutes is refused as well; a run in all four ways fails about 30 times, on purpose.)";
            if why.contains(REFUSED) { told + hint } else { told }
        }
        Stop::Guarded(case) => {
            format!(
                "{case} has failed, and the cases behind it do harm to a server that is not in that state"
            )
        }
    }
}

/// What is said of a case that has failed. What a server answers may hold anything, line feeds too.
fn told(case: &Case, outcome: Outcome) -> Option<String> {
    let Case { name, rule, .. } = case;
    let line = |text: &str| output::printable(&text.replace('\n', " "));
    Some(match outcome {
        Outcome::Passed => return None,
        Outcome::Failed(Difference { place, expected, came }, refusal) => {
            let refused = refusal.map(|refusal| format!("\n    refused: {}", line(&refusal)));
            format!(
                "{name}: {rule}\n    {}\n      expected {}\n      came     {}{}",
                line(&place),
                line(&expected),
                line(&came),
                refused.unwrap_or_default()
            )
        }
        Outcome::NotSent(why) => {
            format!("{name}: not sent, since a case before it has failed: {}", line(&why))
        }
        Outcome::CorpusWrong(why) => format!("{name}: the corpus is wrong here: {}", line(&why)),
    })
}

/// The mark of a run, and the number of the telephone system that is its own.
fn drawn() -> Result<(String, u32), Failure> {
    let mut bytes = [0; 4];
    getrandom::fill(&mut bytes)
        .map_err(|cause| Failure::new(format!("the system gives no random numbers: {cause}")))?;
    let number = u32::from_be_bytes(bytes);
    Ok((format!("{number:08x}"), TELSYS_FROM + number % TELSYS_COUNT))
}

fn chapters(chosen: &Chosen) -> Result<Vec<Chapter>, Failure> {
    let corpus = match &chosen.corpus {
        Some(folder) => Corpus::of(&folder::read(folder)?),
        None => Corpus::built_in(),
    };
    let corpus = corpus.map_err(|error| Failure::new(format!("the corpus cannot be used: {error}")))?;
    let names = |chapters: &[Chapter], of: fn(&Chapter) -> Option<&str>| {
        let mut names: Vec<_> = chapters.iter().filter_map(of).map(str::to_owned).collect();
        names.dedup();
        names.join(", ")
    };
    for wanted in &chosen.chapters {
        if !corpus.chapters.iter().any(|chapter| chapter.name == *wanted) {
            let known = names(&corpus.chapters, |chapter| Some(&chapter.name));
            return Err(Failure::new(format!(
                "there is no chapter {wanted:?}; those of the corpus are {known}"
            )));
        }
    }
    let setups = names(&corpus.chapters, |chapter| chapter.setup.as_deref());
    let is_chosen = |chapter: &Chapter| {
        chapter.setup == chosen.setup
            && (chosen.chapters.is_empty() || chosen.chapters.contains(&chapter.name))
    };
    let left: Vec<_> = corpus.chapters.into_iter().filter(is_chosen).collect();
    if left.is_empty() {
        return Err(Failure::new(format!(
            "no chapter is chosen; those for a server in a state of its own need --setup with one of {setups}"
        )));
    }
    Ok(left)
}

fn listed(chapters: &[Chapter]) -> String {
    let mut text = String::new();
    for Chapter { name, title, cases, .. } in chapters {
        text.push_str(&format!("{name}: {title}\n"));
        for Case { name, rule, .. } in cases {
            text.push_str(&format!("  {name}: {rule}\n"));
        }
    }
    text
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct SignIn {
    user_name: String,
    password: String,
}

fn read_accounts(path: Option<&Path>) -> Result<Vec<Account>, Failure> {
    let mut accounts = ROLES.map(|role| Account {
        role: role.to_owned(),
        user: role.to_owned(),
        password: Zeroizing::new(format!("demo-{role}")),
    });
    let Some(path) = path else { return Ok(accounts.into()) };
    let unreadable = |cause: &dyn fmt::Display| {
        Failure::new(format!("the accounts in {} cannot be read: {cause}", path.display()))
    };
    let mut text = Zeroizing::new(String::new());
    let file = fs::File::open(path).map_err(|cause| unreadable(&cause))?;
    file.take(ACCOUNTS_BYTES_MAX).read_to_string(&mut text).map_err(|cause| unreadable(&cause))?;
    // What serde says may quote the value that it stumbles over.
    let given: std::collections::BTreeMap<String, SignIn> = serde_json::from_str(&text).map_err(|cause| {
        let (line, column) = (cause.line(), cause.column());
        unreadable(&format_args!(
            "line {line}, column {column}: an object such as {{\"editor\": {{\"UserName\": \"e\", \"Password\": \"p\"}}}} is \
             expected"
        ))
    })?;
    for (role, SignIn { user_name, password }) in given {
        let account = accounts.iter_mut().find(|account| account.role == role);
        let account = account.ok_or_else(|| {
            unreadable(&format_args!("{role:?} is no account of the corpus; those are {}", ROLES.join(", ")))
        })?;
        account.user = user_name;
        account.password = Zeroizing::new(password);
    }
    Ok(accounts.into())
}
