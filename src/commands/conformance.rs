//! `crmconf conformance`: holds a server to the corpus of the contract, lists the corpus, or writes it to a folder.

use std::fs;
use std::io::Read as _;
use std::path::Path;

use serde::Deserialize;
use zeroize::Zeroizing;

use super::Failure;
use super::conversation::Wire;
use crate::cli::{Chosen, ConformanceArgs, Status, output};
use crate::conformance::{
    Account, Case, Chapter, Corpus, Difference, Outcome, Request, Response, Run, Server, Stop, Way,
    built_in_files,
};

/// The accounts of the corpus; those of the demo are called so, and sign in with `demo-NAME`.
const ROLES: [&str; 5] = ["admin", "editor", "client", "viewer", "auditor"];

/// Largest file of accounts that is read.
const ACCOUNTS_BYTES_MAX: u64 = 64 << 10;

/// The telephone systems of runs begin here, and end where TelSysID does.
const TELSYS_FROM: u32 = 1_000_000;
const TELSYS_COUNT: u32 = 2_000_000_000;

/// Does what was asked for.
///
/// # Errors
/// [`Failure`]: the corpus or the accounts cannot be read, the server does not answer or signs an account in, or a folder
/// cannot be written.
pub fn run(args: &ConformanceArgs) -> Result<Status, Failure> {
    match args {
        ConformanceArgs::Export(folder) => export(folder),
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

/// How many cases passed, and how many did not.
#[derive(Clone, Copy, Default)]
struct Count {
    passed: usize,
    failed: usize,
}

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
            let mut count = Count::default();
            let mut failures = String::new();
            let ran = run.chapter(chapter, |case, outcome| match told(case, outcome) {
                None => count.passed += 1,
                Some(failure) => {
                    count.failed += 1;
                    failures.push_str(&failure);
                }
            });
            ran.map_err(|stop| match stop {
                Stop::Unreachable(failure) => failure,
                Stop::NotSignedIn(why) => Failure::new(format!(
                    "chapter {}, {}: {why}; accounts that differ from the demo's are named with --accounts",
                    chapter.name,
                    way.name()
                )),
            })?;
            let Count { passed, failed } = count;
            let line = format!("{:<14} {:<18} {passed:>3} passed, {failed} failed", way.name(), chapter.name);
            if passed + failed > 0 {
                super::print(&format!("{line}\n{failures}"))?;
            }
            all = Count { passed: all.passed + passed, failed: all.failed + failed };
        }
    }
    let Count { passed, failed } = all;
    super::print(&format!("{passed} passed, {failed} failed"))?;
    Ok(if failed == 0 && passed > 0 { Status::Done } else { Status::Failed })
}

/// What is said of a case that has failed.
fn told(case: &Case, outcome: Outcome) -> Option<String> {
    let Case { name, rule, .. } = case;
    Some(match outcome {
        Outcome::Passed => return None,
        Outcome::Failed(Difference { place, expected, came }, refusal) => {
            let told =
                format!("  {name}: {rule}\n    {place}\n      expected {expected}\n      came     {came}\n");
            told + &refusal
                .map_or_else(String::new, |refusal| format!("    refused: {}\n", output::printable(&refusal)))
        }
        Outcome::CorpusWrong(why) => format!("  {name}: the corpus is wrong here: {why}\n"),
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
        Some(folder) => Corpus::in_folder(folder),
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
    let unreadable = |cause: &dyn std::fmt::Display| {
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

/// Writes the corpus to a folder.
fn export(folder: &Path) -> Result<Status, Failure> {
    let failed = |path: &Path, cause: &std::io::Error| {
        Failure::new(format!("{} cannot be written: {cause}", path.display()))
    };
    fs::create_dir_all(folder).map_err(|cause| failed(folder, &cause))?;
    if fs::read_dir(folder).map_err(|cause| failed(folder, &cause))?.next().is_some() {
        return Err(Failure::new(format!(
            "{} is not empty, and nothing was written: name another folder",
            folder.display()
        )));
    }
    let files = built_in_files();
    for (name, text) in &files {
        let path = folder.join(name);
        let above = path.parent().unwrap_or(folder);
        fs::create_dir_all(above).map_err(|cause| failed(above, &cause))?;
        fs::write(&path, text).map_err(|cause| failed(&path, &cause))?;
    }
    output::note(&format_args!("crmconf: {} files were written to {}", files.len(), folder.display()));
    Ok(Status::Done)
}
