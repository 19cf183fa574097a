//! The requests: signing in, Adds that differ only in their Description, Infos that rotate over some configurations.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::client::Client;
use crate::error::BenchError;

/// Bytes of the JSON in an Add's `CRMConfiguration`: the size that the figures of other systems were measured with.
const JSON_BYTES: usize = 1_024;
/// Digits that make a Description unique.
const COUNTER_DIGITS: usize = 12;
/// The demo's account that may write to TelSys 1.
const ACCOUNT: &str = "editor";
/// What an Add is addressed to.
const TRIPLE: &str = "<Property Name=\"TelSysID\">1</Property><Property Name=\"PartIDInTelSys\">1</Property>\
                      <Property Name=\"DeviceNumber\">01234567101</Property>";

/// Where the next request comes from; shared by all connections.
pub(super) struct Source {
    texts: Vec<Vec<u8>>,
    /// The answer to each text, byte for byte.
    answers: Vec<Vec<u8>>,
    /// Where the counter is written.
    counter_at: Option<usize>,
    next: AtomicUsize,
}

impl Source {
    /// Adds.
    pub(super) fn add(session: &str) -> Self {
        let frame = "{\"ClientId\":\"\",\"SObjectNames\":[\"Account\",\"Contact\",\"Lead\"]}";
        let client = "k".repeat(JSON_BYTES - frame.len());
        let json = frame.replacen("\"\"", &format!("\"{client}\""), 1);
        let marker = "#".repeat(COUNTER_DIGITS);
        let payload = format!(
            "{TRIPLE}<Property Name=\"Description\">Configuration {marker}</Property>\
             <Property Name=\"CRMType\">CrmAddin.SugarCrm.SugarCrmAddin</Property>\
             <Container Name=\"CRMConfiguration\"><Property Name=\"JSONData\">{json}</Property></Container>\
             <Container Name=\"CRMConfigurationCommon\"><Property Name=\"JSONData\">\
             {{\"Cached\":\"true\",\"CacheFrequency\":60,\"CacheFrequencyUnit\":\"Minutes\"}}</Property></Container>"
        );
        let text = http(&request("CRMConfigurationAdd", Some(session), &payload));
        let counter_at = text.windows(COUNTER_DIGITS).position(|bytes| bytes == marker.as_bytes());
        Self { texts: vec![text], answers: Vec::new(), counter_at, next: AtomicUsize::new(0) }
    }

    /// Infos of these configurations.
    ///
    /// # Errors
    /// When there are none.
    pub(super) fn info(session: &str, ids: &[String]) -> Result<Self, BenchError> {
        if ids.is_empty() {
            return Err(BenchError::Unreadable("an Add bore no X-CRMConfigurationID"));
        }
        let text = |id: &String| {
            let payload = format!("{TRIPLE}<Property Name=\"CRMConfigurationID\">{id}</Property>");
            http(&request("CRMConfigurationInfo", Some(session), &payload))
        };
        let texts = ids.iter().map(text).collect();
        Ok(Self { texts, answers: Vec::new(), counter_at: None, next: AtomicUsize::new(0) })
    }

    /// Learns from a server how each text is answered: from then on every answer must be this one.
    ///
    /// # Errors
    /// When one of the answers is no success.
    pub(super) async fn learn(&mut self, client: &mut Client) -> Result<(), BenchError> {
        let mut answers = Vec::with_capacity(self.texts.len());
        for _ in &self.texts {
            answers.push(client.exchange(&self.next().text).await?.body);
        }
        self.answers = answers;
        Ok(())
    }

    /// How the first text is answered.
    pub(super) fn first_answer(&self) -> &[u8] {
        self.answers.first().map(Vec::as_slice).unwrap_or_default()
    }

    /// The same requests, to a server that answers all of them with the first answer.
    pub(super) fn answered_alike(&self) -> Self {
        Self {
            texts: self.texts.clone(),
            answers: self.answers.first().cloned().into_iter().collect(),
            counter_at: self.counter_at,
            next: AtomicUsize::new(0),
        }
    }

