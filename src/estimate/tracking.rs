//! How well a model goes with its machine: residuals, a fidelity, and tests that speak when either
//! changes.
//!
//! Flows in: samples, healthy ones to learn from and then one by one. Flows out: how far the model
//! was off, what is anomalous since when, and a [`Fidelity`] whose drift is told too. No failure has
//! to be known.

use super::anomaly::{Anomaly, Cannot, Event, Fidelity, Monitor, Promise, Row, Wish};
use super::residual::Beside;
use super::sample::{Lost, Measured};

/// Residuals within so many healthy spreads count as good.
const BAND: f64 = 2.0;
/// The chance of taking scatter for a drift of fidelity, in one look.
const CHANCE: f64 = 0.01;

/// A model and its machine, watched.
pub struct Tracking {
    beside: Beside,
    monitor: Monitor,
    fidelity: Fidelity,
    /// Healthy residuals of each output: their mean and deviation; `None` where none is measured.
    healthy: Vec<Option<(f64, f64)>>,
}

/// What a sample says.
#[derive(Clone, Debug, PartialEq)]
pub struct Tracked {
    /// Measured minus modelled, less the healthy mean, in the outputs' units.
    pub residuals: Row,
    /// What has changed with this sample; channels are the model's outputs.
    pub events: Vec<Event>,
    /// The strongest test by its threshold; above 1 there is an alarm.
    pub score: f64,
    /// From 0 to 1, once a window is full.
    pub fidelity: Option<f64>,
    /// Outputs in alarm, the first first.
    pub anomalies: Vec<Anomaly>,
}

impl Tracking {
    /// Learns from healthy samples, in order, through which the model runs from where it stands;
    /// fidelity is of so many samples.
    ///
    /// # Errors
    /// When the model diverges, a wish cannot be, or too little is to learn from.
    pub fn learn(
        mut beside: Beside,
        healthy: &[Measured],
        wish: &Wish,
        window: usize,
    ) -> Result<Self, String> {
        let residuals: Vec<Row> = healthy
            .iter()
            .map(|sample| beside.residual(sample).map_err(|lost| lost.to_string()))
            .collect::<Result<_, _>>()?;
        let outputs = residuals.first().map_or(0, Vec::len);
        let spreads: Vec<_> = (0..outputs).map(|at| spread(&residuals, at)).collect();
        let residuals: Vec<Row> = residuals.iter().map(|row| centred(row, &spreads)).collect();
        let rows: Vec<Row> = residuals.iter().map(|row| scaled(row, &spreads)).collect();
        let text = |cannot: Cannot| cannot.to_string();
        Ok(Self {
            monitor: Monitor::learn(&rows, wish).map_err(text)?,
            fidelity: Fidelity::learn(&rows, window, BAND, CHANCE).map_err(text)?,
            healthy: spreads,
            beside,
        })
    }

    /// Takes the next sample.
    ///
    /// # Errors
    /// When it comes too late, or the model diverges; nothing has changed then.
    pub fn observe(&mut self, sample: &Measured) -> Result<Tracked, Lost> {
        let residuals = centred(&self.beside.residual(sample)?, &self.healthy);
        let row = scaled(&residuals, &self.healthy);
        let mut events = self.monitor.step(sample.time_s, &row);
        events.extend(self.fidelity.step(sample.time_s, &row).map(Event::Drifting));
        Ok(Tracked {
            residuals,
            events,
            score: self.monitor.score(),
            fidelity: self.fidelity.score(),
            anomalies: self.monitor.anomalies(),
        })
    }

    /// How often false alarms will come, by the healthy samples.
    pub fn promise(&self) -> &Promise {
        self.monitor.promise()
    }
}

/// Mean and deviation of a column, if it has values that differ.
fn spread(rows: &[Row], at: usize) -> Option<(f64, f64)> {
    let values: Vec<f64> =
        rows.iter().filter_map(|row| row[at]).filter(|value| value.is_finite()).collect();
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    let deviation = (squares / count).sqrt();
    (deviation > 0.0).then_some((mean, deviation))
}

fn centred(row: &Row, healthy: &[Option<(f64, f64)>]) -> Row {
    row.iter().zip(healthy).map(|(value, healthy)| Some((*value)? - (*healthy)?.0)).collect()
}

fn scaled(row: &Row, healthy: &[Option<(f64, f64)>]) -> Row {
    row.iter().zip(healthy).map(|(value, healthy)| Some((*value)? / (*healthy)?.1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::noise::Chance;
    use crate::model::registry;

    /// A tank that fills a little and whose level is measured with noise; from a time on its inflow
    /// meter tells too much by a share.
    fn samples(begin: usize, count: usize, wrong: f64) -> Vec<Measured> {
        let tank = registry::find("tank").expect("a model");
        let usual = tank.about().usual_inputs();
        let mut chance = Chance::new(3, begin as u64);
        let sample = |at: usize| {
            let mut inputs = usual.clone();
            inputs[0] *= 1.0 + wrong * (at - begin) as f64 / count as f64;
            let level = 1.2 + 0.002 * chance.normal();
            let outputs = vec![Some(level), Some(293.0 + 0.1 * chance.normal()), None, None];
            Measured { time_s: 60.0 * at as f64, inputs, outputs }
        };
        (begin..begin + count).map(sample).collect()
    }

    fn learnt() -> Tracking {
        let tank = registry::find("tank").expect("a model");
        let p = tank.about().usual_parameters();
        let beside = Beside::new(tank, p, vec![1.2, 293.0], -60.0, 10.0);
        let wish = Wish { step_s: 60.0, false_alarm_every_h: 500.0, ..Wish::default() };
        Tracking::learn(beside, &samples(0, 3_000, 0.0), &wish, 100).expect("enough to learn from")
    }

    #[test]
    fn a_model_that_goes_with_its_machine_keeps_its_fidelity_and_raises_nothing() {
        let mut tracking = learnt();
        let mut last = None;
        for sample in samples(3_000, 1_500, 0.0) {
            let tracked = tracking.observe(&sample).expect("it goes on");
            assert!(tracked.anomalies.is_empty(), "{:?}", tracked.anomalies);
            last = tracked.fidelity;
        }
        assert!(last.is_some_and(|fidelity| fidelity > 0.9), "{last:?}");
    }

    #[test]
    fn a_meter_that_drifts_is_noticed_and_the_fidelity_is_told_to_fall() {
        let mut tracking = learnt();
        let (mut raised, mut falls, mut fidelity) = (None, false, None);
        for sample in samples(3_000, 3_000, 5e-4) {
            let tracked = tracking.observe(&sample).expect("it goes on");
            for event in tracked.events {
                match event {
                    Event::Raised(anomaly) => drop(raised.get_or_insert(anomaly)),
                    Event::Drifting(drift) => falls |= drift.per_h < 0.0,
                    Event::Released { .. } => {}
                }
            }
            fidelity = tracked.fidelity;
        }
        assert_eq!(raised.expect("an alarm").channel, 0);
        assert!(falls && fidelity.is_some_and(|fidelity| fidelity < 0.5), "{fidelity:?}");
    }

    #[test]
    fn too_little_history_is_said() {
        let tank = registry::find("tank").expect("a model");
        let p = tank.about().usual_parameters();
        let beside = Beside::new(tank, p, vec![1.2, 293.0], -60.0, 10.0);
        let error = Tracking::learn(beside, &samples(0, 20, 0.0), &Wish::default(), 100).err();
        assert!(error.is_some_and(|error| error.contains("at least")));
    }
}
