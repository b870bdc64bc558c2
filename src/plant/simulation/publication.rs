//! Messages of the plant: which each asset sends, when, and what becomes of them on the way.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use self::checks::can_be_written;
pub use self::checks::check_powered;
use super::balance::Bus;
use super::blocks::UNDERVOLTAGE;
use super::board::Board;
use super::encode::{self, Instant, Measured, Template};
use super::faults::{Fault, FaultSlot};
use super::instrument::Moment;
use super::tap::{Tap, tap};
use super::topic::topic;
use super::wiring::Wiring;
use super::{Message, Spec};
use crate::twin::mapping::{Mapping, Payload, TopicLevel};
use crate::twin::{AssetId, Timestamp, Twin, Value, ValueType};

mod checks;

/// How often a message is sent unless stated otherwise.
const DEFAULT_PERIOD_MS: u32 = 500;
/// Instants in a message that holds a list of samples.
const BATCH: usize = 5;
/// Messages that wait while the network is away; older ones are lost.
pub(super) const LATE: usize = 500;
/// By how much a clock is wrong unless a size is stated, s.
const JUMP_S: f64 = 3600.0;
/// On this, a fault of the network or the clock is one of the whole plant.
pub const PLANT: &str = "plant";

/// One message of one asset, again and again.
pub struct Publication {
    /// Where it is sent.
    pub topic: String,
    mapping: Mapping,
    types: Vec<ValueType>,
    taps: Vec<Tap>,
    /// Plant time from one message to the next.
    pub period_us: i64,
    /// When the next one is due, since the start.
    pub next_us: i64,
    /// The blocks that are to show items and poses before it is sent.
    pub shown_by: Vec<usize>,
    /// How its documents are written fast; tried at the first one.
    template: Option<Option<Template>>,
    /// The payload's format can say that there is no value.
    holds_null: bool,
    /// Of its asset, of the areas around it and of the plant.
    losses: Vec<FaultSlot>,
    jumps: Vec<FaultSlot>,
    /// What feeds its instruments: without it they are silent.
    supply: Option<Bus>,
    batch: Vec<Instant>,
    /// Messages that the network did not take, with their time since the start, µs.
    late: VecDeque<(i64, Vec<u8>)>,
}

/// What snapshots keep of a publication.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PublicationState {
    next_us: i64,
    batch: Vec<Instant>,
    stuck: Vec<Option<f64>>,
    late: VecDeque<(i64, Vec<u8>)>,
}

impl Publication {
    /// Measures, and hands over what is full.
    pub fn send(
        &mut self,
        now: Timestamp,
        board: &Board,
        at: Moment,
        sink: &mut dyn FnMut(Message),
    ) {
        if self.supply.is_some_and(|bus| board.meters.share(bus) < UNDERVOLTAGE) {
            self.batch.clear();
            return;
        }
        let readings =
            self.taps.iter_mut().map(|tap| (tap.position, tap.measure(board, at))).collect();
        self.batch.push((now.plus_micros(clock_error_us(board, &self.jumps)), readings));
        let lists = matches!(self.mapping.payload, Payload::Document { samples: Some(_), .. });
        if lists && self.batch.len() < BATCH {
            return;
        }
        let mut ready = Vec::new();
        match &self.mapping.payload {
            Payload::Document { .. } => ready.extend(self.document()),
            Payload::Scalar { read, .. } => {
                for (position, measured) in self.batch.iter().flat_map(|(_, readings)| readings) {
                    let ty = &self.types[usize::from(*position)];
                    if let Some(value) = &measured.value {
                        ready.push(encode::scalar(read, ty, value).into_bytes());
                    }
                }
            }
        }
        self.batch.clear();
        self.pass_on(ready, board, at.elapsed_us, sink);
    }

    /// The payload of a document with all instants; `None`, and said, where it cannot be written.
    fn document(&mut self) -> Option<Vec<u8>> {
        let (payload, types) = (&self.mapping.payload, &self.types);
        let (Payload::Document { format, .. }, Some(last)) = (payload, self.batch.last()) else {
            return None;
        };
        let template = self.template.get_or_insert_with(|| Template::new(payload, types, &last.1));
        if let Some(written) = template.as_ref().and_then(|template| template.write(last)) {
            return Some(written);
        }
        let is_missing = |(_, measured): &(u16, Measured)| measured.value.is_none();
        if !self.holds_null && self.batch.iter().any(|(_, all)| all.iter().any(is_missing)) {
            return None;
        }
        let written = (format.write)(&encode::document(payload, types, &self.batch));
        written.inspect_err(|reason| log::error!("{}: not sent: {reason}", self.topic)).ok()
    }

