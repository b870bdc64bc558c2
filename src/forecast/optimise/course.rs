//! The outcome of settings: the members of an ensemble, with their costs and their margins to the
//! limits.

use std::sync::atomic::{AtomicBool, Ordering};

use super::expression::{Expression, Instant};
use super::optimum::{Losses, Trouble};
use super::problem::{Limit, Problem};
use crate::forecast::block::Block;
use crate::forecast::setup::ForecastSetup;
use crate::forecast::start::StartSampler;
use crate::model::{Lanes, WIDTH};
use crate::twin::goal::When;

/// Instants at which costs and limits are looked at, evenly over the horizon, the last one at its end;
/// what lies between two of them is not seen.
const INSTANTS: u64 = 200;
/// Most steps of a block at once.
const PIECE: u64 = 4096;
/// What costs as much or more cannot be compared.
const INFEASIBLE: f64 = 1e12;

/// The outcome of settings.
pub(super) struct Outcome {
    /// Cost of each member: for the horizon, or for one of what is made; not a number of those that are lost.
    pub costs: Vec<f64>,
    /// For each limit the margin that is kept with the wanted probability.
    pub margins: Vec<f64>,
    /// Members that have no cost or no margin.
    pub lost: usize,
    /// Why the first of them has none.
    pub trouble: Option<Trouble>,
}

impl Outcome {
    /// Mean cost of the members that are not lost; not a number where all are.
    pub fn cost(&self) -> f64 {
        let known = self.costs.iter().filter(|cost| cost.is_finite());
        known.sum::<f64>() / (self.costs.len() - self.lost) as f64
    }

    /// That all members are lost for the same reason.
    fn lost(problem: &Problem, members: usize, trouble: Trouble) -> Self {
        Self {
            costs: vec![f64::NAN; members],
            margins: vec![f64::NEG_INFINITY; problem.limits.len()],
            lost: members,
            trouble: Some(trouble),
        }
    }

    /// The members that are lost, where there are any.
    pub fn losses(&self) -> Option<Losses> {
        let trouble = self.trouble.clone()?;
        Some(Losses { lost: self.lost, members: self.costs.len(), trouble })
    }

    /// Whether all limits are kept, but for what is rounded off.
    pub fn keeps(&self, limits: &[Limit]) -> bool {
        let kept = |(margin, limit): (&f64, &Limit)| *margin >= -1e-6 * limit.size();
        self.lost == 0 && self.margins.iter().zip(limits).all(kept)
    }
}

/// One member's sums on its way.
#[derive(Clone, Default)]
struct Member {
    running: f64,
    made: f64,
    /// For each limit the least margin, the mean one, or the last.
    margins: Vec<f64>,
    /// Event states at the beginning and now.
    worn: Vec<(f64, f64)>,
    /// The first expression that was no number, and what it was.
    odd: Option<(String, f64)>,
}

/// What members begin with: a seed, and how many there are.
pub(super) type Sampling = (u64, usize);

/// Carries settings out on all cores; `None` when cancelled.
pub(super) fn carry_out(
    problem: &Problem,
    settings: &[f64],
    sampling: Sampling,
    cancelled: &AtomicBool,
) -> Option<Outcome> {
    let run = match EnsembleRun::new(problem, settings, sampling) {
        Ok(run) => run,
        Err(lost) => return Some(lost),
    };
    let one = |number: usize| {
        let mut going = run.begin(problem, number);
        while !going.is_over(&run.setup) && !cancelled.load(Ordering::Relaxed) {
            going.advance(problem, &run.setup);
        }
        going.end(problem, &run.setup)
    };
    let done = each_on_cores(run.blocks, &one);
    (!cancelled.load(Ordering::Relaxed)).then(|| Outcome::of(problem, done))
}

/// Settings that are carried out piece by piece.
pub(super) struct EnsembleRun {
    setup: ForecastSetup,
    sampler: StartSampler,
    blocks: usize,
    going: Option<BlockRun>,
    done: Vec<Done>,
}

