//! The state of a plant as bytes.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// What a block writes its state into.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Saved {
    bytes: Vec<u8>,
    /// The first state that could not be written.
    error: Option<String>,
}

/// What a block reads its state from, in the order in which it was written.
#[derive(Clone, Debug)]
pub struct Loaded<'a> {
    rest: &'a [u8],
}

/// Bytes that are no state of this plant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Damaged(pub String);

impl Saved {
    /// Writes a state.
    pub fn put<T: Serialize + ?Sized>(&mut self, state: &T) {
        match postcard::to_extend(state, std::mem::take(&mut self.bytes)) {
            Ok(bytes) => self.bytes = bytes,
            Err(error) => self.error = self.error.take().or(Some(error.to_string())),
        }
    }

    /// What was written.
    ///
    /// # Errors
    /// When a state cannot be written at all.
    pub fn bytes(self) -> Result<Vec<u8>, Damaged> {
        match self.error {
            None => Ok(self.bytes),
            Some(error) => Err(Damaged(format!("a state cannot be written: {error}"))),
        }
    }
}

impl<'a> Loaded<'a> {
    /// Reads what [`Saved::bytes`] gave.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Reads the next state.
    ///
    /// # Errors
    /// When the bytes are no such state.
    pub fn take<T: DeserializeOwned>(&mut self) -> Result<T, Damaged> {
        let (state, rest) = postcard::take_from_bytes(self.rest)
            .map_err(|error| Damaged(format!("the snapshot is damaged: {error}")))?;
        self.rest = rest;
        Ok(state)
    }

    /// Whether all was read.
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_read_in_the_order_in_which_they_were_written() {
        let mut saved = Saved::default();
        saved.put(&(1.5f64, Some("way".to_string())));
        saved.put(&[7u64, 8][..]);
        let bytes = saved.bytes().expect("they can be written");
        let mut loaded = Loaded::new(&bytes);
        assert_eq!(loaded.take::<(f64, Option<String>)>(), Ok((1.5, Some("way".into()))));
        assert_eq!(loaded.take::<Vec<u64>>(), Ok(vec![7, 8]));
        assert!(loaded.is_empty() && loaded.take::<u8>().is_err());
    }
}