    /// Checks the answer to a request.
    ///
    /// # Errors
    /// When it is another than the one learnt.
    pub(super) fn check(&self, request: &Sent, body: &[u8]) -> Result<(), BenchError> {
        match self.answers.get(request.number % self.answers.len().max(1)) {
            Some(answer) if *answer == body => Ok(()),
            Some(_) | None => Err(BenchError::OtherAnswer(String::from_utf8_lossy(body).into_owned())),
        }
    }

    /// Bytes of a request's body.
    pub(super) fn body_bytes(&self) -> usize {
        let text = self.texts.first().map(Vec::as_slice).unwrap_or_default();
        text.windows(4).position(|bytes| bytes == b"\r\n\r\n").map_or(0, |at| text.len() - at - 4)
    }

    /// How many requests were taken.
    pub(super) fn taken(&self) -> usize {
        self.next.load(Ordering::Relaxed)
    }

    /// The next request.
    pub(super) fn next(&self) -> Sent {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let mut text = self.texts.get(number % self.texts.len().max(1)).cloned().unwrap_or_default();
        if let Some(place) = self.counter_at.and_then(|at| text.get_mut(at..at + COUNTER_DIGITS)) {
            let digits = format!("{number:0COUNTER_DIGITS$}");
            place.copy_from_slice(digits.as_bytes().get(..COUNTER_DIGITS).unwrap_or(&[b'0'; COUNTER_DIGITS]));
        }
        Sent { number, text }
    }
}

/// A request on its way.
pub(super) struct Sent {
    number: usize,
    /// All of it, headers included.
    pub(super) text: Vec<u8>,
}

/// How many configurations there are, as List has it.
pub(super) async fn total(client: &mut Client, session: &str) -> Result<usize, BenchError> {
    let payload = format!("{TRIPLE}<Property Name=\"Limit\">1</Property>");
    let listed = client.exchange(&http(&request("CRMConfigurationList", Some(session), &payload))).await?;
    property(&listed.body, "Total")
        .and_then(|total| total.parse().ok())
        .ok_or(BenchError::Unreadable("List answered without a Total"))
}

/// Signs in and hands back the session's id. One session serves every connection.
///
/// # Errors
/// When the server refuses.
pub(super) async fn sign_in(client: &mut Client) -> Result<String, BenchError> {
    let created = client.exchange(&http(&request("CreateSession", None, ""))).await?;
    let session = property(&created.body, "SessionID")
        .ok_or(BenchError::Unreadable("CreateSession answered without a SessionID"))?;
    let payload = format!(
        "<Property Name=\"UserName\">{ACCOUNT}</Property><Property Name=\"Password\">demo-{ACCOUNT}</Property>"
    );
    client.send(&http(&request("Authenticate", Some(&session), &payload))).await?;
    Ok(session)
}

fn request(operation: &str, session: Option<&str>, payload: &str) -> String {
    let session = session.map(|id| format!("<SessionID>{id}</SessionID>")).unwrap_or_default();
    format!(
        "<Request Operation=\"{operation}\"><InvokeID>11</InvokeID>{session}\
         <OperationPayload>{payload}</OperationPayload></Request>"
    )
}

fn http(body: &str) -> Vec<u8> {
    format!(
        "POST /api/xml HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/xml; charset=utf-8\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// The text of a property in an answer; enough for values without markup.
fn property(body: &[u8], name: &str) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?;
    let (_, rest) = text.split_once(&format!("<Property Name=\"{name}\">"))?;
    rest.split_once('<').map(|(value, _)| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_differ_in_their_description_alone_and_have_the_same_length() {
        let source = Source::add("0123456789ABCDEF0123456789ABCDEF");
        let (first, second) = (source.next().text, source.next().text);
        assert_eq!(first.len(), second.len());
        assert_eq!(first.iter().zip(&second).filter(|(a, b)| a != b).count(), 1);
        assert!(String::from_utf8(second).unwrap().contains("Configuration 000000000001<"));
    }
}
