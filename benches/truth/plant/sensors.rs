//! The sensors of a unit: lag, offset of calibration, slow drift, white noise, spikes, quantisation, gaps.

use super::instruments::*;
use super::random::{Purpose, Random, Wander};

/// The kinds of the ten sensors: w, Qout, Tt, Tr, To, then the inputs Tamb, V, pdisch, psuc, wsync.
const KINDS: [Kind; 10] = [
    TACHOMETER,
    FLOW_METER,
    THERMOMETER,
    THERMOMETER,
    THERMOMETER,
    AIR_THERMOMETER,
    VOLTMETER,
    DISCHARGE_GAUGE,
    SUCTION_GAUGE,
    DRIVE_FREQUENCY,
];

/// One sensor.
#[derive(Clone, Debug)]
struct Channel {
    kind: Kind,
    offset: f64,
    drift: Wander,
    /// What the probe itself has reached.
    probe: Option<f64>,
    /// Share of the way to the truth that it goes in a sample.
    follow: f64,
}

/// All sensors of a unit.
#[derive(Clone, Debug)]
pub struct Sensors {
    channels: [Channel; 10],
    random: Random,
    sample_s: f64,
    /// Samples of the present outage yet to come.
    out_for: u64,
}

impl Sensors {
    /// The sensors of a unit, read each `sample_s` seconds.
    pub fn new(seed: u64, unit: usize, sample_s: f64) -> Self {
        let mut random = Random::stream(seed, unit, Purpose::Sensors);
        let channels = KINDS.map(|kind| Channel {
            kind,
            offset: kind.offset * random.inspected(),
            drift: Wander::new(kind.drift, sample_s, &mut random),
            probe: None,
            follow: if kind.lag_s > 0.0 { 1.0 - (-sample_s / kind.lag_s).exp() } else { 1.0 },
        });
        Self { channels, random, sample_s, out_for: 0 }
    }

    /// What the ten sensors report of these true values, in the order of the constant above. `fault` adds to
    /// sensor `.0` the error `.1`, in its unit or as a share of its reading.
    pub fn read(&mut self, truth: [f64; 10], fault: Option<(usize, f64)>) -> [Option<f64>; 10] {
        let out = self.outage();
        std::array::from_fn(|i| {
            let wrong = fault.filter(|f| f.0 == i).map_or(0.0, |f| f.1);
            let reading = self.channels[i].read(truth[i], wrong, &mut self.random);
            let missing = self.random.chance(MISSING);
            (!out && !missing).then_some(reading)
        })
    }

    /// Whether nothing is transmitted now.
    fn outage(&mut self) -> bool {
        if self.out_for > 0 {
            self.out_for -= 1;
            return true;
        }
        if self.random.chance(self.sample_s / OUTAGE_EVERY_S) {
            let length = self.random.uniform(OUTAGE_S[0], OUTAGE_S[1]);
            self.out_for = (length / self.sample_s) as u64;
        }
        false
    }
}

impl Channel {
    /// The next reading of a true value; `wrong` is the error of a failing sensor.
    fn read(&mut self, truth: f64, wrong: f64, random: &mut Random) -> f64 {
        let before = self.probe.unwrap_or(truth);
        let probe = before + self.follow * (truth - before);
        self.probe = Some(probe);
        let scale = if self.kind.of_reading { probe.abs() } else { 1.0 };
        let mut error =
            self.offset + self.drift.step(random) + self.kind.white * random.normal() + wrong;
        if random.chance(SPIKE) {
            let size = self.kind.white * random.uniform(SPIKE_SIZE[0], SPIKE_SIZE[1]);
            error += if random.chance(0.5) { size } else { -size };
        }
        ((probe + scale * error) / self.kind.quantum).round() * self.kind.quantum
    }
}

#[cfg(test)]
mod tests {
    use super::super::figures::{P_DISCHARGE, P_SUCTION};
    use super::*;

    const TRUTH: [f64; 10] = [
        370.698_65,
        0.110_336_5,
        330.0,
        320.0,
        310.0,
        290.0,
        471.2389,
        P_DISCHARGE,
        P_SUCTION,
        376.991_12,
    ];

