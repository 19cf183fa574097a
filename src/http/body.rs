//! `HeldBody`: a large answer on its way to a client that may be slow, and the room that it takes until it is gone.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use actix_web::web::Bytes;

use super::connection::Answering;
use super::room::TakenRoom;

/// How much of an answer is handed on at a time. actix copies what it is handed, and asks for more when the system has
/// taken that: an answer handed on whole would lie in memory twice, the second time without any room taken for it.
const CHUNK_BYTES: usize = 64 * 1_024;

/// An answer's bytes, their room, and the word to the connection that more of it is to come.
pub(super) struct HeldBody {
    rest: Bytes,
    _room: TakenRoom,
    _answering: Option<Answering>,
}

impl HeldBody {
    /// These bytes, for which this room was taken, on a connection that keeps the time (in tests there may be none).
    pub(super) const fn new(bytes: Bytes, room: TakenRoom, answering: Option<Answering>) -> Self {
        Self { rest: bytes, _room: room, _answering: answering }
    }
}

impl MessageBody for HeldBody {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.rest.len() as u64)
    }

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        let chunk = self.rest.len().min(CHUNK_BYTES);
        let chunk = self.rest.split_to(chunk);
        Poll::Ready(Some(chunk).filter(|chunk| !chunk.is_empty()).map(Ok))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::room::Room;

    #[actix_web::test]
    async fn an_answer_keeps_its_room_until_its_last_byte_was_asked_for() {
        let room = Room::of(1 << 20);
        let bytes = Bytes::from((0..=255).cycle().take(3 * CHUNK_BYTES + 7).collect::<Vec<u8>>());
        let mut taken = room.share();
        taken.take(bytes.len()).unwrap();
        let left = room.left();
        let mut body = Box::pin(HeldBody::new(bytes.clone(), taken, None));
        assert_eq!(body.size(), BodySize::Sized(bytes.len() as u64));
        let mut came = Vec::new();
        while let Some(Ok(chunk)) = std::future::poll_fn(|context| body.as_mut().poll_next(context)).await {
            assert!(chunk.len() <= CHUNK_BYTES && room.left() == left);
            came.extend_from_slice(&chunk);
        }
        assert!(came == bytes, "it came whole and in order");
        drop(body);
        assert_eq!(room.left(), 1 << 20);
    }
}
