//! All messages of the simulated plant, in order: birth messages, measurements and its clock, and the
//! will. Without a thread, a socket or a clock of its own, so that a broker's client and a page can
//! both publish them.

use std::collections::{BTreeMap, VecDeque};
use std::ops::RangeInclusive;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::instructor::{self, Order};
use super::parts::Parts;
use super::{LARGEST, LONGEST_TOPIC, Message, Mistake, Setup, Simulation, encode};
use crate::twin::mapping::ClockSource;
use crate::twin::{Timestamp, Twin};

/// Real time that is caught up at most in one go: after a suspended computer the plant goes on from
/// now.
const CATCH_UP: Duration = Duration::from_secs(5);
/// Real time from one message of the plant's clock to the next.
const CLOCK_EVERY: Duration = Duration::from_millis(500);
/// Snapshots that are kept in memory.
const MOST_KEPT: usize = 16;

/// Plant seconds that may pass in one second.
pub const SPEEDS: RangeInclusive<f64> = 0.01..=10_000.0;

/// Where snapshots are kept by their names, which are safe as names of files.
pub trait Shelf: Send {
    /// Keeps one; an older one of the same name is gone then.
    ///
    /// # Errors
    /// Why it cannot be kept.
    fn put(&mut self, name: &str, snapshot: &[u8]) -> Result<(), String>;

    /// The one of that name.
    ///
    /// # Errors
    /// Why it is not there; names the nearest.
    fn get(&mut self, name: &str) -> Result<Vec<u8>, String>;
}

/// Snapshots in memory, gone with the program.
#[derive(Debug, Default)]
struct Memory(BTreeMap<String, Vec<u8>>);

impl Shelf for Memory {
    fn put(&mut self, name: &str, snapshot: &[u8]) -> Result<(), String> {
        if self.0.len() >= MOST_KEPT && !self.0.contains_key(name) {
            return Err(format!(
                "{MOST_KEPT} snapshots are kept already; take one of their names, or run the plant \
                 with --snapshots FOLDER"
            ));
        }
        self.0.insert(name.to_string(), snapshot.to_vec());
        Ok(())
    }

    fn get(&mut self, name: &str) -> Result<Vec<u8>, String> {
        self.0.get(name).cloned().ok_or_else(|| no_snapshot(name, self.0.keys()))
    }
}

/// That there is no snapshot of that name.
pub fn no_snapshot<'a>(name: &str, kept: impl Iterator<Item = &'a String>) -> String {
    let near = crate::twin::nearest(name, kept.map(String::as_str));
    let near = near.map(|near| format!("; nearest: {near:?}")).unwrap_or_default();
    format!("there is no snapshot {name:?}{near}")
}

/// Why a plant cannot be simulated.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    /// The speed is outside of [`SPEEDS`].
    #[error("the speed {0} cannot be used: expected a number from {from} to {to}",
            from = SPEEDS.start(), to = SPEEDS.end())]
    Speed(f64),
    /// The twin file's simulation section is wrong.
    #[error("{}", lines(.0))]
    Simulation(Vec<Mistake>),
    /// Somebody asked for the end while it warmed up.
    #[error("it was stopped while it warmed up")]
    Stopped,
}

/// What is wrong with a script.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct BadScript {
    /// Which of its messages, from 0.
    pub at: usize,
    /// What is wrong, and what to do.
    pub reason: String,
}

fn lines(mistakes: &[Mistake]) -> String {
    mistakes.iter().map(Mistake::to_string).collect::<Vec<_>>().join("\n")
}

/// The messages of a simulated plant.
pub struct MessageSource {
    simulation: Simulation,
    speed: f64,
    is_frozen: bool,
    /// Plant time since the start.
    plant: Duration,
    /// Plant time that has passed altogether: what was put back has passed, too.
    passed: Duration,
    clock: Option<ClockSource>,
    /// Plant time of the next message of its clock, since the start.
    clock_due: Duration,
    /// Real time since the last message of its clock, while it is frozen.
    since_clock: Duration,
    birth: Vec<Message>,
    will: Vec<Message>,
    /// Answers that wait to be sent.
    said: Vec<Message>,
    shelf: Box<dyn Shelf>,
    /// Plant seconds that are known to pass in one second, as the clock's messages state it.
    rate: f64,
    /// What it is told when.
    script: VecDeque<Scripted>,
    /// Takes note of what it is told.
    journal: Option<Journal>,
}

/// Takes note of a message to the plant: plant time, topic, payload, whether a broker had kept it.
pub type Journal = Box<dyn FnMut(Timestamp, &str, &[u8], bool) + Send>;

