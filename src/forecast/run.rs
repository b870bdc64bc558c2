//! Carries an ensemble out: piece by piece within a frame, or on all cores at once.

use std::sync::Arc;
#[cfg(not(target_arch = "wasm32"))]
use std::sync::Mutex;
#[cfg(not(target_arch = "wasm32"))]
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::block::Block;
use super::courses::Courses;
use super::error::ForecastError;
use super::result::Forecast;
use super::setup::ForecastSetup;
use super::start::StartSampler;
use super::summary::{BandMethod, Summary};
use crate::model::{Lanes, WIDTH};
use crate::worker::{Run, Step};

/// Units of work in a piece: a unit takes about 10 ns, so that a piece ends within a millisecond on
/// most machines, and a frame that gives 8 ms is not kept waiting on any.
pub(super) const PIECE: u64 = 50_000;
/// Units for a state that noise acts on in a step: a normal number for each lane.
const SHAKEN: u64 = 20;
/// Units for a load that follows the state: it is asked for each lane.
const FOLLOWED: u64 = 50;
/// A block's beginning takes as long as so many of its steps.
const BEGINNING: u64 = 16;

impl ForecastSetup {
    /// Units of work in a step of a block: as many as the model has numbers, for a step of the pump
    /// with its 48 takes 0.3 µs, and more where chance acts.
    pub(super) fn effort_of_a_step(&self) -> u64 {
        let about = self.model.about();
        let numbers = about.states.len() + about.inputs.len() + about.parameters.len();
        let numbers = numbers + about.outputs.len() + about.events.len();
        let shaken = self.noise.iter().filter(|strength| **strength > 0.0).count() as u64;
        let followed = if self.load.follows_state() { FOLLOWED } else { 0 };
        numbers as u64 + SHAKEN * shaken + followed
    }
}

/// A block that is being carried out.
struct BlockRun {
    block: Block,
    kept: Option<Vec<Lanes>>,
    z: Vec<Lanes>,
    es: Vec<Lanes>,
}

impl BlockRun {
    fn new(setup: &ForecastSetup, sampler: &StartSampler, number: usize) -> Self {
        let about = setup.model.about();
        let mut going = Self {
            block: Block::new(setup, sampler, number),
            kept: (number * WIDTH < setup.recorded).then(Vec::new),
            z: vec![Lanes::default(); about.outputs.len()],
            es: vec![Lanes::default(); about.events.len()],
        };
        going.keep(setup);
        going
    }

    /// Keeps the present instant.
    fn keep(&mut self, setup: &ForecastSetup) {
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
    fn advance(&mut self, setup: &ForecastSetup, most: u64) -> u64 {
        let an_instant = setup.steps_an_instant();
        let mut done = 0;
        while done < most && !self.is_over(setup) {
            let until = an_instant - self.block.steps() % an_instant;
            let left = setup.steps() - self.block.steps();
            let before = self.block.steps();
            self.block.advance(setup, until.min(left).min(most - done));
            done += self.block.steps() - before;
            if self.block.steps().is_multiple_of(an_instant) {
                self.keep(setup);
            }
        }
        done
    }

    fn is_over(&self, setup: &ForecastSetup) -> bool {
        self.block.is_over() || self.block.steps() >= setup.steps()
    }

    fn end(self) -> Courses {
        let Self { block, kept, .. } = self;
        let kept = kept.unwrap_or_default();
        Courses { met: block.met, lost: block.lost, kept }
    }
}

/// A forecast that is made piece by piece.
///
/// ```
/// use std::sync::Arc;
/// use twinscope::forecast::{ForecastSetup, Forecasting};
/// use twinscope::model::{load::Held, registry};
/// use twinscope::worker::{Budget, Step, step};
///
/// // A full battery under a current of 2 A, in steps of a second, for three hours.
/// let load = Arc::new(Held(vec![2.0]));
/// let usual = ForecastSetup::usual(registry::find("battery_circuit")?, load, 1.0, 10_800.0);
/// let mut making = Forecasting::new(ForecastSetup { members: 16, ..usual })?;
/// let forecast = loop {
///     // A frame's share of work would end here.
///     if let Step::Done(done) = step(&mut making, &Budget::until(&|| false)) {
///         break done?;
///     }
/// };
/// let end_s = forecast.event("EOD").and_then(|event| event.step_ends_s[0]).expect("it is empty");
/// assert!((3_000.0..5_000.0).contains(&end_s), "{end_s}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Forecasting {
    setup: Arc<ForecastSetup>,
    sampler: StartSampler,
    blocks: usize,
    going: Option<BlockRun>,
    done: Vec<Courses>,
    summary: Option<Summary>,
    spent: u64,
    by: BandMethod,
}

