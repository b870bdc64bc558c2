//! What a measuring instrument makes of a true value.
//!
//! In this order: drift and wander of the instrument, a bias or drift that is a fault, noise, another
//! unit, a value that is stuck, the ends of the scale, the steps of the display, and values that are
//! missing. Everything random is a pure function of the seed, the instrument's name and the time; only
//! a stuck value is remembered.

use serde::Deserialize;

use super::board::Board;
use super::faults::{Fault, FaultSlot};
use super::noise;
use super::wiring::Wiring;
use crate::twin::Property;

/// An instrument as the section states it, in the property's unit.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct InstrumentSpec {
    /// Another property of the same asset from whose transmitter this one is computed: both are wrong at
    /// once, by the same share of their value. Only steps and ends of the scale are its own.
    pub of: Option<Box<str>>,
    /// Standard deviation of the noise.
    pub noise: f64,
    /// Standard deviation of the noise that grows with the value, as a share of it.
    pub relative: f64,
    /// Step of what it tells; 0: none.
    pub resolution: f64,
    /// Standard deviation of its slow wander.
    pub wander: f64,
    /// Time in which it wanders, h.
    pub wander_h: f64,
    /// By how much it moves away in a day, up or down by chance.
    pub drift_per_day: f64,
    /// How often in an hour it tells nothing.
    pub dropout_per_h: f64,
    /// For how long, s.
    pub dropout_s: f64,
    /// The lowest that it can tell.
    pub low: Option<f64>,
    /// The highest that it can tell.
    pub high: Option<f64>,
}

impl Default for InstrumentSpec {
    fn default() -> Self {
        Self {
            of: None,
            noise: 0.0,
            relative: 0.0,
            resolution: 0.0,
            wander: 0.0,
            wander_h: 8.0,
            drift_per_day: 0.0,
            dropout_per_h: 0.0,
            dropout_s: 5.0,
            low: None,
            high: None,
        }
    }
}

impl InstrumentSpec {
    /// One that has nothing but noise.
    pub fn noisy(noise: f64) -> Self {
        Self { noise, ..Self::default() }
    }

    /// What is shown of a reading: within the ends of the scale, in steps of the display.
    pub fn show(&self, reading: f64) -> f64 {
        let shown = reading.max(self.low.unwrap_or(f64::MIN)).min(self.high.unwrap_or(f64::MAX));
        if self.resolution > 0.0 {
            (shown / self.resolution).round() * self.resolution
        } else {
            shown
        }
    }

    /// What is wrong with it.
    ///
    /// # Errors
    /// The first field that cannot be so, and what is expected.
    pub fn check(&self) -> Result<(), String> {
        let own = Self { of: None, resolution: 0.0, low: None, high: None, ..self.clone() };
        if self.of.is_some() && own != Self::default() {
            return Err("with `of` it has the noise, drift and dropouts of that property's transmitter; state only \
                        `resolution`, `low` and `high` besides"
                .into());
        }
        let at_least_0 = [
            ("noise", self.noise),
            ("relative", self.relative),
            ("resolution", self.resolution),
            ("wander", self.wander),
            ("drift_per_day", self.drift_per_day.abs()),
            ("dropout_per_h", self.dropout_per_h),
        ];
        for (name, value) in at_least_0 {
            if !(value >= 0.0 && value.is_finite()) {
                return Err(format!("`{name}` is {value}; expected 0 or more"));
            }
        }
        for (name, value) in [("wander_h", self.wander_h), ("dropout_s", self.dropout_s)] {
            if !(value > 0.0 && value.is_finite()) {
                return Err(format!("`{name}` is {value}; expected more than 0"));
            }
        }
        match (self.low, self.high) {
            (Some(low), Some(high)) if !(low < high) => {
                Err(format!("`low` is {low} and `high` {high}; expected low below high"))
            }
            _ => Ok(()),
        }
    }
}

/// When it measures.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// The plant's seed.
    pub seed: u64,
    /// Steps since the first message.
    pub count: u64,
    /// Time since the first message, µs.
    pub elapsed_us: i64,
}

/// The faults that an instrument can have.
const FAULTS: [Fault; 6] =
    [Fault::Stuck, Fault::Drift, Fault::Noise, Fault::Dropout, Fault::Bias, Fault::Unit];