impl EnsembleRun {
    /// Begins.
    ///
    /// # Errors
    /// When the model does not bear the steps under these settings: all members are lost.
    pub fn new(
        problem: &Problem,
        settings: &[f64],
        (seed, members): Sampling,
    ) -> Result<Self, Outcome> {
        let setup = ForecastSetup { seed, members, recorded: 0, ..problem.under(settings) };
        if let Err(error) = setup.check_step() {
            return Err(Outcome::lost(problem, members, Trouble::StepTooLong(Box::new(error))));
        }
        let (sampler, blocks) = (StartSampler::new(&setup), members.div_ceil(WIDTH));
        Ok(Self { setup, sampler, blocks, going: None, done: Vec::with_capacity(blocks) })
    }

    fn begin(&self, problem: &Problem, number: usize) -> BlockRun {
        BlockRun::new(problem, &self.setup, &self.sampler, number)
    }

    /// Goes on for a piece; what became of all members, once the last one has ended.
    pub fn piece(&mut self, problem: &Problem) -> Option<Outcome> {
        let mut going = self.going.take().unwrap_or_else(|| self.begin(problem, self.done.len()));
        if !going.is_over(&self.setup) {
            going.advance(problem, &self.setup);
        }
        if going.is_over(&self.setup) {
            self.done.push(going.end(problem, &self.setup));
        } else {
            self.going = Some(going);
        }
        let is_done = self.done.len() >= self.blocks;
        is_done.then(|| Outcome::of(problem, std::mem::take(&mut self.done)))
    }
}

impl Outcome {
    fn of(problem: &Problem, done: Vec<Done>) -> Self {
        let (mut costs, mut lost) = (Vec::new(), 0);
        let mut margins = vec![Vec::new(); problem.limits.len()];
        let mut trouble = None;
        for (cost, own) in done.into_iter().flatten() {
            costs.push(*cost.as_ref().unwrap_or(&f64::NAN));
            if let Err(why) = cost {
                lost += 1;
                trouble.get_or_insert(why);
            }
            margins.iter_mut().zip(own).for_each(|(all, own)| all.push(own));
        }
        let kept = |mut all: Vec<f64>| {
            all.sort_by(f64::total_cmp);
            crate::forecast::result::quantile(&all, 1.0 - problem.sure)
        };
        Self { costs, margins: margins.into_iter().map(kept).collect(), lost, trouble }
    }
}

/// Cost and margins of a block's members.
type Done = Vec<(Result<f64, Trouble>, Vec<f64>)>;

/// On all cores, natively; the results in order.
#[cfg(not(target_arch = "wasm32"))]
fn each_on_cores(count: usize, one: &(dyn Fn(usize) -> Done + Sync)) -> Vec<Done> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(count.max(1));
    let mut done: Vec<Done> = vec![Vec::new(); count];
    std::thread::scope(|scope| {
        for (number, share) in done.chunks_mut(count.div_ceil(threads).max(1)).enumerate() {
            let first = number * count.div_ceil(threads);
            scope.spawn(move || {
                share.iter_mut().enumerate().for_each(|(at, out)| *out = one(first + at));
            });
        }
    });
    done
}

#[cfg(target_arch = "wasm32")]
fn each_on_cores(count: usize, one: &(dyn Fn(usize) -> Done + Sync)) -> Vec<Done> {
    (0..count).map(one).collect()
}

/// A block of members under way.
struct BlockRun {
    block: Block,
    look: Look,
    members: Vec<Member>,
    /// Steps at the last instant.
    looked: u64,
}

impl BlockRun {
    fn new(
        problem: &Problem,
        setup: &ForecastSetup,
        sampler: &StartSampler,
        number: usize,
    ) -> Self {
        let about = setup.model.about();
        let block = Block::new(setup, sampler, number);
        let mut look = Look {
            z: vec![Lanes::default(); about.outputs.len()],
            es: vec![Lanes::default(); about.events.len()],
            rows: [const { Vec::new() }; 5],
        };
        block.look(setup, &mut look.z, &mut look.es);
        // A life is used from the beginning on, not from the first instant on.
        let begin = |lane: usize| Member {
            margins: vec![0.0; problem.limits.len()],
            worn: look.es.iter().map(|es| (es.0[lane], es.0[lane])).collect(),
            ..Member::default()
        };
        Self { members: (0..block.members().len()).map(begin).collect(), look, looked: 0, block }
    }

    fn is_over(&self, setup: &ForecastSetup) -> bool {
        self.block.is_over() || self.block.steps() >= setup.steps()
    }

