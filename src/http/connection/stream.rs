//! `Stream`: a client's bytes, in clear or under TLS.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::rt::net::TcpStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::tls::Accepted;

/// What a connection reads from and writes to.
pub(in crate::http) enum Stream {
    /// As the bytes cross the network.
    Plain(TcpStream),
    /// Under TLS, its handshake done.
    Tls(Box<Accepted>),
}

impl Stream {
    /// The stream below.
    pub(super) fn tcp(&self) -> &TcpStream {
        match self {
            Self::Plain(tcp) => tcp,
            Self::Tls(tls) => tls.get_ref().0,
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_read(context, buffer),
            Self::Tls(tls) => Pin::new(tls).poll_read(context, buffer).map(|read| read.or_else(ended)),
        }
    }
}

/// Many clients leave without TLS's own farewell, and some send what is none: both is their end, and no fault of ours
/// for the log. Nothing is cut short unnoticed by that, since HTTP says how long each request is.
fn ended(error: io::Error) -> io::Result<()> {
    let kind = error.kind();
    if kind != io::ErrorKind::UnexpectedEof && kind != io::ErrorKind::InvalidData {
        return Err(error);
    }
    tracing::debug!(%error, "a client's TLS ended");
    Ok(())
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_write(context, bytes),
            Self::Tls(tls) => Pin::new(tls).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_flush(context),
            Self::Tls(tls) => Pin::new(tls).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_shutdown(context),
            Self::Tls(tls) => Pin::new(tls).poll_shutdown(context),
        }
    }
}
