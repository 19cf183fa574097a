//! Runs chapters against a server: sends what the corpus says, and holds what comes against it.

use zeroize::Zeroizing;

use super::compare::{self, Difference, Unequal};
use super::corpus::{Case, Chapter, Http};
use super::template::{Template, Values};
use super::tree::{Element, NoDocument};
use super::way::Way;
use crate::http::xml::SoapVersion;

/// A server, as a run reaches it.
pub trait Server {
    /// Why nothing came back.
    type Error;

    /// Sends a request and has the response.
    ///
    /// # Errors
    /// When the server cannot be reached or does not answer.
    fn exchange(&self, request: &Request) -> Result<Response, Self::Error>;
}

/// A request, ready to be sent.
#[derive(Debug)]
pub struct Request {
    /// Its method.
    pub method: String,
    /// Its path, with parameters.
    pub path: String,
    /// Its headers.
    pub headers: Vec<(String, String)>,
    /// Its body. It may bear a session's id: wiped when dropped.
    pub body: Option<Zeroizing<String>>,
}

/// What came back.
#[derive(Debug)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Its headers, their names in lower case.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Zeroizing<String>,
}

/// An account that the corpus signs in.
#[derive(Debug)]
pub struct Account {
    /// Its name in the corpus.
    pub role: String,
    /// Its name at the server.
    pub user: String,
    /// Its password.
    pub password: Zeroizing<String>,
}

/// A run: one way, with a mark of its own.
pub struct Run<'a, S> {
    server: &'a S,
    way: Way,
    values: Values,
}

/// What became of a case.
#[derive(Debug)]
pub enum Outcome {
    /// As it must be.
    Passed,
    /// Not as it must be; code and message, where the server refused.
    Failed(Difference, Option<String>),
    /// It lacks what a case before it, which has failed, should have given.
    NotSent(String),
    /// The corpus itself is wrong there.
    CorpusWrong(String),
}

/// Why a run cannot go on.
#[derive(Debug)]
pub enum Stop<E> {
    /// The server does not answer.
    Unreachable(E),
    /// An account could not be signed in.
    NotSignedIn(String),
    /// This case has failed, and those behind it do harm then.
    Guarded(String),
}

const CREATE_SESSION: &str =
    "<Request Operation=\"CreateSession\"><InvokeID>conformance</InvokeID></Request>";
const CREATED: &str = "<Response Result=\"Success\"><InvokeID>conformance</InvokeID><Success>\
    <Property Name=\"SessionID\">{{SESSION=session}}</Property><Property Name=\"Nonce\">{{=nonce}}</Property></Success></Response>";
const AUTHENTICATE: &str = "<Request Operation=\"Authenticate\"><InvokeID>conformance</InvokeID><SessionID>{{SESSION}}</SessionID>\
    <OperationPayload><Property Name=\"UserName\">{{USER}}</Property><Property Name=\"Password\">{{PASSWORD}}</Property>\
    </OperationPayload></Request>";
const WITH_KEY: &str = "<Response Result=\"Success\"><InvokeID>conformance</InvokeID><Success>\
    <Property Name=\"TransportKey\">{{KEY=key}}</Property></Success></Response>";
const WITHOUT_KEY: &str = "<Response Result=\"Success\"><InvokeID>conformance</InvokeID></Response>";
const LOGOUT: &str = "<Request Operation=\"Logout\"><InvokeID>conformance</InvokeID><SessionID>{{SESSION}}</SessionID></Request>";

impl<'a, S: Server> Run<'a, S> {
    /// A run against this server. `mark` tells what it makes from all else; `telsys` is the telephone system of its own.
    pub fn new(server: &'a S, way: Way, mark: &str, telsys: u32, accounts: &[Account]) -> Self {
        let mut values = Values::default();
        values.insert("run", mark, false);
        values.insert("telsys", &telsys.to_string(), false);
        for Account { role, user, password } in accounts {
            values.insert(&format!("{role}.user"), user, false);
            values.insert(&format!("{role}.password"), password, true);
        }
        Self { server, way, values }
    }