impl Forecasting {
    /// Begins a forecast.
    ///
    /// # Errors
    /// When the setup cannot be carried out, or its model does not bear its steps.
    pub fn new(setup: impl Into<Arc<ForecastSetup>>) -> Result<Self, ForecastError> {
        let setup = setup.into();
        setup.check()?;
        setup.check_step()?;
        Ok(Self {
            sampler: StartSampler::new(&setup),
            blocks: setup.members.div_ceil(WIDTH),
            going: None,
            done: Vec::new(),
            summary: None,
            spent: 0,
            by: BandMethod::Quantiles,
            setup,
        })
    }

    /// The same for chosen points, from whose moments the bands follow.
    pub(super) fn of_points(setup: ForecastSetup) -> Result<Self, ForecastError> {
        Ok(Self { by: BandMethod::Moments, ..Self::new(setup)? })
    }

    /// What it is made from: with it and the forecast, any member can be simulated again.
    pub fn setup(&self) -> &Arc<ForecastSetup> {
        &self.setup
    }

    /// Units of work that were done; as many for the same setup on every computer.
    pub fn spent(&self) -> u64 {
        self.spent
    }

    /// Does all that is left, on so many threads at once; `None` when it was cancelled. `progress` is
    /// called with the share that is done, from 0 to 1.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn on_threads(
        self,
        threads: usize,
        cancelled: &AtomicBool,
        progress: &(dyn Fn(f32) + Sync),
    ) -> Option<Result<Forecast, ForecastError>> {
        let Self { setup, sampler, blocks, by, .. } = self;
        let (next, over) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let all = Mutex::new(Vec::with_capacity(blocks));
        let steps = (PIECE / setup.effort_of_a_step()).max(1);
        std::thread::scope(|scope| {
            for _ in 0..threads.clamp(1, blocks) {
                scope.spawn(|| {
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        if number >= blocks || cancelled.load(Ordering::Relaxed) {
                            return;
                        }
                        let mut going = BlockRun::new(&setup, &sampler, number);
                        while !going.is_over(&setup) && !cancelled.load(Ordering::Relaxed) {
                            going.advance(&setup, steps);
                        }
                        let one = (number, going.end());
                        all.lock().unwrap_or_else(|poison| poison.into_inner()).push(one);
                        progress((over.fetch_add(1, Ordering::Relaxed) + 1) as f32 / blocks as f32);
                    }
                });
            }
        });
        let mut done = all.into_inner().unwrap_or_else(|poison| poison.into_inner());
        done.sort_by_key(|(number, _)| *number);
        let done = done.into_iter().map(|(_, courses)| courses).collect();
        if cancelled.load(Ordering::Relaxed) {
            return None;
        }
        let summed = Summary::new(&setup, done, by).map(|mut summary| {
            while !summary.is_over() {
                summary.advance(&setup);
            }
            summary.end(&setup)
        });
        Some(summed)
    }

    /// Carries blocks on for some units of work, or until all have ended.
    fn carry_on(&mut self, units: u64) {
        let Self { setup, sampler, blocks, going, done, spent, .. } = self;
        let (a_step, until) = (setup.effort_of_a_step(), *spent + units);
        while *spent < until && done.len() < *blocks {
            let now = going.get_or_insert_with(|| {
                *spent += BEGINNING * a_step;
                BlockRun::new(setup, sampler, done.len())
            });
            let steps = until.saturating_sub(*spent) / a_step;
            *spent += a_step * now.advance(setup, steps.max(1));
            if now.is_over(setup) {
                done.extend(going.take().map(BlockRun::end));
            }
        }
    }

    /// Share of all that is done, with the courses taken as nine tenths of it.
    fn progress(&self) -> f32 {
        if let Some(summary) = &self.summary {
            return 0.9 + 0.1 * summary.progress();
        }
        let part = self.going.as_ref().map_or(0.0, |going| going.block.steps() as f32);
        let part = part / self.setup.steps().max(1) as f32;
        0.9 * (self.done.len() as f32 + part) / self.blocks as f32
    }
}

impl Run for Forecasting {
    type Output = Forecast;

    fn piece(&mut self) -> Step<Forecast> {
        let until = self.spent + PIECE;
        if self.summary.is_none() {
            self.carry_on(PIECE);
            if self.done.len() < self.blocks {
                return Step::More(self.progress());
            }
            match Summary::new(&self.setup, std::mem::take(&mut self.done), self.by) {
                Ok(summary) => self.summary = Some(summary),
                Err(error) => return Step::Done(Err(error.to_string())),
            }
        }
        while self.spent < until
            && let Some(summary) = &mut self.summary
            && !summary.is_over()
        {
            self.spent += summary.advance(&self.setup);
        }
        match self.summary.take_if(|summary| summary.is_over()) {
            Some(summary) => Step::Done(Ok(summary.end(&self.setup))),
            None => Step::More(self.progress()),
        }
    }
}
