//! What one model may take in all: a small file can ask for any amount of memory and time.
//!
//! Every byte that is decoded, copied or built is counted before it is allocated, and none is given
//! back: the sum bounds the time as well as the memory. What is allowed grows with the file, so that
//! large models are read and small ones cannot exhaust the machine.

use std::cell::Cell;

use super::Error;

/// Bytes that any model may take.
const BASE: u64 = 256 << 20;
/// Bytes that it may take for each byte of its files.
const FOR_EACH: u64 = 16;
/// No model takes more. A page has 4 GiB of addresses.
const MOST: u64 = if usize::BITS == 32 { 1 << 30 } else { 6 << 30 };

/// The bytes that are left.
pub(super) struct Budget {
    left: Cell<u64>,
    allowed: Cell<u64>,
}

impl Budget {
    /// For a model without any files yet.
    pub fn new() -> Self {
        Self { left: Cell::new(BASE), allowed: Cell::new(BASE) }
    }

    /// A file of so many bytes belongs to the model.
    pub fn grow(&self, bytes: usize) {
        let more = (bytes as u64).saturating_mul(FOR_EACH).min(MOST - self.allowed.get());
        self.allowed.set(self.allowed.get() + more);
        self.left.set(self.left.get() + more);
    }

    /// Counts bytes that are about to be allocated.
    ///
    /// # Errors
    /// [`Error::TooLarge`] when there is no room for them.
    pub fn take(&self, bytes: u64, what: impl FnOnce() -> String) -> Result<(), Error> {
        match self.left.get().checked_sub(bytes) {
            Some(left) => {
                self.left.set(left);
                Ok(())
            }
            None => Err(Error::TooLarge(format!(
                "{} would take it beyond the {} MiB that a model of its size may need in memory",
                what(),
                self.allowed.get() >> 20
            ))),
        }
    }

    /// Whether there will be room for what is only counted later, piece by piece.
    pub fn check(&self, bytes: u64, what: impl FnOnce() -> String) -> Result<(), Error> {
        let left = self.left.get();
        let fits = self.take(bytes, what);
        self.left.set(left);
        fits
    }

    /// [`Budget::take`] for so many elements of so many bytes.
    pub fn take_all(
        &self,
        count: usize,
        bytes_each: usize,
        what: impl FnOnce() -> String,
    ) -> Result<(), Error> {
        self.take((count as u64).saturating_mul(bytes_each as u64), what)
    }
}