/// A message that the plant gets at a stated time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scripted {
    /// Plant time.
    pub at: Timestamp,
    /// Its topic.
    pub topic: String,
    /// Its payload.
    pub payload: Vec<u8>,
    /// A broker had kept it.
    pub retained: bool,
}

impl MessageSource {
    /// The plant of a twin file; `speed` is the plant seconds that pass in one second.
    ///
    /// # Errors
    /// If the speed is not in [`SPEEDS`], the twin has no `simulation` section, or with everything
    /// that is wrong in it.
    pub fn new(twin: &Twin, setup: Setup, speed: f64) -> Result<Self, Unfit> {
        Self::unless(twin, setup, speed, &AtomicBool::new(false))
    }

    /// As [`new`](Self::new); ends early when `stop` is set while the plant warms up.
    ///
    /// # Errors
    /// As those of `new`, and [`Unfit::Stopped`].
    pub fn unless(twin: &Twin, setup: Setup, speed: f64, stop: &AtomicBool) -> Result<Self, Unfit> {
        if !SPEEDS.contains(&speed) {
            return Err(Unfit::Speed(speed));
        }
        let mut simulation = Simulation::cold(twin, setup).map_err(Unfit::Simulation)?;
        if !simulation.warm_up(stop) {
            return Err(Unfit::Stopped);
        }
        Ok(Self {
            simulation,
            speed,
            is_frozen: false,
            plant: Duration::ZERO,
            passed: Duration::ZERO,
            clock: twin.clock.clone(),
            clock_due: Duration::ZERO,
            since_clock: Duration::ZERO,
            birth: presence(twin, true),
            will: presence(twin, false),
            said: Vec::new(),
            shelf: Box::new(Memory::default()),
            rate: speed,
            script: VecDeque::new(),
            journal: None,
        })
    }

    /// Gives it messages, each at its plant time, in their order; those at the beginning that are earlier than now
    /// are left out. Gives how many these are.
    ///
    /// # Errors
    /// If a message is earlier than the one before it, unless that puts the plant back; or is on a topic on
    /// which the plant is told nothing, unless they are those of a journal, to which that may have happened.
    pub fn with_script(
        mut self,
        script: Vec<Scripted>,
        is_journal: bool,
    ) -> Result<(Self, usize), BadScript> {
        let orders = &self.simulation.orders;
        let puts_back =
            |scripted: &Scripted| orders.topics.order(&scripted.topic) == Some("restore");
        for (at, scripted) in script.iter().enumerate() {
            let before = at.checked_sub(1).map(|before| &script[before]);
            if let Some(before) =
                before.filter(|before| scripted.at < before.at && !puts_back(before))
            {
                let reason = format!(
                    "it is at {}, before the message above it at {}; only what follows a `restore` may be",
                    scripted.at, before.at
                );
                return Err(BadScript { at, reason });
            }
            if !is_journal && !orders.knows(&scripted.topic) {
                let near = orders.nearest(&scripted.topic);
                let near = near.map(|near| format!("; nearest: {near:?}")).unwrap_or_default();
                let topic = &scripted.topic;
                let reason = format!("the plant is told nothing on {topic:?}{near}");
                return Err(BadScript { at, reason });
            }
        }
        let now = self.told_now();
        let early = script.iter().take_while(|scripted| scripted.at < now).count();
        self.script = script.into_iter().skip(early).collect();
        Ok((self, early))
    }

    /// Takes note of what it is told, so that the run can be made again.
    pub fn with_journal(mut self, journal: Journal) -> Self {
        self.journal = Some(journal);
        self
    }

    /// Measures and sends no asset's message more often than so.
    pub fn thinned(mut self, every: Duration) -> Self {
        self.simulation.thin(every);
        self
    }

    /// Keeps snapshots elsewhere than in memory.
    pub fn with_shelf(mut self, shelf: Box<dyn Shelf>) -> Self {
        self.shelf = shelf;
        self
    }

    /// Birth messages, to be published first on every connection: the plant is online.
    pub fn birth(&self) -> &[Message] {
        &self.birth
    }

    /// The will, to be published at the end, also by the broker when the connection breaks: the plant is
    /// offline.
    pub fn will(&self) -> &[Message] {
        &self.will
    }

    /// What an instructor can break, to be published on every connection where one may.
    pub fn catalogue(&self) -> Message {
        let simulation = &self.simulation;
        instructor::catalogue(&simulation.orders.topics.instructor, &simulation.board.faults)
    }

    /// The topic filters on which commands to machines come.
    pub fn command_filters(&self) -> Vec<String> {
        self.simulation.command_filters()
    }

    /// The topic filters on which an instructor's orders come, with all that were meant as such.
    pub fn instructor_filters(&self) -> Vec<String> {
        vec![format!("{}#", self.simulation.orders.topics.instructor)]
    }

