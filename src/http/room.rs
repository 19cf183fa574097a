//! `Room`: the bytes of memory that all connections together may take up with one kind of thing.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Room for so many bytes. Clones share it.
#[derive(Clone, Debug)]
pub struct Room(Arc<Semaphore>);

/// There is no room left for that many bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoRoom;

impl Room {
    /// Room for so many bytes.
    #[must_use]
    pub fn of(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(bytes.min(Semaphore::MAX_PERMITS))))
    }

    /// A share of it that is empty yet.
    #[must_use]
    pub fn share(&self) -> TakenRoom {
        TakenRoom { all: self.clone(), taken: None }
    }

    /// How many bytes are left.
    #[must_use]
    pub fn left(&self) -> usize {
        self.0.available_permits()
    }
}

/// A share of a room; given back when this is dropped.
#[derive(Debug)]
pub struct TakenRoom {
    all: Room,
    taken: Option<OwnedSemaphorePermit>,
}

impl TakenRoom {
    /// Takes room for more bytes, at once or not at all: whoever waited would hold what it has meanwhile.
    ///
    /// # Errors
    /// [`NoRoom`]; what was taken before stays taken.
    pub fn take(&mut self, bytes: usize) -> Result<(), NoRoom> {
        let bytes = u32::try_from(bytes).map_err(|_| NoRoom)?;
        let more = Arc::clone(&self.all.0).try_acquire_many_owned(bytes).map_err(|_| NoRoom)?;
        match &mut self.taken {
            Some(taken) => taken.merge(more),
            None => self.taken = Some(more),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_is_missing_until_it_is_dropped_and_a_refusal_takes_nothing() {
        let room = Room::of(10);
        let mut first = room.share();
        first.take(4).unwrap();
        first.take(3).unwrap();
        assert_eq!(room.left(), 3);
        let mut second = room.share();
        assert_eq!(second.take(4), Err(NoRoom));
        assert_eq!(second.take(usize::MAX), Err(NoRoom));
        assert_eq!(room.left(), 3);
        drop(first);
        assert_eq!(room.left(), 10);
        second.take(10).unwrap();
        assert_eq!(room.left(), 0);
    }
}