    /// Sends what is ready, unless the network is away; then what is stated of it waits.
    fn pass_on(
        &mut self,
        ready: Vec<Vec<u8>>,
        board: &Board,
        now_us: i64,
        sink: &mut dyn FnMut(Message),
    ) {
        let (topic, qos) = (&self.topic, self.mapping.qos);
        let mut send =
            |payload| sink(Message { topic: topic.clone(), payload, qos, retain: false });
        let away = self.losses.iter().filter(|slot| board.fault(**slot) > 0.5);
        let keeps_s = away.map(|slot| board.size(*slot).unwrap_or(0.0)).reduce(f64::min);
        let Some(keeps_s) = keeps_s else {
            self.late.drain(..).for_each(|(_, payload)| send(payload));
            ready.into_iter().for_each(send);
            return;
        };
        if !(keeps_s > 0.0) {
            self.late.clear();
            return;
        }
        self.late.extend(ready.into_iter().map(|payload| (now_us, payload)));
        let oldest = now_us.saturating_sub((keeps_s * 1e6) as i64);
        while self.late.len() > LATE || self.late.front().is_some_and(|(at, _)| *at < oldest) {
            self.late.pop_front();
        }
    }

    /// What its state depends on: a state of another form is none of this publication.
    pub fn form(&self) -> String {
        let positions: Vec<u16> = self.taps.iter().map(|tap| tap.position).collect();
        format!("{} {} {positions:?} {:?}", self.topic, self.mapping.topic.text, self.types)
    }

    /// The state for snapshots.
    pub fn state(&self) -> PublicationState {
        let stuck = |tap: &Tap| tap.instrument.as_ref().and_then(|instrument| instrument.stuck);
        PublicationState {
            next_us: self.next_us,
            batch: self.batch.clone(),
            stuck: self.taps.iter().map(stuck).collect(),
            late: self.late.clone(),
        }
    }

    /// Whether a state can be one of this publication.
    pub fn fits(&self, state: &PublicationState) -> bool {
        let is_type = |position: &u16, measured: &Measured| {
            let ty = self.types.get(usize::from(*position));
            matches!(
                (ty, &measured.value),
                (Some(_), None)
                    | (Some(ValueType::Number), Some(Value::Number(_)))
                    | (Some(ValueType::Enumeration(_)), Some(Value::Enumeration(_)))
                    | (Some(ValueType::Pose), Some(Value::Pose(_)))
                    | (Some(ValueType::Items), Some(Value::Items(_)))
            )
        };
        state.stuck.len() == self.taps.len()
            && state.batch.len() < BATCH
            && state.late.len() <= LATE
            && state.next_us >= 0
            && state.batch.iter().flat_map(|(_, readings)| readings).all(|(p, m)| is_type(p, m))
    }

    /// Puts back what [`state`](Self::state) gave, when it [`fits`](Self::fits).
    pub fn restore(&mut self, state: PublicationState) {
        (self.next_us, self.batch, self.late) = (state.next_us, state.batch, state.late);
        for (tap, stuck) in self.taps.iter_mut().zip(state.stuck) {
            if let Some(instrument) = &mut tap.instrument {
                instrument.stuck = stuck;
            }
        }
    }
}

/// By how much stamps are wrong, µs: by that of the most severe fault of some, and of those that are equally
/// severe the first.
pub fn clock_error_us(board: &Board, jumps: &[FaultSlot]) -> i64 {
    let wrong = jumps.iter().map(|slot| (board.fault(*slot), *slot));
    let worst = wrong
        .filter(|(severity, _)| *severity > 0.5)
        .reduce(|worst, other| if other.0 > worst.0 { other } else { worst });
    let size_s = worst.map_or(0.0, |(_, slot)| board.size(slot).unwrap_or(JUMP_S));
    (size_s.clamp(-1e9, 1e9) * 1e6) as i64
}

