//! A plant without a broker, as its messages tell of it: what a stranger would know.

use std::collections::BTreeMap;
use std::time::Duration;

use twinscope::plant::simulation::{Message, Simulation};
use twinscope::telemetry::{Batch, Decoder};
use twinscope::twin::{Quality, Timestamp, Twin, Value, ValueType};

/// When plants start here: noon on the first of March 2026.
pub const START: Timestamp = Timestamp(1_772_366_400_000_000);

/// A value at a time since the start.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// s.
    pub at_s: f64,
    /// `None`: the instrument told nothing.
    pub value: Option<Value>,
    /// How far the plant trusts it.
    pub quality: Quality,
}

impl Point {
    /// The number; not a number where there is none.
    pub fn number(&self) -> f64 {
        match self.value {
            Some(Value::Number(number)) => number,
            _ => f64::NAN,
        }
    }
}

/// A plant and all that its messages have told.
pub struct Observed {
    pub twin: Twin,
    pub simulation: Simulation,
    decoder: Decoder,
    /// By `P-102.vibration`, in the order of arrival.
    pub series: BTreeMap<String, Vec<Point>>,
    /// Messages that could not be read without a fault.
    pub faulty: Vec<String>,
    /// Answers and announcements, which are for others than a mirror: time in seconds, topic, payload.
    pub told: Vec<(f64, String, String)>,
    elapsed: Duration,
}

impl Observed {
    /// A plant that has not told anything yet.
    pub fn new(twin: Twin, seed: u64) -> Self {
        let simulation = Simulation::new(&twin, seed, START);
        let simulation = simulation.unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
        let decoder = Decoder::new(&twin);
        Self {
            twin,
            simulation,
            decoder,
            series: BTreeMap::new(),
            faulty: Vec::new(),
            told: Vec::new(),
            elapsed: Duration::ZERO,
        }
    }

    /// Lets so many seconds pass.
    pub fn run(&mut self, seconds: f64) -> &mut Self {
        self.elapsed += Duration::from_secs_f64(seconds);
        let mut sent: Vec<Message> = Vec::new();
        self.simulation.advance(self.elapsed, &mut |message| sent.push(message));
        sent.iter().for_each(|message| self.take_in(message));
        self
    }

    fn take_in(&mut self, message: &Message) {
        let mut batch = Batch::default();
        let (topic, now) = (&message.topic, self.simulation.now());
        if topic.ends_with("/answer") || topic.ends_with("/maintenance") {
            let text = String::from_utf8_lossy(&message.payload).into_owned();
            self.told.push((now.seconds_since(START), topic.clone(), text));
            return;
        }
        let decoded = self.decoder.decode(topic, &message.payload, now, &mut batch);
        if decoded.fault.is_some() {
            self.faulty.push(format!("{topic}: {}", decoded.reason()));
        }
        for update in batch.updates {
            let asset = &self.twin.asset(self.twin.owner(update.property)).name;
            let name = format!("{asset}.{}", self.twin.property(update.property).name);
            let at_s = update.time.unwrap_or(now).seconds_since(START);
            let point = Point { at_s, value: update.value, quality: update.quality };
            self.series.entry(name).or_default().push(point);
        }
    }

    /// All that was told of a property; ends the test when that is nothing.
    pub fn points(&self, name: &str) -> &[Point] {
        match self.series.get(name) {
            Some(points) => points,
            None => panic!("nothing was told of {name}; known: {:?}", self.series.keys()),
        }
    }

    /// The last number of a property.
    pub fn number(&self, name: &str) -> f64 {
        self.points(name).last().expect("a value").number()
    }

    /// The last word of a property.
    pub fn word(&self, name: &str) -> &str {
        let (asset, property) = name.rsplit_once('.').expect("asset.property");
        let id = self.twin.asset_ids().find(|id| &*self.twin.asset(*id).name == asset);
        let id = self.twin.find_property(id.expect("an asset"), property).expect("a property");
        match (&self.points(name).last().expect("a value").value, &self.twin.property(id).ty) {
            (Some(Value::Enumeration(at)), ValueType::Enumeration(names)) => &names[*at as usize],
            (value, _) => panic!("{name} is {value:?}, no word"),
        }
    }

    /// The mean of the numbers between two times.
    pub fn mean(&self, name: &str, from_s: f64, to_s: f64) -> f64 {
        let within = |point: &&Point| point.at_s >= from_s && point.at_s < to_s;
        let numbers: Vec<f64> =
            self.points(name).iter().filter(within).map(Point::number).collect();
        assert!(!numbers.is_empty(), "nothing of {name} from {from_s} s to {to_s} s");
        numbers.iter().sum::<f64>() / numbers.len() as f64
    }

    /// When a number was first so.
    pub fn first(&self, name: &str, mut is_so: impl FnMut(f64) -> bool) -> Option<f64> {
        self.points(name).iter().find(|point| is_so(point.number())).map(|point| point.at_s)
    }
}

#[test]
fn what_a_plant_tells_is_read_back_by_name_and_time() {
    let mut plant = Observed::new(crate::programs::scene("pump_station.ron"), 1);
    plant.run(10.0).run(10.0);
    assert_eq!(plant.faulty, Vec::<String>::new());
    let flow = plant.points("FT-1.flow");
    assert!(flow.len() > 150 && flow.windows(2).all(|two| two[0].at_s < two[1].at_s));
    assert!((19.0..=20.0).contains(&flow.last().unwrap().at_s), "{:?}", flow.last());
    assert!((5.0..40.0).contains(&plant.mean("FT-1.flow", 5.0, 15.0)));
    assert_eq!(plant.first("FT-1.flow", |flow| flow > 0.0), Some(flow[0].at_s));
    assert_eq!(plant.word("P-1.state"), "running");
}
