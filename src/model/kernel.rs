//! How a model is written, and how it is used once written.
//!
//! Who writes one implements [`Equations`], once, over [`Real`] numbers. Who uses one holds a
//! `dyn` [`Model`], whose [`Kernel`]s run one sample (`f64`) or several side by side
//! ([`Lanes`]). All slices are in the order of the model's [`About`].

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use pulp::{Arch, Simd, WithSimd};

use super::about::About;
use super::real::{Lanes, Real};

/// What a model is made of: a file with this, and a line in [`super::registry`].
pub trait Equations: Send + Sync + 'static {
    /// Describes it.
    fn about() -> About;

    /// Rates of change of the states `x` under inputs `u` with parameters `p`, a second.
    fn derivative<R: Real>(x: &[R], u: &[R], p: &[R], dx: &mut [R]);

    /// What can be measured.
    fn output<R: Real>(x: &[R], u: &[R], p: &[R], z: &mut [R]);

    /// Event states: 1 healthy, at or below 0 the event.
    fn event_state<R: Real>(x: &[R], u: &[R], p: &[R], es: &mut [R]) {
        let _ = (x, u, p, es);
    }

    /// What falls through 0 at each event, in a unit of its own; other than that it has no meaning. The event states unless stated otherwise.
    fn margin<R: Real>(x: &[R], u: &[R], p: &[R], margin: &mut [R]) {
        Self::event_state(x, u, p, margin);
    }

    /// Sets, at the end of a step, the states that do not follow from a rate (an angle that is
    /// kept within a turn, a flow that an input fixes). `x` is the state at the step's start.
    fn settle<R: Real>(x: &[R], u: &[R], p: &[R], next: &mut [R]) {
        let _ = (x, u, p, next);
    }

    /// Completes a state to start with, once the first inputs are known.
    fn start<R: Real>(u: &[R], p: &[R], x: &mut [R]) {
        let _ = (u, p, x);
    }
}

/// A course under way, and room to go on in.
#[derive(Clone, Debug, Default)]
pub struct Way<R> {
    /// The state.
    pub x: Vec<R>,
    /// Margins after the last step.
    pub margin: Vec<R>,
    /// Margins after the step before.
    pub before: Vec<R>,
    next: Vec<R>,
}

impl<R: Real> Way<R> {
    /// Begins with a state of a model with so many events.
    pub fn new(x: Vec<R>, events: usize) -> Self {
        let zero = vec![R::default(); events];
        Self { margin: zero.clone(), before: zero, next: x.clone(), x }
    }

    /// The state before the last step.
    pub fn previous(&self) -> &[R] {
        &self.next
    }

    /// Takes a step; the margins are then to be computed anew.
    pub fn step(&mut self, model: &dyn Kernel<R>, u: &[R], p: &[R], dt_s: f64) {
        model.step(&self.x, u, p, dt_s, &mut self.next);
        self.turn();
    }

    /// The next state becomes the present one, and margins those of the step before.
    #[inline(always)]
    fn turn(&mut self) {
        std::mem::swap(&mut self.x, &mut self.next);
        std::mem::swap(&mut self.margin, &mut self.before);
    }
}

/// A model over one kind of number.
pub trait Kernel<R: Real> {
    /// See [`Equations::derivative`].
    fn derivative(&self, x: &[R], u: &[R], p: &[R], dx: &mut [R]);
    /// See [`Equations::output`].
    fn output(&self, x: &[R], u: &[R], p: &[R], z: &mut [R]);
    /// See [`Equations::event_state`].
    fn event_state(&self, x: &[R], u: &[R], p: &[R], es: &mut [R]);
    /// See [`Equations::margin`]; whether all are above 0.
    fn margin(&self, x: &[R], u: &[R], p: &[R], margin: &mut [R]) -> bool;
    /// See [`Equations::settle`].
    fn settle(&self, x: &[R], u: &[R], p: &[R], next: &mut [R]);
    /// See [`Equations::start`].
    fn start(&self, u: &[R], p: &[R], x: &mut [R]);
    /// One explicit Euler step from `x` to `next`.
    fn euler(&self, x: &[R], u: &[R], p: &[R], dt_s: f64, next: &mut [R]);

    /// One step of filters and ensembles: Euler's, unless the machine states another
    /// ([`super::stepped`]). What cannot be solved becomes NaN.
    fn step(&self, x: &[R], u: &[R], p: &[R], dt_s: f64, next: &mut [R]) {
        self.euler(x, u, p, dt_s, next);
    }