/// The messages that an asset sends: those of its mappings for which blocks set signals.
pub fn publications_of(
    twin: &Twin,
    id: AssetId,
    spec: &Spec,
    wiring: &mut Wiring,
) -> Vec<Publication> {
    let Some(class) = twin.class_of(id) else { return Vec::new() };
    let asset = twin.asset(id);
    let types: Vec<_> =
        twin.properties_of(id).map(|property| twin.property(property).ty.clone()).collect();
    let around = if class.mappings.is_empty() { Vec::new() } else { names_around(twin, id) };
    let losses: Vec<_> = around.iter().map(|on| wiring.fault(on, Fault::NetworkLoss)).collect();
    let jumps: Vec<_> = around.iter().map(|on| wiring.fault(on, Fault::ClockJump)).collect();
    let feeds = |names: &Vec<String>| names.iter().any(|name| around.contains(name));
    let supply = spec.powered.iter().find(|(_, names)| feeds(names));
    let supply = supply.map(|(supply, _)| wiring.bus(supply));
    let mut publications = Vec::new();
    for mapping in &class.mappings {
        if let Err(reason) = can_be_written(&mapping.payload, &types, true) {
            let message = format!("the topic {} of {}: {reason}", mapping.topic.text, asset.path);
            wiring.mistakes.push((asset.name.to_string(), message));
            continue;
        }
        let one_each = mapping.topic.levels.contains(&TopicLevel::Property);
        let positions: Vec<u16> = match &mapping.payload {
            Payload::Document { fields, .. } => fields.iter().map(|field| field.property).collect(),
            Payload::Scalar { property: Some(property), .. } => vec![*property],
            Payload::Scalar { property: None, .. } => (0..types.len() as u16).collect(),
        };
        let before = wiring.transmitters.len();
        let taps: Vec<_> = positions
            .iter()
            .filter_map(|position| tap(twin, id, *position, spec, wiring))
            .collect();
        wiring.transmitters[before..].iter_mut().for_each(|one| one.supply = supply);
        let period_ms = period_ms(spec, &class.name, &mapping.topic.text);
        let period_us = i64::from(period_ms) * 1000;
        // Assets take turns within a period, so that messages do not come in bursts.
        let next_us = (i64::from(id.0) * 7_919_000).rem_euclid(period_us);
        let groups: Vec<Vec<Tap>> =
            if one_each { taps.into_iter().map(|tap| vec![tap]).collect() } else { vec![taps] };
        for taps in groups.into_iter().filter(|taps| !taps.is_empty()) {
            let property =
                twin.property(twin.property_at(id, usize::from(taps[0].position))).name.clone();
            let topic = topic(twin, id, mapping, &property);
            let shown_by = wiring.shown_by(taps.iter().map(|tap| tap.slot));
            publications.push(Publication {
                topic,
                mapping: Mapping {
                    payload: mapping.payload.filled(twin, id).into_owned(),
                    ..mapping.clone()
                },
                types: types.clone(),
                taps,
                period_us,
                next_us,
                shown_by,
                template: None,
                holds_null: can_be_written(&mapping.payload, &types, false).is_ok(),
                losses: losses.clone(),
                jumps: jumps.clone(),
                supply,
                batch: Vec::new(),
                late: VecDeque::new(),
            });
        }
    }
    publications
}

/// Milliseconds from one message to the next: as stated for the class and the last level of its topic
/// (`Pump/control`), for that level in every class (`/control`), or for the class.
fn period_ms(spec: &Spec, class: &str, topic: &str) -> u32 {
    let last = topic.rsplit('/').next().unwrap_or_default();
    let keys = [format!("{class}/{last}"), format!("/{last}"), class.to_string()];
    let stated = keys.iter().find_map(|key| spec.periods_ms.get(key)).copied();
    stated.unwrap_or(DEFAULT_PERIOD_MS).max(1)
}

/// The faults by which an asset's messages are lost: its own, those of what it stands in, and that of the
/// plant.
pub fn losses_of(twin: &Twin, id: AssetId, wiring: &mut Wiring) -> Vec<FaultSlot> {
    names_around(twin, id).iter().map(|on| wiring.fault(on, Fault::NetworkLoss)).collect()
}

/// An asset, what it stands in, and the plant as a whole.
fn names_around(twin: &Twin, id: AssetId) -> Vec<String> {
    let mut names = Vec::new();
    let mut next = Some(id);
    while let Some(id) = next {
        names.push(twin.asset(id).name.to_string());
        next = twin.asset(id).parent;
    }
    names.push(PLANT.to_string());
    names
}