/// An instrument at work.
#[derive(Clone, Debug)]
pub struct Instrument {
    spec: InstrumentSpec,
    stream: u64,
    faults: [FaultSlot; 6],
    /// Width of the property's range.
    span: Option<f64>,
    /// The property's range begins at 0 or above.
    from_zero: bool,
    /// What it tells in another unit: value × the first + the second.
    other_unit: (f64, f64),
    /// The value at which it is stuck.
    pub stuck: Option<f64>,
}

/// What is wrong with an instrument now: severities and sizes.
#[derive(Clone, Copy, Debug, Default)]
struct Wrong {
    stuck: f64,
    drift: (f64, Option<f64>),
    noise: (f64, Option<f64>),
    dropout: f64,
    bias: (f64, Option<f64>),
    unit: f64,
}

impl Instrument {
    /// The one of a property; `name` is `asset.property`.
    pub fn new(spec: InstrumentSpec, name: &str, property: &Property, w: &mut Wiring) -> Self {
        Self {
            spec,
            stream: noise::stream(name),
            faults: FAULTS.map(|fault| w.fault(name, fault)),
            span: property.range.map(|(low, high)| (high - low).abs()),
            from_zero: property.range.is_some_and(|(low, high)| low.min(high) >= 0.0),
            other_unit: other_unit(property.unit.code()),
            stuck: None,
        }
    }

    /// What it tells; `None` where it tells nothing.
    pub fn tell(&mut self, truth: f64, board: &Board, at: Moment) -> Option<f64> {
        if board.faults.present().is_empty() {
            return self.distort(truth, Wrong::default(), at);
        }
        let [stuck, drift, noise, dropout, bias, unit] = self.faults;
        let sized = |slot| (board.fault(slot), board.size(slot));
        let wrong = Wrong {
            stuck: board.fault(stuck),
            drift: sized(drift),
            noise: sized(noise),
            dropout: board.fault(dropout),
            bias: sized(bias),
            unit: board.fault(unit),
        };
        self.distort(truth, wrong, at)
    }

    fn distort(&mut self, truth: f64, wrong: Wrong, at: Moment) -> Option<f64> {
        let spec = &self.spec;
        let span = self.span.filter(|span| *span > 0.0).unwrap_or(truth.abs().max(1.0));
        let off = |(severity, size): (f64, Option<f64>), share: f64| {
            severity * size.unwrap_or(share * span)
        };
        let mut told = truth + self.slow(at) + off(wrong.drift, 0.2) + off(wrong.bias, 0.1);
        let relative = spec.relative * truth;
        let fault = off(wrong.noise, 0.05);
        let variance = spec.noise * spec.noise + relative * relative + fault * fault;
        if variance > 0.0 {
            told += variance.sqrt() * noise::normal(at.seed, self.stream, at.count);
        }
        if wrong.unit > 0.5 {
            told = told * self.other_unit.0 + self.other_unit.1;
        }
        self.stuck = (wrong.stuck > 0.5).then(|| self.stuck.unwrap_or(told));
        told = self.stuck.unwrap_or(told);
        // Of what is not below zero, an instrument whose range is not does not tell so either.
        let zero = (self.from_zero && truth >= 0.0).then_some(0.0);
        told = spec.show(told.max(spec.low.or(zero).unwrap_or(f64::MIN)));
        (!self.is_missing(wrong.dropout, at)).then_some(told)
    }

    /// Drift and wander.
    fn slow(&self, at: Moment) -> f64 {
        let spec = &self.spec;
        let mut off = 0.0;
        if spec.drift_per_day != 0.0 {
            let up = noise::hash(at.seed, self.stream ^ 0xD21F, 0) & 1 == 0;
            let days = at.elapsed_us as f64 / 86.4e9;
            off += spec.drift_per_day * days * if up { 1.0 } else { -1.0 };
        }
        if spec.wander > 0.0 {
            // Smooth between knots, one every `wander_h`.
            let place = at.elapsed_us as f64 / (spec.wander_h * 3.6e9);
            let part = place - place.floor();
            let smooth = part * part * (3.0 - 2.0 * part);
            let knot = |n: f64| noise::normal(at.seed, self.stream ^ 0x3A4D, n.max(0.0) as u64);
            let (from, to) = (knot(place.floor()), knot(place.floor() + 1.0));
            off += spec.wander * (from + (to - from) * smooth);
        }
        off
    }