    /// Takes such steps under the same inputs, `most` of them, or up to the one after which not all
    /// margins are above 0; how many it took.
    fn march(&self, way: &mut Way<R>, u: &[R], p: &[R], dt_s: f64, most: u64) -> u64 {
        for taken in 1..=most {
            self.step(&way.x, u, p, dt_s, &mut way.next);
            way.turn();
            if !self.margin(&way.x, u, p, &mut way.margin) {
                return taken;
            }
        }
        most
    }
}

/// A model that can be run, whatever it is.
pub trait Model: Kernel<f64> + Kernel<Lanes> + Send + Sync {
    /// Its description.
    fn about(&self) -> &About;

    /// Whether the steps that it takes ([`Kernel::step`]) are divided as its solver's tolerance wants it,
    /// so that none is too long.
    fn adapts_steps(&self) -> bool {
        false
    }
}

impl fmt::Debug for dyn Model {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "Model({})", self.about().name)
    }
}

/// The model that these equations make.
pub fn model<E: Equations>() -> Arc<dyn Model> {
    Arc::new(Written::<E> { about: E::about(), equations: PhantomData })
}

struct Written<E> {
    about: About,
    equations: PhantomData<E>,
}

impl<E: Equations> Model for Written<E> {
    fn about(&self) -> &About {
        &self.about
    }
}

impl<E: Equations, R: Real> Kernel<R> for Written<E> {
    fn derivative(&self, x: &[R], u: &[R], p: &[R], dx: &mut [R]) {
        E::derivative(x, u, p, dx);
    }
    fn output(&self, x: &[R], u: &[R], p: &[R], z: &mut [R]) {
        E::output(x, u, p, z);
    }
    fn event_state(&self, x: &[R], u: &[R], p: &[R], es: &mut [R]) {
        E::event_state(x, u, p, es);
    }
    fn margin(&self, x: &[R], u: &[R], p: &[R], margin: &mut [R]) -> bool {
        Arch::new().dispatch(Margin::<E, R> { x, u, p, margin, equations: PhantomData })
    }
    fn settle(&self, x: &[R], u: &[R], p: &[R], next: &mut [R]) {
        E::settle(x, u, p, next);
    }
    fn start(&self, u: &[R], p: &[R], x: &mut [R]) {
        E::start(u, p, x);
    }
    fn euler(&self, x: &[R], u: &[R], p: &[R], dt_s: f64, next: &mut [R]) {
        Arch::new().dispatch(Euler::<E, R> { x, u, p, dt_s, next, equations: PhantomData });
    }
    fn march(&self, way: &mut Way<R>, u: &[R], p: &[R], dt_s: f64, most: u64) -> u64 {
        Arch::new().dispatch(March::<E, R> { way, u, p, dt_s, most, equations: PhantomData })
    }
}

/// A step, compiled once for every processor and once for those with wider registers. Both come to
/// the same bits: a product and a sum are never made one.
struct Euler<'a, E, R> {
    x: &'a [R],
    u: &'a [R],
    p: &'a [R],
    dt_s: f64,
    next: &'a mut [R],
    equations: PhantomData<E>,
}

impl<E: Equations, R: Real> WithSimd for Euler<'_, E, R> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { x, u, p, dt_s, next, .. } = self;
        E::derivative(x, u, p, next);
        for (next, x) in next.iter_mut().zip(x) {
            // A rate until here, the state from here on.
            *next = *x + *next * dt_s;
        }
        E::settle(x, u, p, next);
    }
}

/// Margins, compiled as a step is.
struct Margin<'a, E, R> {
    x: &'a [R],
    u: &'a [R],
    p: &'a [R],
    margin: &'a mut [R],
    equations: PhantomData<E>,
}

impl<E: Equations, R: Real> WithSimd for Margin<'_, E, R> {
    type Output = bool;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> bool {
        let Self { x, u, p, margin, .. } = self;
        E::margin(x, u, p, margin);
        margin.iter().fold(true, |all, margin| all & margin.is_positive())
    }
}

/// Many steps, compiled as one is.
struct March<'a, E, R> {
    way: &'a mut Way<R>,
    u: &'a [R],
    p: &'a [R],
    dt_s: f64,
    most: u64,
    equations: PhantomData<E>,
}

impl<E: Equations, R: Real> WithSimd for March<'_, E, R> {
    type Output = u64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> u64 {
        let Self { way, u, p, dt_s, most, equations } = self;
        for taken in 1..=most {
            let Way { x, next, .. } = way;
            Euler::<E, R> { x, u, p, dt_s, next, equations }.with_simd(simd);
            way.turn();
            let Way { x, margin, .. } = way;
            if !(Margin::<E, R> { x, u, p, margin, equations }.with_simd(simd)) {
                return taken;
            }
        }
        most
    }
}
