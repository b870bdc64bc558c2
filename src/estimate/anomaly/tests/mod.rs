//! What anomaly detection does, as facts.

mod asset;
mod monitoring;
mod sequential;
mod tracking;

use super::*;
use crate::model::noise::RandomStream;

/// A course of AR(1) noise of standard deviation 1.
struct Course {
    random: RandomStream,
    correlation: f64,
    now: f64,
}

impl Course {
    fn new(correlation: f64, stream: u64) -> Self {
        Self { random: RandomStream::new(11, stream), correlation, now: 0.0 }
    }

    fn next(&mut self) -> f64 {
        let rest = (1.0 - self.correlation * self.correlation).sqrt();
        self.now = self.correlation * self.now + rest * self.random.normal();
        self.now
    }
}

/// Five channels that one slow load drives, each in its own way and with its own noise of 0.1.
struct Plant {
    load: Course,
    random: RandomStream,
}

impl Plant {
    const NAMES: [&'static str; 5] = ["power", "flow", "pressure", "speed", "temperature"];

    fn new(stream: u64) -> Self {
        Self { load: Course::new(0.98, stream), random: RandomStream::new(12, stream) }
    }

    fn row(&mut self) -> Row {
        let load = self.load.next();
        let true_values =
            [load, 2.0 * load, 0.2 * load * load + load, -load, 5.0 + 0.5 * libm::tanh(load)];
        true_values.map(|value| Some(value + 0.1 * self.random.normal())).to_vec()
    }

    fn rows(stream: u64, many: usize) -> Vec<Row> {
        let mut plant = Self::new(stream);
        (0..many).map(|_| plant.row()).collect()
    }
}

/// A machine that is set to a speed and a load, and whose three outputs follow them slowly.
struct Machine {
    random: RandomStream,
    outputs: Option<[f64; 3]>,
}

impl Machine {
    /// Speed and load of its modes; the fifth is not learned.
    const MODES: [(f64, f64); 5] =
        [(10.0, 0.2), (30.0, 0.5), (30.0, 0.9), (50.0, 0.4), (48.0, 0.9)];

    fn new(stream: u64) -> Self {
        Self { random: RandomStream::new(13, stream), outputs: None }
    }

    fn setup() -> DetectorSetup {
        let mut setup = DetectorSetup::new(["speed", "load", "power", "flow", "heat"]);
        setup.gate.inputs = vec![0, 1];
        setup.design.false_alarm_every_h = 1.0;
        setup
    }

    fn row(&mut self, mode: usize) -> Row {
        let (speed, load) = Self::MODES[mode];
        let goal = [speed * load, 0.4 * speed, 20.0 + 0.5 * speed * load];
        let now = self.outputs.unwrap_or(goal);
        let next = [0, 1, 2].map(|at| now[at] + 0.25 * (goal[at] - now[at]));
        self.outputs = Some(next);
        let values = [speed, load, next[0], next[1], next[2]];
        let noise = [0.1, 0.002, 0.2, 0.1, 0.2];
        let noisy = values.iter().zip(noise).map(|(x, s)| Some(x + s * self.random.normal()));
        noisy.collect()
    }

    /// Four modes after one another, again and again, each for 150 rows.
    fn day(stream: u64, many: usize) -> Vec<Row> {
        let mut machine = Self::new(stream);
        (0..many).map(|at| machine.row(at / 150 % 4)).collect()
    }
}