    /// Runs the cases of a chapter that go this way, each told to `each` when it is done.
    ///
    /// # Errors
    /// [`Stop`], when no further case can be run.
    pub fn chapter(
        &mut self,
        chapter: &Chapter,
        mut each: impl FnMut(&Case, Outcome),
    ) -> Result<(), Stop<S::Error>> {
        self.values.keep(|name| {
            name == "run" || name == "telsys" || name.ends_with(".user") || name.ends_with(".password")
        });
        let mut cases = chapter.cases_in(self.way).peekable();
        if cases.peek().is_none() {
            return Ok(());
        }
        for role in &chapter.accounts {
            self.sign_in(role)?;
        }
        let mut has_failed = false;
        for case in cases {
            let outcome = match self.case(case).map_err(Stop::Unreachable)? {
                Outcome::CorpusWrong(why) if has_failed => Outcome::NotSent(why),
                outcome @ (Outcome::Passed
                | Outcome::Failed(..)
                | Outcome::NotSent(_)
                | Outcome::CorpusWrong(_)) => outcome,
            };
            let passed = matches!(outcome, Outcome::Passed);
            has_failed |= !passed;
            each(case, outcome);
            if case.guard && !passed {
                return Err(Stop::Guarded(case.name.clone()));
            }
        }
        for role in &chapter.accounts {
            // Some chapters end a session themselves.
            self.ask(LOGOUT, role)?;
        }
        Ok(())
    }

    fn case(&mut self, case: &Case) -> Result<Outcome, S::Error> {
        let mut outcome = Outcome::Passed;
        let before = self.values.clone();
        for _ in 0..case.at_most {
            // What the answer before this one has named does not count.
            self.values.clone_from(&before);
            let request = match self.request(case.request.as_deref(), case.http.as_ref()) {
                Ok(request) => request,
                Err(why) => return Ok(Outcome::CorpusWrong(why)),
            };
            let response = self.server.exchange(&request)?;
            outcome = match self.judge(case, &response) {
                Ok(()) => return Ok(Outcome::Passed),
                Err(Unequal::Differs(difference)) => {
                    Outcome::Failed(difference, refusal(&response.body, &self.values))
                }
                Err(Unequal::Corpus(why)) => return Ok(Outcome::CorpusWrong(why)),
            };
        }
        Ok(outcome)
    }

    /// A request of the corpus, as it goes this way.
    fn request(&self, body: Option<&str>, http: Option<&Http>) -> Result<Request, String> {
        let filled = |text: &str| self.values.text(&Template::read(text)?);
        let own = http.cloned().unwrap_or_default();
        let media_type = format!("{}; charset=utf-8", self.way.media_type());
        let mut headers = Vec::new();
        for (name, value) in own.headers {
            headers.push((name, filled(&value)?.to_string()));
        }
        let content_type =
            own.content_type.map_or(Ok(media_type), |own| filled(&own).map(|own| own.to_string()))?;
        headers.push(("Content-Type".to_owned(), content_type));
        let filled_body = |body| self.values.body(&Template::read(body)?);
        let body = body.map(filled_body).transpose()?.map(|body| Zeroizing::new(self.way.dressed(&body)));
        let path = match own.path {
            Some(path) => filled(&path)?.to_string(),
            None => self.way.path().to_owned(),
        };
        Ok(Request { method: own.method.unwrap_or_else(|| "POST".to_owned()), path, headers, body })
    }

    /// Holds a response against the case. The names that its body gives count also where status or headers differ: what was
    /// made can be removed by them.
    fn judge(&mut self, case: &Case, response: &Response) -> Result<(), Unequal> {
        let expected = Element::read(&case.response)
            .map_err(|why| Unequal::Corpus(format!("the response's file is no document: {}", told(&why))))?;
        let is_soap_12 = expected.name.namespace == SoapVersion::V12.namespace();
        let before = self.values.clone();
        let came = Element::read(&response.body);
        let message = came.as_ref().ok().and_then(|came| Some(came.named("ErrorMessage")?.text.clone()));
        let body = self.body(expected, came);
        let quotes = message.is_some_and(|message| self.values.hold_secret_of(&message));
        if body.is_err() || quotes {
            self.values = before;
        }
        if response.status != case.status {
            return Err(Unequal::Differs(Difference::new(
                "HTTP status",
                case.status.to_string(),
                response.status.to_string(),
            )));
        }
        let media_type = if is_soap_12 { Way::Soap12.media_type() } else { self.way.media_type() };
        media_type_is(media_type, response, &self.values)?;
        body?;
        if quotes {
            let expected = "a message without the value of a session, a key or a password";
            return Err(Unequal::Differs(Difference::new("ErrorMessage", expected, "one with it")));
        }
        for (name, expected) in &case.headers {
            let place = format!("header {name}");
            match header(response, name) {
                Some(came) => compare::text(&place, expected, &came, false, &mut self.values)?,
                None => return Err(Unequal::Differs(Difference::new(place, expected.as_str(), "none"))),
            }
        }
        Ok(())
    }