    #[test]
    fn noise_is_as_stated() {
        let mut s = Sensors::new(1, 1, 10.0);
        let rows: Vec<_> = (0..40_000).map(|_| s.read(TRUTH, None)).collect();
        for (i, kind) in KINDS.iter().enumerate() {
            // Half the difference of neighbours squared: blind to offset and slow drift. The median is blind
            // to spikes.
            let mut d: Vec<f64> =
                rows.windows(2).filter_map(|p| Some((p[1][i]? - p[0][i]?).abs())).collect();
            d.sort_by(f64::total_cmp);
            let rms =
                |v: &[f64]| (v.iter().map(|x| x * x).sum::<f64>() / v.len() as f64 / 2.0).sqrt();
            let sigma = rms(&d[..d.len() * 998 / 1000]);
            let scale = if kind.of_reading { TRUTH[i] } else { 1.0 };
            let stated = ((kind.white * scale).powi(2) + kind.quantum.powi(2) / 12.0).sqrt();
            assert!((sigma / stated - 1.0).abs() < 0.04, "sensor {i}: {sigma}, stated {stated}");
        }
    }

    #[test]
    fn calibration_and_drift_are_as_stated_over_many_sensors() {
        for (i, kind) in KINDS.iter().enumerate() {
            let scale = if kind.of_reading { TRUTH[i] } else { 1.0 };
            let off: Vec<f64> = (0..600)
                .map(|unit| {
                    let mut s = Sensors::new(1, unit, 10.0);
                    let mut v: Vec<f64> = (0..400).filter_map(|_| s.read(TRUTH, None)[i]).collect();
                    v.sort_by(f64::total_cmp);
                    // The mean without its tails: blind to spikes, but not to less than a quantum.
                    let middle = &v[v.len() / 20..v.len() * 19 / 20];
                    (middle.iter().sum::<f64>() / middle.len() as f64 - TRUTH[i]) / scale
                })
                .collect();
            let sigma = (off.iter().map(|x| x * x).sum::<f64>() / off.len() as f64).sqrt();
            // A normal cut at two standard deviations keeps 0.88 of its spread.
            let stated = (0.88 * kind.offset).hypot(kind.drift.sigma);
            assert!((sigma / stated - 1.0).abs() < 0.25, "sensor {i}: {sigma}, stated {stated}");
        }
    }

    #[test]
    fn three_samples_in_a_thousand_are_missing_and_outages_come() {
        let mut s = Sensors::new(1, 1, 10.0);
        let rows: Vec<_> = (0..200_000).map(|_| s.read(TRUTH, None)).collect();
        let dark = rows.iter().filter(|r| r.iter().all(Option::is_none)).count() as f64
            / rows.len() as f64;
        let gaps =
            rows.iter().flatten().filter(|v| v.is_none()).count() as f64 / (10 * rows.len()) as f64;
        assert!((0.002..0.008).contains(&dark), "{dark}");
        assert!((gaps - dark - MISSING).abs() < 0.0003, "{gaps} {dark}");
    }

    #[test]
    fn a_spike_comes_once_in_five_thousand_samples() {
        let mut s = Sensors::new(1, 1, 10.0);
        let far = |v: &Option<f64>| v.is_some_and(|v| (v - TRUTH[2]).abs() > 3.0);
        let n = (0..500_000).filter(|_| far(&s.read(TRUTH, None)[2])).count();
        assert!((70..130).contains(&n), "{n}");
    }

    #[test]
    fn a_failing_sensor_is_wrong_by_what_is_said_and_the_others_are_not() {
        let (mut a, mut b) = (Sensors::new(1, 1, 10.0), Sensors::new(1, 1, 10.0));
        let (x, y) = (a.read(TRUTH, Some((3, 5.0))), b.read(TRUTH, None));
        for i in 0..10 {
            let (Some(x), Some(y)) = (x[i], y[i]) else { continue };
            assert!((x - y - if i == 3 { 5.0 } else { 0.0 }).abs() < 1e-9, "sensor {i}");
        }
    }
}
