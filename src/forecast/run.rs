//! Carries an ensemble out: piece by piece within a frame, or on all cores at once.

use std::sync::Arc;
#[cfg(not(target_arch = "wasm32"))]
use std::sync::Mutex;
#[cfg(not(target_arch = "wasm32"))]
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::block::{Block, Met};
use super::result::Forecast;
use super::setup::{Beginning, Setup};
use crate::model::{Lanes, WIDTH};
use crate::worker::{Run, Step};

/// Steps that a piece takes; a block's step takes about 0.3 µs.
const PIECE: u64 = 4096;

/// What became of a block's members.
pub(super) struct Courses {
    /// Number of the first member.
    pub first: usize,
    /// For each event, when it happened to each member.
    pub met: Vec<[Option<Met>; WIDTH]>,
    /// Members that diverged.
    pub lost: [bool; WIDTH],
    /// Where courses are kept: instants × (outputs, event states), what has ended not a number.
    pub kept: Vec<Lanes>,
}

/// A block that is being carried out.
struct Going {
    block: Block,
    kept: Option<Vec<Lanes>>,
    z: Vec<Lanes>,
    es: Vec<Lanes>,
}

impl Going {
    fn new(setup: &Setup, beginning: &Beginning, number: usize) -> Self {
        let about = setup.model.about();
        let mut going = Self {
            block: Block::new(setup, beginning, number),
            kept: (number * WIDTH < setup.recorded).then(Vec::new),
            z: vec![Lanes::default(); about.outputs.len()],
            es: vec![Lanes::default(); about.events.len()],
        };
        going.keep(setup);
        going
    }

    /// Keeps the present instant.
    fn keep(&mut self, setup: &Setup) {
        let Some(kept) = &mut self.kept else { return };
        self.block.look(setup, &mut self.z, &mut self.es);
        for mut lanes in self.z.iter().chain(&self.es).copied() {
            for (lane, value) in lanes.0.iter_mut().enumerate() {
                if self.block.ended[lane] {
                    *value = f64::NAN;
                }
            }
            kept.push(lanes);
        }
    }

    /// Takes steps, and keeps instants on the way; the steps that were taken.
    fn advance(&mut self, setup: &Setup, most: u64) -> u64 {
        let an_instant = setup.steps_an_instant();
        let mut done = 0;
        while done < most && !self.is_over(setup) {
            let until = an_instant - self.block.steps() % an_instant;
            let left = setup.steps() - self.block.steps();
            let steps = until.min(left).min(most - done);
            self.block.advance(setup, steps);
            done += steps;
            if self.block.steps().is_multiple_of(an_instant) {
                self.keep(setup);
            }
        }
        done
    }

    fn is_over(&self, setup: &Setup) -> bool {
        self.block.is_over() || self.block.steps() >= setup.steps()
    }

    fn end(self) -> Courses {
        let Self { block, kept, .. } = self;
        let kept = kept.unwrap_or_default();
        Courses { first: block.members().start, met: block.met, lost: block.lost, kept }
    }
}

/// A forecast that is made piece by piece.
pub struct Forecasting {
    setup: Arc<Setup>,
    beginning: Beginning,
    blocks: usize,
    going: Option<Going>,
    done: Vec<Courses>,
}

impl Forecasting {
    /// Begins a forecast.
    ///
    /// # Errors
    /// When the setup cannot be carried out; with a sentence that says why.
    pub fn new(setup: Setup) -> Result<Self, String> {
        setup.check()?;
        let blocks = setup.members.div_ceil(WIDTH);
        let beginning = Beginning::new(&setup);
        Ok(Self { setup: Arc::new(setup), beginning, blocks, going: None, done: Vec::new() })
    }

    /// Does all that is left, on so many threads at once; `None` when it was cancelled.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn on_threads(
        self,
        threads: usize,
        cancelled: &AtomicBool,
        told: &(dyn Fn(f32) + Sync),
    ) -> Option<Result<Forecast, String>> {
        let Self { setup, beginning, blocks, .. } = self;
        let (next, over) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let all = Mutex::new(Vec::with_capacity(blocks));
        std::thread::scope(|scope| {
            for _ in 0..threads.clamp(1, blocks) {
                scope.spawn(|| {
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        if number >= blocks || cancelled.load(Ordering::Relaxed) {
                            return;
                        }
                        let mut going = Going::new(&setup, &beginning, number);
                        while !going.is_over(&setup) && !cancelled.load(Ordering::Relaxed) {
                            going.advance(&setup, PIECE);
                        }
                        let courses = going.end();
                        all.lock().unwrap_or_else(|poison| poison.into_inner()).push(courses);
                        told((over.fetch_add(1, Ordering::Relaxed) + 1) as f32 / blocks as f32);
                    }
                });
            }
        });
        if cancelled.load(Ordering::Relaxed) {
            return None;
        }
        let mut done = all.into_inner().unwrap_or_else(|poison| poison.into_inner());
        done.sort_by_key(|courses| courses.first);
        Some(Forecast::of(&setup, done))
    }
}

impl Run for Forecasting {
    type Output = Forecast;

    fn piece(&mut self) -> Step<Forecast> {
        let Self { setup, beginning, blocks, going, done } = self;
        let mut left = PIECE;
        while left > 0 && done.len() < *blocks {
            let now = going.get_or_insert_with(|| Going::new(setup, beginning, done.len()));
            left -= now.advance(setup, left).min(left);
            if now.is_over(setup) {
                done.extend(going.take().map(Going::end));
                // A block that was over from the beginning takes time, too.
                left = left.saturating_sub(16);
            }
        }
        if done.len() < *blocks {
            let part = going.as_ref().map_or(0.0, |going| going.block.steps() as f32);
            let part = part / setup.steps().max(1) as f32;
            return Step::More((done.len() as f32 + part) / *blocks as f32);
        }
        Step::Done(Forecast::of(setup, std::mem::take(done)))
    }
}