    /// Takes a command or an instructor's order: the one way in, whoever sent it. What machines and
    /// faults do is done at the next step of the plant. `false` when it is nothing that this plant answers.
    pub fn command(&mut self, topic: &str, payload: &[u8], retained: bool) -> bool {
        let payload = &payload[..payload.len().min(LARGEST + 1)];
        let (now, topics) = (self.told_now(), &self.simulation.orders.topics);
        if topic.len() > LONGEST_TOPIC || topics.is_sent(topic) {
            return false;
        }
        let order = topics.order(topic);
        if let Some(journal) = &mut self.journal {
            journal(now, topic, payload, retained);
        }
        let Some(order @ ("snapshot" | "restore" | "freeze" | "speed")) = order else {
            return self.simulation.command(topic, payload, retained);
        };
        let result = if retained {
            Err("the broker had kept this order; publish orders without retain".to_string())
        } else {
            instructor::read(order, payload, &self.simulation.board.faults)
                .and_then(|order| self.carry_out(order))
        };
        let prefix = &self.simulation.orders.topics.instructor;
        let result = result.as_ref().copied().map_err(String::as_str);
        self.said.push(instructor::answer(prefix, order, result, self.simulation.now()));
        true
    }

    /// Whether the plant itself sends on a topic: what comes back from there is no command.
    pub fn sends(&self, topic: &str) -> bool {
        self.simulation.orders.topics.is_sent(topic)
    }

    /// Whether a message on a topic is more work than others: all of the plant's state is written or read.
    pub fn is_costly(&self, topic: &str) -> bool {
        let order = self.simulation.orders.topics.order(topic);
        matches!(order, Some("snapshot" | "restore"))
    }

    /// Plant time up to which it has run: what it is told now it is told then.
    fn told_now(&self) -> Timestamp {
        self.start() + self.plant
    }

    fn carry_out(&mut self, order: Order) -> Result<(), String> {
        match order {
            Order::Snapshot(name) => {
                let snapshot = self.snapshot().map_err(|damaged| damaged.to_string())?;
                self.shelf.put(&name, &snapshot)
            }
            Order::Restore(name) => {
                let snapshot = self.shelf.get(&name)?;
                self.restore(&snapshot).map_err(|damaged| damaged.to_string())
            }
            Order::Freeze(is_frozen) => {
                // The clock says at once that it stands still.
                (self.is_frozen, self.since_clock) = (is_frozen, CLOCK_EVERY);
                Ok(())
            }
            Order::Speed(speed) => {
                self.set_speed(speed);
                Ok(())
            }
            Order::Fault(..) | Order::Clear(_) => Err("this order is for the plant itself".into()),
        }
    }

    /// Plant seconds that pass in one second.
    pub fn speed(&self) -> f64 {
        self.speed
    }

    /// States the plant seconds that are known to pass in one second.
    pub fn set_rate(&mut self, rate: f64) {
        self.rate = rate;
    }

    /// Plant seconds that are known to pass in one second.
    pub fn rate(&self) -> f64 {
        self.rate
    }

    /// Whether its time stands still.
    pub fn is_frozen(&self) -> bool {
        self.is_frozen
    }

    /// How far its parts are worn, which no message tells.
    pub fn truth(&self) -> &Parts {
        self.simulation.truth()
    }

    fn set_speed(&mut self, speed: f64) {
        (self.speed, self.rate) = (speed, speed);
        self.next_clock();
    }

    /// The first instant of the clock's grid after the present one.
    fn next_clock(&mut self) {
        let every = self.clock_every().as_nanos().max(1);
        let next = (self.plant.as_nanos() / every + 1) * every;
        self.clock_due = Duration::from_nanos(u64::try_from(next).unwrap_or(u64::MAX));
    }

    fn clock_every(&self) -> Duration {
        CLOCK_EVERY.mul_f64(self.speed)
    }

    /// Plant time now.
    pub fn now(&self) -> Timestamp {
        self.simulation.now()
    }

    /// Plant time at the first message.
    pub fn start(&self) -> Timestamp {
        self.simulation.start()
    }

    /// A step of the physics.
    pub fn step(&self) -> Duration {
        self.simulation.step_length()
    }

    /// Plant time that has passed altogether; unlike [`elapsed`](Self::elapsed) it never goes back.
    pub fn passed(&self) -> Duration {
        self.passed
    }

    /// Plant time since the first message.
    pub fn elapsed(&self) -> Duration {
        self.plant
    }