    fn body(&mut self, expected: Element, came: Result<Element, NoDocument>) -> Result<(), Unequal> {
        let differs =
            |came: String| Unequal::Differs(Difference::new("body", "a response as in the corpus", came));
        let came = came.map_err(|why| differs(told(&why)))?;
        let came = self.way.undressed(came).map_err(|why| differs(why.to_owned()))?;
        compare::element(&self.way.expected(expected), &came, &mut self.values)
    }

    fn sign_in(&mut self, role: &str) -> Result<(), Stop<S::Error>> {
        let created = self.ask(CREATE_SESSION, role)?;
        self.is_answer(CREATED, role, &created)
            .map_err(|why| self.not_signed_in(role, "CreateSession", &created, why))?;
        let answer = self.ask(AUTHENTICATE, role)?;
        // Not every account is given a key.
        if self.is_answer(WITHOUT_KEY, role, &answer).is_ok() {
            return Ok(());
        }
        self.is_answer(WITH_KEY, role, &answer)
            .map_err(|why| self.not_signed_in(role, "Authenticate", &answer, why))
    }

    fn is_answer(&mut self, expected: &str, role: &str, came: &Response) -> Result<(), Unequal> {
        let expected = Element::read(&of(expected, role)).map_err(|why| Unequal::Corpus(told(&why)))?;
        if came.status != 200 {
            return Err(Unequal::Differs(Difference::new("HTTP status", "200", came.status.to_string())));
        }
        media_type_is(self.way.media_type(), came, &self.values)?;
        self.body(expected, Element::read(&came.body))
    }

    fn not_signed_in(&self, role: &str, step: &str, answer: &Response, why: Unequal) -> Stop<S::Error> {
        let why = refusal(&answer.body, &self.values).unwrap_or_else(|| match why {
            Unequal::Corpus(why) => why,
            Unequal::Differs(Difference { place, expected, came }) => {
                format!("{place}: expected {expected}, came {came}")
            }
        });
        Stop::NotSignedIn(format!("{role} could not be signed in, at {step}: {why}"))
    }

    /// Sends one of the texts above for an account.
    fn ask(&self, text: &str, role: &str) -> Result<Response, Stop<S::Error>> {
        let request = self.request(Some(&of(text, role)), None);
        let request = request.map_err(|why| Stop::NotSignedIn(format!("{role} is no account: {why}")))?;
        self.server.exchange(&request).map_err(Stop::Unreachable)
    }
}

/// One of the texts above for an account.
fn of(text: &str, role: &str) -> String {
    text.replace("SESSION", &format!("{role}.session"))
        .replace("KEY", &format!("{role}.key"))
        .replace("USER", &format!("{role}.user"))
        .replace("PASSWORD", &format!("{role}.password"))
}

/// The value of a header; several are told as one that none can be equal to.
fn header(response: &Response, name: &str) -> Option<String> {
    let found = response.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
    let values: Vec<_> = found.map(|(_, value)| value.as_str()).collect();
    (!values.is_empty()).then(|| values.join(" and again "))
}

fn media_type_is(expected: &str, response: &Response, values: &Values) -> Result<(), Unequal> {
    let came = header(response, "content-type").unwrap_or_else(|| "none".to_owned());
    let mut parts = came.split(';').map(str::trim);
    let is_type = parts.next().is_some_and(|part| part.eq_ignore_ascii_case(expected));
    let mut charsets = parts
        .filter_map(|part| part.split_once('='))
        .filter(|(name, _)| name.eq_ignore_ascii_case("charset"));
    let is_utf_8 = charsets.all(|(_, value)| value.trim_matches('"').eq_ignore_ascii_case("utf-8"));
    if is_type && is_utf_8 {
        return Ok(());
    }
    let expected = format!("{expected}; charset=utf-8");
    let came = compare::cut(&values.shown(&came));
    Err(Unequal::Differs(Difference::new("header Content-Type", expected, came)))
}

/// Code and message of a failure, in whatever it stands: where another answer was expected they tell most. A server may
/// quote in them what it was sent.
fn refusal(body: &str, values: &Values) -> Option<String> {
    let document = Element::read(body).ok()?;
    let told = format!("{} {}", document.named("ErrorCode")?.text, document.named("ErrorMessage")?.text);
    Some(compare::cut(&values.shown(&told)))
}

fn told(NoDocument(line): &NoDocument) -> String {
    format!("no well-formed XML of this API: line {line}")
}
