//! A keep-alive HTTP/1.1 client that costs little: the server shares the cores with it.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::error::BenchError;

/// What every success of the API begins with.
const SUCCESS: &[u8] = b"<Response Result=\"Success\">";
/// How much is read at once.
const READ_BYTES: usize = 16 << 10;
/// Most of a refusal that is shown.
const SHOWN_BYTES_MAX: usize = 400;

/// One connection.
pub(super) struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// A success.
pub(super) struct Answer {
    /// The body.
    pub(super) body: Vec<u8>,
    /// The header `X-CRMConfigurationID`.
    pub(super) configuration_id: Option<String>,
}

/// Where an answer's parts stand in the buffer.
struct Frame {
    head: usize,
    end: usize,
}

impl Client {
    /// Connects.
    ///
    /// # Errors
    /// When nobody listens.
    pub(super) async fn connect(address: SocketAddr) -> Result<Self, BenchError> {
        let refused = || BenchError::system(format!("cannot connect to {address}"));
        let stream = TcpStream::connect(address).await.map_err(refused())?;
        stream.set_nodelay(true).map_err(refused())?;
        Ok(Self { stream, buffer: Vec::with_capacity(READ_BYTES) })
    }

    /// Sends a request and reads its answer to the end: the body, until the next is sent.
    ///
    /// # Errors
    /// When the connection ends or the answer is no success.
    pub(super) async fn send(&mut self, request: &[u8]) -> Result<&[u8], BenchError> {
        let Frame { head, end } = self.round(request).await?;
        Ok(self.buffer.get(head..end).unwrap_or_default())
    }

    /// Sends a request and keeps its answer.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub(super) async fn exchange(&mut self, request: &[u8]) -> Result<Answer, BenchError> {
        let Frame { head, end } = self.round(request).await?;
        let headers = self.buffer.get(..head).unwrap_or_default();
        let configuration_id = header(headers, "x-crmconfigurationid").map(str::to_owned);
        Ok(Answer { body: self.buffer.get(head..end).unwrap_or_default().to_vec(), configuration_id })
    }

    async fn round(&mut self, request: &[u8]) -> Result<Frame, BenchError> {
        self.stream.write_all(request).await.map_err(BenchError::system("sending a request"))?;
        self.buffer.clear();
        let frame = loop {
            if let Some(frame) = frame(&self.buffer)? {
                break frame;
            }
            let read = self.stream.read_buf(&mut self.buffer).await;
            if read.map_err(BenchError::system("reading an answer"))? == 0 {
                return Err(BenchError::Unreadable("the server closed the connection"));
            }
        };
        let body = self.buffer.get(frame.head..frame.end).unwrap_or_default();
        if self.buffer.starts_with(b"HTTP/1.1 200 ") && body.starts_with(SUCCESS) {
            return Ok(frame);
        }
        let shown = self.buffer.get(..self.buffer.len().min(SHOWN_BYTES_MAX)).unwrap_or_default();
        Err(BenchError::NotSuccess(String::from_utf8_lossy(shown).into_owned()))
    }
}

/// The answer in the buffer, once all of it is there.
fn frame(buffer: &[u8]) -> Result<Option<Frame>, BenchError> {
    let Some(blank) = buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { return Ok(None) };
    let head = blank + 4;
    let length = header(buffer.get(..head).unwrap_or_default(), "content-length")
        .and_then(|length| length.parse::<usize>().ok())
        .ok_or(BenchError::Unreadable("it has no Content-Length"))?;
    let end = head.saturating_add(length);
    Ok((buffer.len() >= end).then_some(Frame { head, end }))
}

fn header<'a>(head: &'a [u8], name: &str) -> Option<&'a str> {
    let text = std::str::from_utf8(head).ok()?;
    text.split("\r\n").skip(1).find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_complete_when_its_content_length_has_arrived() {
        let whole = b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\nX-CRMConfigurationID: a:b\r\n\r\nabc";
        for end in 0..whole.len() {
            assert!(frame(&whole[..end]).unwrap().is_none(), "{end}");
        }
        let found = frame(whole).unwrap().unwrap();
        assert_eq!(&whole[found.head..found.end], b"abc");
        assert_eq!(header(&whole[..found.head], "x-crmconfigurationid"), Some("a:b"));
    }
}