    /// The state of the plant as bytes.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn snapshot(&self) -> Result<Vec<u8>, super::Damaged> {
        self.simulation.snapshot()
    }

    /// Puts back a state: all messages from here on are as if the plant had never gone on.
    ///
    /// # Errors
    /// When the bytes are no state of this plant; it goes on as it was then.
    pub fn restore(&mut self, snapshot: &[u8]) -> Result<(), super::Damaged> {
        self.simulation.restore(snapshot)?;
        self.plant = self.simulation.asked();
        match self.plant {
            // Nothing was told yet.
            Duration::ZERO => self.clock_due = Duration::ZERO,
            _ => self.next_clock(),
        }
        Ok(())
    }

    /// Lets `elapsed` of real time pass, and hands over the messages that are due.
    pub fn advance(&mut self, elapsed: Duration, sink: &mut dyn FnMut(Message)) {
        self.speak(elapsed, sink);
        if !self.is_frozen {
            self.advance_plant(elapsed.min(CATCH_UP).mul_f64(self.speed), sink);
        }
    }

    /// Hands over what does not wait for plant time: answers to an instructor, and the clock of a plant
    /// whose time stands still. `elapsed` is real time.
    pub fn speak(&mut self, elapsed: Duration, sink: &mut dyn FnMut(Message)) {
        self.said.drain(..).for_each(&mut *sink);
        self.simulation.said().into_iter().for_each(&mut *sink);
        if self.is_frozen {
            self.since_clock += elapsed;
            if self.since_clock >= CLOCK_EVERY {
                self.since_clock = Duration::ZERO;
                self.tell_time(self.plant, 0.0, sink);
            }
        }
    }

    /// Lets so much plant time pass, at whatever pace; less where its script lets time stand still on the
    /// way. What the script puts back has passed.
    pub fn advance_plant(&mut self, plant: Duration, sink: &mut dyn FnMut(Message)) {
        let (goal, was_frozen) = (self.passed + plant, self.is_frozen);
        loop {
            let left = goal.saturating_sub(self.passed);
            let stands_still = self.is_frozen && !was_frozen;
            let (now, until) = (self.told_now(), self.told_now() + left);
            let is_due =
                |next: &Scripted| if stands_still { next.at <= now } else { next.at < until };
            let Some(next) = self.script.pop_front_if(|next| is_due(next)) else {
                if !stands_still {
                    self.advance_to(self.plant + left, sink);
                }
                return;
            };
            let Scripted { at, topic, payload, retained } = next;
            if at < now {
                log::warn!("{topic} is told at {now}, for {at} is over: this is another run");
            }
            let since_us = u64::try_from(at.0.saturating_sub(self.start().0)).unwrap_or(0);
            self.advance_to(Duration::from_micros(since_us).max(self.plant), sink);
            if !self.command(&topic, &payload, retained) {
                log::warn!("{at}: the plant does not know the topic {topic}");
            }
            self.speak(Duration::ZERO, sink);
        }
    }

    fn advance_to(&mut self, goal: Duration, sink: &mut dyn FnMut(Message)) {
        self.passed += goal.saturating_sub(self.plant);
        while self.clock.is_some() && self.clock_due <= goal {
            let due = self.clock_due;
            self.simulation.advance(due, sink);
            self.tell_time(due, self.rate, sink);
            self.plant = due;
            self.next_clock();
        }
        self.plant = goal;
        self.simulation.advance(goal, sink);
    }

    fn tell_time(&self, at: Duration, rate: f64, sink: &mut dyn FnMut(Message)) {
        let Some(clock) = &self.clock else { return };
        let micros = i64::try_from(at.as_micros()).unwrap_or(i64::MAX);
        let now = self.simulation.start().plus_micros(micros);
        let Some(now) = self.simulation.told_time(now) else { return };
        let payload = clock_payload(clock, now, rate);
        sink(Message { topic: clock.topic.clone(), payload, qos: 0, retain: false });
    }
}

fn presence(twin: &Twin, online: bool) -> Vec<Message> {
    let message = |presence: &crate::twin::mapping::Presence| {
        let word = if online { &presence.online } else { &presence.offline };
        let payload = if presence.pointer.is_empty() {
            word.clone()
        } else {
            let word = serde_json::Value::String(word.clone());
            encode::fields([(presence.pointer.as_str(), word)]).to_string()
        };
        let topic = presence.topic.clone();
        Message { topic, payload: payload.into_bytes(), qos: 1, retain: true }
    };
    twin.presence.iter().map(message).collect()
}

fn clock_payload(clock: &ClockSource, now: Timestamp, speed: f64) -> Vec<u8> {
    let time = encode::time_value(now, clock.format);
    let rate = clock.rate.as_deref().map(|pointer| (pointer, serde_json::Value::from(speed)));
    if clock.time.is_empty() {
        return match time {
            serde_json::Value::String(text) => text.into_bytes(),
            other => other.to_string().into_bytes(),
        };
    }
    encode::fields([(clock.time.as_str(), time)].into_iter().chain(rate)).to_string().into_bytes()
}
