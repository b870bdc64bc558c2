//! What settings come to: the members of an ensemble, with their costs and how far they are from
//! the limits.

use std::sync::atomic::{AtomicBool, Ordering};

use super::problem::{Instant, Limit, Problem};
use crate::forecast::block::Block;
use crate::forecast::setup::{Beginning, Setup};
use crate::model::{Lanes, WIDTH};
use crate::twin::goal::When;

/// Instants at which costs and limits are looked at.
const INSTANTS: usize = 200;
/// What costs more than this is as good as forbidden.
const TOO_MUCH: f64 = 1e12;

/// What became of settings.
pub(super) struct Outcome {
    /// Cost of each member: for the horizon, or for one of what is made.
    pub costs: Vec<f64>,
    /// For each limit the margin that is kept with the wanted probability.
    pub margins: Vec<f64>,
    /// Members that diverged; they cost [`TOO_MUCH`].
    pub lost: usize,
}

impl Outcome {
    /// Mean cost.
    pub fn cost(&self) -> f64 {
        self.costs.iter().sum::<f64>() / self.costs.len() as f64
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
}

/// Carries settings out; `None` when cancelled.
pub(super) fn carry_out(
    problem: &Problem,
    settings: &[f64],
    (seed, members): (u64, usize),
    cancelled: &AtomicBool,
) -> Option<Outcome> {
    let setup = Setup { seed, members, recorded: 0, ..problem.under(settings) };
    let beginning = Beginning::new(&setup);
    let blocks = members.div_ceil(WIDTH);
    let one = |number: usize| block(problem, &setup, &beginning, number, cancelled);
    let done = each_on_cores(blocks, &one);
    if cancelled.load(Ordering::Relaxed) {
        return None;
    }
    let (mut costs, mut lost) = (Vec::with_capacity(members), 0);
    let mut margins = vec![Vec::with_capacity(members); problem.limits.len()];
    for (cost, own) in done.into_iter().flatten() {
        lost += usize::from(!(cost < TOO_MUCH));
        costs.push(if cost < TOO_MUCH { cost } else { TOO_MUCH });
        margins.iter_mut().zip(own).for_each(|(all, own)| all.push(own));
    }
    let kept = |mut all: Vec<f64>| {
        all.sort_by(f64::total_cmp);
        crate::forecast::result::quantile(&all, 1.0 - problem.sure)
    };
    Some(Outcome { costs, margins: margins.into_iter().map(kept).collect(), lost })
}

type Done = Vec<(f64, Vec<f64>)>;

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

/// Costs and margins of a block's members.
fn block(
    problem: &Problem,
    setup: &Setup,
    beginning: &Beginning,
    number: usize,
    cancelled: &AtomicBool,
) -> Done {
    let about = setup.model.about();
    let mut block = Block::new(setup, beginning, number);
    let count = block.members().len();
    let mut look = Look {
        z: vec![Lanes::default(); about.outputs.len()],
        es: vec![Lanes::default(); about.events.len()],
        rows: [const { Vec::new() }; 5],
    };
    let mut members = vec![Member::default(); count];
    let steps = setup.steps();
    let an_instant = steps.div_ceil(INSTANTS as u64).max(1);
    let mut instants = 0;
    while block.steps() < steps && !block.is_over() && !cancelled.load(Ordering::Relaxed) {
        let taken = an_instant.min(steps - block.steps());
        block.advance(setup, taken);
        let span_s = taken as f64 * setup.dt_s;
        block.look(setup, &mut look.z, &mut look.es);
        for (lane, member) in members.iter_mut().enumerate() {
            look.read(&block, lane);
            member.add(problem, &look.instant(), span_s, instants == 0);
        }
        instants += 1;
    }
    let whole = |(lane, member): (usize, &mut Member)| {
        if block.lost[lane] || member.worn.is_empty() && !problem.wear.is_empty() {
            return (f64::INFINITY, vec![f64::NEG_INFINITY; problem.limits.len()]);
        }
        for (margin, limit) in member.margins.iter_mut().zip(&problem.limits) {
            if limit.when == When::Mean {
                *margin = limit.margin(*margin / setup.horizon_s);
            }
        }
        let met = |event: usize| block.met[event][lane].is_some();
        (member.cost(problem, met), std::mem::take(&mut member.margins))
    };
    members.iter_mut().enumerate().map(whole).collect()
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
        self.running += span_s * problem.running.iter().map(|of| of.at(now)).sum::<f64>();
        self.made += problem.per.as_ref().map_or(0.0, |of| span_s * of.at(now));
        if first {
            self.worn = now.es.iter().map(|es| (*es, *es)).collect();
            self.margins = vec![0.0; problem.limits.len()];
        }
        self.worn.iter_mut().zip(now.es).for_each(|(worn, es)| worn.1 = *es);
        for (margin, limit) in self.margins.iter_mut().zip(&problem.limits) {
            let value = limit.of.at(now);
            let own = limit.margin(value);
            *margin = match limit.when {
                When::Always if first => own,
                When::Always => margin.min(own),
                When::Mean => *margin + span_s * value,
                When::End => own,
            };
        }
    }

    fn cost(&self, problem: &Problem, met: impl Fn(usize) -> bool) -> f64 {
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
        match problem.per {
            Some(_) if !(self.made > 0.0) => f64::INFINITY,
            Some(_) => cost / self.made,
            None => cost,
        }
    }
}