    /// Goes on to the next instant, or a piece of the way.
    fn advance(&mut self, problem: &Problem, setup: &ForecastSetup) {
        let all = setup.steps();
        let instant = (self.looked + all.div_ceil(INSTANTS).max(1)).min(all);
        self.block.advance(setup, (instant - self.block.steps()).min(PIECE));
        if self.block.steps() < instant && !self.block.is_over() {
            return;
        }
        let span_s = (instant - self.looked) as f64 * setup.dt_s;
        self.block.look(setup, &mut self.look.z, &mut self.look.es);
        for (lane, member) in self.members.iter_mut().enumerate() {
            self.look.read(&self.block, lane);
            member.add(problem, &self.look.instant(), span_s, self.looked == 0);
        }
        self.looked = instant;
    }

    fn end(mut self, problem: &Problem, setup: &ForecastSetup) -> Done {
        let block = &self.block;
        let whole = |(lane, member): (usize, &mut Member)| {
            if block.lost[lane] {
                let none = vec![f64::NEG_INFINITY; problem.limits.len()];
                return (Err(Trouble::Diverges), none);
            }
            for (margin, limit) in member.margins.iter_mut().zip(&problem.limits) {
                if limit.when == When::Mean {
                    *margin = limit.margin(*margin / setup.horizon_s);
                }
            }
            let met = |event: usize| block.met[event][lane].is_some();
            (member.cost(problem, met), std::mem::take(&mut member.margins))
        };
        self.members.iter_mut().enumerate().map(whole).collect()
    }
}

/// Room to look at one member.
struct Look {
    z: Vec<Lanes>,
    es: Vec<Lanes>,
    rows: [Vec<f64>; 5],
}

impl Look {
    fn read(&mut self, block: &Block, lane: usize) {
        let (x, u, p) = block.now();
        for (row, lanes) in self.rows.iter_mut().zip([x, u, p, &self.z, &self.es]) {
            row.clear();
            row.extend(lanes.iter().map(|lanes| lanes.0[lane]));
        }
    }

    fn instant(&self) -> Instant<'_> {
        let [x, u, p, z, es] = &self.rows;
        Instant { x, u, p, z, es }
    }
}

impl Member {
    /// Adds a span of time, in which it is taken as at its end.
    fn add(&mut self, problem: &Problem, now: &Instant, span_s: f64, first: bool) {
        let odd = &mut self.odd;
        let mut value = |of: &Expression| {
            let value = of.at(now);
            if !value.is_finite() && odd.is_none() {
                *odd = Some((of.text.clone(), value));
            }
            value
        };
        self.running += span_s * problem.running.iter().map(&mut value).sum::<f64>();
        self.made += problem.per.as_ref().map_or(0.0, |of| span_s * value(of));
        self.worn.iter_mut().zip(now.es).for_each(|(worn, es)| worn.1 = *es);
        for (margin, limit) in self.margins.iter_mut().zip(&problem.limits) {
            let value = value(&limit.of);
            let own = limit.margin(value);
            *margin = match limit.when {
                When::Always if first => own,
                When::Always => margin.min(own),
                When::Mean => *margin + span_s * value,
                When::End => own,
            };
        }
    }

    fn cost(&self, problem: &Problem, met: impl Fn(usize) -> bool) -> Result<f64, Trouble> {
        if let Some((text, value)) = &self.odd {
            return Err(Trouble::NoNumber { text: text.clone(), value: *value });
        }
        let wear = |(event, price, of_what_is_left): &(usize, f64, bool)| {
            let (begin, end) = self.worn[*event];
            let used = (begin - end).max(0.0);
            let share = if *of_what_is_left { used / begin.max(1e-6) } else { used };
            price * share.min(1.0)
        };
        let failed = problem.failure.iter().filter(|(event, _)| met(*event));
        let cost = self.running
            + problem.wear.iter().map(wear).sum::<f64>()
            + failed.map(|(_, price)| price).sum::<f64>();
        let cost = match problem.per {
            Some(_) if !(self.made > 0.0) => return Err(Trouble::MakesNothing),
            Some(_) => cost / self.made,
            None => cost,
        };
        if cost.abs() < INFEASIBLE { Ok(cost) } else { Err(Trouble::TooLarge { cost }) }
    }
}