    fn is_missing(&self, share: f64, at: Moment) -> bool {
        let spec = &self.spec;
        let by_fault =
            share > 0.0 && noise::uniform(at.seed, self.stream ^ 0xD809, at.count) < share;
        let chance = (spec.dropout_per_h * spec.dropout_s / 3600.0).min(1.0);
        let window = (at.elapsed_us as f64 / (spec.dropout_s * 1e6)) as u64;
        by_fault || chance > 0.0 && noise::uniform(at.seed, self.stream ^ 0xD80F, window) < chance
    }
}

/// What a transmitter tells that is set to another unit than its property's: factor and offset.
fn other_unit(code: &str) -> (f64, f64) {
    match code {
        "bar" => (14.503_774, 0.0),
        "Cel" => (1.8, 32.0),
        "m3" => (264.172_05, 0.0),
        "m3/h" => (4.402_868, 0.0),
        "mm/s" | "mm" => (0.039_370_08, 0.0),
        "m" => (3.280_84, 0.0),
        "%" => (0.01, 0.0),
        "kW" => (1.341_022, 0.0),
        "kWh" => (3.6, 0.0),
        "{rev}/min" => (1.0 / 60.0, 0.0),
        _ => (1000.0, 0.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instrument(spec: InstrumentSpec) -> Instrument {
        let mut w = Wiring::default();
        Instrument {
            spec,
            stream: noise::stream("P-1.pressure"),
            faults: FAULTS.map(|fault| w.fault("P-1.pressure", fault)),
            span: Some(10.0),
            from_zero: true,
            other_unit: other_unit("bar"),
            stuck: None,
        }
    }

    fn at(count: u64) -> Moment {
        Moment { seed: 7, count, elapsed_us: count as i64 * 100_000 }
    }

    /// What it tells of a value in so many moments.
    fn told(spec: &InstrumentSpec, truth: f64, wrong: Wrong, moments: u64) -> Vec<Option<f64>> {
        let mut instrument = instrument(spec.clone());
        (0..moments).map(|count| instrument.distort(truth, wrong, at(count))).collect()
    }

    fn mean_and_deviation(told: &[Option<f64>]) -> (f64, f64) {
        let numbers: Vec<f64> = told.iter().flatten().copied().collect();
        let count = numbers.len() as f64;
        let mean = numbers.iter().sum::<f64>() / count;
        let variance = numbers.iter().map(|n| (n - mean) * (n - mean)).sum::<f64>() / count;
        (mean, variance.sqrt())
    }

    #[test]
    fn noise_drift_steps_and_dropouts_have_the_stated_size() {
        let none = Wrong::default();
        let noisy = InstrumentSpec { noise: 0.3, relative: 0.1, ..InstrumentSpec::default() };
        let (mean, deviation) = mean_and_deviation(&told(&noisy, 4.0, none, 20_000));
        assert!((mean - 4.0).abs() < 0.02 && (deviation - 0.5).abs() < 0.02, "{mean} {deviation}");

        let drifts = InstrumentSpec { drift_per_day: 0.24, ..InstrumentSpec::default() };
        let day = told(&drifts, 4.0, none, 864_001);
        let away = |count: usize| (day[count].expect("told") - 4.0).abs();
        assert!((away(864_000) - 0.24).abs() < 1e-9 && (away(36_000) - 0.01).abs() < 1e-9);

        let steps = InstrumentSpec { resolution: 0.25, noise: 0.3, ..InstrumentSpec::default() };
        for value in told(&steps, 4.0, none, 500).into_iter().flatten() {
            assert!((value / 0.25 - (value / 0.25).round()).abs() < 1e-9, "{value}");
        }

        let drops =
            InstrumentSpec { dropout_per_h: 60.0, dropout_s: 6.0, ..InstrumentSpec::default() };
        let hours = told(&drops, 4.0, none, 360_000);
        let missing = hours.iter().filter(|told| told.is_none()).count() as f64 / 360_000.0;
        assert!((missing - 0.1).abs() < 0.015, "{missing}");
        assert!(
            hours
                .chunks(60)
                .all(|drop| drop.iter().all(|told| told.is_none() == drop[0].is_none()))
        );
    }

    #[test]
    fn it_wanders_slowly_by_the_stated_deviation() {
        let wander = InstrumentSpec { wander: 0.2, wander_h: 0.05, ..InstrumentSpec::default() };
        let told = told(&wander, 4.0, Wrong::default(), 720_000);
        let (mean, deviation) = mean_and_deviation(&told);
        // Between knots it is nearer to the middle: 0.2 × (the mean of the squares of the weights)^½.
        assert!(
            (mean - 4.0).abs() < 0.03 && (0.14..0.2).contains(&deviation),
            "{mean} {deviation}"
        );
        let jump = told.windows(2).filter_map(|two| Some((two[0]? - two[1]?).abs()));
        assert!(jump.fold(0.0, f64::max) < 0.002);
    }

    #[test]
    fn a_stopped_pump_does_not_vibrate_below_zero() {
        let spec = InstrumentSpec {
            noise: 0.008,
            relative: 0.03,
            resolution: 0.01,
            ..InstrumentSpec::default()
        };
        let still = told(&spec, 0.0, Wrong::default(), 20_000);
        let range = still
            .iter()
            .flatten()
            .fold((1.0, 0.0), |(low, high): (f64, f64), told| (low.min(*told), high.max(*told)));
        assert!(range.0 == 0.0 && range.1 <= 0.04, "{range:?}");
        let moving = told(&spec, 2.0, Wrong::default(), 20_000);
        assert!((mean_and_deviation(&moving).1 - 0.06).abs() < 0.005);
    }

    #[test]
    fn faults_stick_shift_shake_and_hide_what_is_told() {
        let spec = InstrumentSpec::noisy(0.1);
        let stuck = told(&spec, 4.0, Wrong { stuck: 1.0, ..Wrong::default() }, 50);
        assert!(stuck.iter().all(|told| *told == stuck[0] && told.is_some()));
        let of = |wrong| mean_and_deviation(&told(&spec, 4.0, wrong, 5000));
        let near = |a: f64, b: f64| (a - b).abs() < 0.05;
        // A fifth, a tenth and a twentieth of the range of 10.
        assert!(near(of(Wrong { drift: (0.5, None), ..Wrong::default() }).0, 5.0));
        assert!(near(of(Wrong { bias: (1.0, None), ..Wrong::default() }).0, 5.0));
        assert!(near(of(Wrong { bias: (1.0, Some(-2.0)), ..Wrong::default() }).0, 2.0));
        assert!(near(of(Wrong { noise: (1.0, None), ..Wrong::default() }).1, 0.51));
        let missing = told(&spec, 4.0, Wrong { dropout: 0.3, ..Wrong::default() }, 20_000);
        let share = missing.iter().filter(|told| told.is_none()).count() as f64 / 20_000.0;
        assert!((share - 0.3).abs() < 0.02, "{share}");
    }

    #[test]
    fn a_stuck_value_is_forgotten_when_it_is_over() {
        let mut instrument = instrument(InstrumentSpec::default());
        let stuck = Wrong { stuck: 1.0, ..Wrong::default() };
        assert_eq!(instrument.distort(4.0, stuck, at(1)), Some(4.0));
        assert_eq!(instrument.distort(6.0, stuck, at(2)), Some(4.0));
        assert_eq!(instrument.distort(6.0, Wrong::default(), at(3)), Some(6.0));
        assert_eq!(instrument.distort(5.0, stuck, at(4)), Some(5.0));
    }

    #[test]
    fn a_transmitter_in_another_unit_is_off_by_its_factor() {
        let mut bar = instrument(InstrumentSpec::default());
        let wrong = Wrong { unit: 1.0, ..Wrong::default() };
        let psi = bar.distort(2.0, wrong, at(0)).expect("told");
        assert!((psi - 29.0075).abs() < 1e-3, "{psi}");
        let (factor, offset) = other_unit("Cel");
        assert_eq!(100.0 * factor + offset, 212.0);
    }

    #[test]
    fn an_instrument_that_cannot_be_is_refused() {
        let bad = [
            InstrumentSpec { noise: -1.0, ..InstrumentSpec::default() },
            InstrumentSpec { wander_h: 0.0, ..InstrumentSpec::default() },
            InstrumentSpec { resolution: f64::NAN, ..InstrumentSpec::default() },
            InstrumentSpec { of: Some("flow".into()), noise: 0.1, ..InstrumentSpec::default() },
            InstrumentSpec { low: Some(1.0), high: Some(0.0), ..InstrumentSpec::default() },
        ];
        assert!(bad.iter().all(|spec| spec.check().is_err()));
        assert_eq!(InstrumentSpec::noisy(0.1).check(), Ok(()));
    }
}
