//! Jobs over a wire of bytes: for a Web Worker, or another process, that runs the core alone.
//!
//! Flows in: [`Order`]s as bytes. Flows out: [`Reply`]s as bytes. Nothing but messages goes between
//! the two sides.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::{Budget, Job, Run, Step, step};

/// What the asking side sends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Order {
    /// Begin a job.
    Begin {
        /// By which its replies are known.
        id: u64,
        /// [`Job::KIND`].
        kind: String,
        /// The job as bytes.
        job: Vec<u8>,
    },
    /// Give a job up.
    Cancel(u64),
}

/// What the working side sends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Reply {
    /// A job is under way; how much of all is done, from 0 to 1.
    Working(u64, f32),
    /// A job has ended: its result as bytes, or why it cannot.
    Done(u64, Result<Vec<u8>, String>),
}

/// The order that begins a job, as bytes.
///
/// # Errors
/// When the job cannot be written.
pub fn begin<J: Job>(id: u64, job: &J) -> Result<Vec<u8>, String> {
    let text = |error: postcard::Error| format!("the job {} cannot be sent: {error}", J::KIND);
    let job = postcard::to_stdvec(job).map_err(text)?;
    postcard::to_stdvec(&Order::Begin { id, kind: J::KIND.into(), job }).map_err(text)
}

/// A job's result from the bytes of [`Reply::Done`].
///
/// # Errors
/// When they are no such result.
pub fn result<J: Job>(bytes: &[u8]) -> Result<J::Output, String> {
    postcard::from_bytes(bytes)
        .map_err(|error| format!("the result of {} cannot be read: {error}", J::KIND))
}

/// Work whose job came as bytes, and whose result will go so.
pub type Work = Box<dyn Run<Output = Vec<u8>>>;

/// Begins the work of a kind from its job's bytes; see [`written`].
pub type Kinds = fn(&str, &[u8]) -> Result<Work, String>;

/// The working side: has jobs by their bytes and does them in turn.
pub struct Host {
    kinds: Kinds,
    works: VecDeque<(u64, Work)>,
}

impl Host {
    /// For those kinds of jobs.
    pub fn new(kinds: Kinds) -> Self {
        Self { kinds, works: VecDeque::new() }
    }

    /// Takes an order; a reply where it cannot be followed.
    ///
    /// # Errors
    /// When the bytes are no order.
    pub fn receive(&mut self, order: &[u8]) -> Result<Option<Reply>, String> {
        let order = postcard::from_bytes(order)
            .map_err(|error| format!("these bytes are no order: {error}"))?;
        match order {
            Order::Cancel(id) => self.works.retain(|(other, _)| *other != id),
            Order::Begin { id, kind, job } => match (self.kinds)(&kind, &job) {
                Ok(work) => self.works.push_back((id, work)),
                Err(error) => return Ok(Some(Reply::Done(id, Err(error)))),
            },
        }
        Ok(None)
    }

    /// Whether there is nothing to do.
    pub fn is_idle(&self) -> bool {
        self.works.is_empty()
    }

    /// Goes on with the job whose turn it is.
    pub fn step(&mut self, budget: &Budget) -> Option<Reply> {
        let (id, mut work) = self.works.pop_front()?;
        Some(match step(&mut *work, budget) {
            Step::More(progress) => {
                self.works.push_back((id, work));
                Reply::Working(id, progress)
            }
            Step::Done(result) => Reply::Done(id, result),
        })
    }
}

/// Begins the work of one kind from its job's bytes.
///
/// # Errors
/// When they are no such job.
pub fn written<J: Job>(job: &[u8]) -> Result<Work, String> {
    let job: J = postcard::from_bytes(job)
        .map_err(|error| format!("the job {} cannot be read: {error}", J::KIND))?;
    Ok(Box::new(Written(job.begin())))
}

/// Work whose result is written as bytes.
struct Written<R>(R);

impl<R: Run> Run for Written<R>
where
    R::Output: Serialize,
{
    type Output = Vec<u8>;

    fn piece(&mut self) -> Step<Vec<u8>> {
        match self.0.piece() {
            Step::More(progress) => Step::More(progress),
            Step::Done(Ok(output)) => Step::Done(
                postcard::to_stdvec(&output)
                    .map_err(|error| format!("the result cannot be sent: {error}")),
            ),
            Step::Done(Err(error)) => Step::Done(Err(error)),
        }
    }
}
