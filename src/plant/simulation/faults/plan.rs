//! Faults that come by themselves: at stated times, and by rates.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Fault, FaultSlot, Faults, Occurrence};
use crate::plant::simulation::noise;
use crate::plant::simulation::places::entry;
use crate::plant::simulation::wiring::Wiring;
use crate::twin::nearest;

/// Disturbances an hour of a decent plant, each over all that can have it: six in all.
const DECENT: [(Fault, f64); 12] = [
    (Fault::Jam, 1.2),
    (Fault::Dropout, 1.0),
    (Fault::NoCaps, 0.9),
    (Fault::BrokenCrate, 0.7),
    (Fault::Gripper, 0.5),
    (Fault::Obstacle, 0.5),
    (Fault::Noise, 0.4),
    (Fault::Blockage, 0.25),
    (Fault::NetworkLoss, 0.2),
    (Fault::Trip, 0.15),
    (Fault::Stuck, 0.1),
    (Fault::Dip, 0.1),
];

/// The `faults` field of the section.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FaultsSpec {
    /// How often what comes by chance.
    pub rates: Rates,
    /// What comes when.
    pub schedule: Vec<Scheduled>,
}

/// How often what comes by chance.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rates {
    /// Nothing does.
    #[default]
    None,
    /// As in a decent plant: six disturbances an hour over all machines.
    Decent,
    /// Occurrences an hour over all that can have it, by the name of the fault.
    PerHour(BTreeMap<String, f64>),
}

/// A fault that comes at a stated time.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scheduled {
    /// Since the first message, s.
    pub at_s: f64,
    /// Its name.
    pub fault: String,
    /// The machine, or `asset.property`.
    pub on: String,
    /// 0 to 1; 1 unless stated otherwise.
    #[serde(default)]
    pub severity: Option<f64>,
    /// In the fault's own unit.
    #[serde(default)]
    pub size: Option<f64>,
    /// Time in which it comes and goes, s; as in the catalogue unless stated otherwise.
    #[serde(default)]
    pub ramp_s: Option<f64>,
    /// Time for which it stays, s; as in the catalogue unless stated otherwise.
    #[serde(default)]
    pub for_s: Option<f64>,
}

/// How a fault comes and goes; what is not stated is as in the catalogue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Course {
    /// 0 to 1.
    pub severity: Option<f64>,
    /// In the fault's own unit.
    pub size: Option<f64>,
    /// Time in which it comes and goes, s.
    pub ramp_s: Option<f64>,
    /// Time for which it stays, s.
    pub for_s: Option<f64>,
}

impl Course {
    /// The occurrence of a fault from a time on.
    ///
    /// # Errors
    /// When a number is none that can be.
    pub fn occurrence(
        self,
        slot: FaultSlot,
        fault: Fault,
        from_us: i64,
    ) -> Result<Occurrence, String> {
        let usual = Occurrence::usual(slot, fault, from_us);
        let micros = |name: &str, seconds: f64| {
            if (0.0..=1e9).contains(&seconds) {
                Ok((seconds * 1e6) as i64)
            } else {
                Err(format!("{name} is {seconds}; expected 0 to 1000000000 seconds"))
            }
        };
        let severity = self.severity.unwrap_or(1.0);
        if !(0.0..=1.0).contains(&severity) {
            return Err(format!("the severity is {severity}; expected 0 to 1"));
        }
        let least = fault.acts_above();
        if severity <= least {
            return Err(format!(
                "the severity is {severity}; expected above {least}, from where a {:?} shows, up to 1",
                fault.name()
            ));
        }
        if self.size.is_some() && fault.about().size.is_none() {
            return Err(format!("a fault {:?} has no size, only a severity", fault.name()));
        }
        if let Some(size) = self.size {
            fault.check_size(size)?;
        }
        Ok(Occurrence {
            severity,
            size: self.size,
            ramp_us: self.ramp_s.map_or(Ok(usual.ramp_us), |s| micros("ramp_s", s))?,
            for_us: match self.for_s {
                Some(s) => Some(micros("for_s", s)?),
                None => usual.for_us,
            },
            ..usual
        })
    }
}

/// A fault that is drawn in each second.
#[derive(Clone, Debug)]
struct Drawn {
    fault: Fault,
    stream: u64,
    probability: f64,
    /// What can have it: one of them is drawn.
    able: Vec<FaultSlot>,
}

/// What comes by itself.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// In the order of their times, which count from the first message.
    schedule: Vec<Occurrence>,
    /// What is drawn in each second.
    drawn: Vec<Drawn>,
}

impl Plan {
    /// What the section states; notes what cannot be.
    pub fn new(spec: &FaultsSpec, wiring: &mut Wiring) -> Self {
        let mut plan = Self::default();
        let mut wrong = Vec::new();
        let mut wrong_entries = Vec::new();
        let faults = wiring.faults();
        for (number, Scheduled { at_s, fault, on, severity, size, ramp_s, for_s }) in
            spec.schedule.iter().enumerate()
        {
            let course =
                Course { severity: *severity, size: *size, ramp_s: *ramp_s, for_s: *for_s };
            if !(0.0..=1e9).contains(at_s) {
                let what = format!(
                    "at_s is {at_s}; expected 0 to 1000000000 seconds since the first message"
                );
                wrong_entries.push((number, "at_s".to_string(), what));
                continue;
            }
            let found = faults.look_up(fault, on);
            match found
                .and_then(|(slot, fault)| course.occurrence(slot, fault, (at_s * 1e6) as i64))
            {
                Ok(occurrence) => plan.schedule.push(occurrence),
                Err(what) => wrong_entries.push((number, on.clone(), what)),
            }
        }
        plan.schedule.sort_by_key(|occurrence| occurrence.from_us);
        let rates: Vec<(Fault, f64)> = match &spec.rates {
            Rates::None => Vec::new(),
            Rates::Decent => DECENT.to_vec(),
            Rates::PerHour(rates) => rates
                .iter()
                .filter_map(|(name, rate)| rate_of(name, *rate, faults, &mut wrong))
                .collect(),
        };
        for (fault, an_hour) in rates {
            let all = faults.known().filter(|(_, _, known)| *known == fault);
            let able: Vec<_> = all.map(|(slot, _, _)| slot).collect();
            let stream = noise::stream(&format!("{} comes", fault.name()));
            if !able.is_empty() {
                plan.drawn.push(Drawn { fault, stream, probability: an_hour / 3600.0, able });
            }
        }
        for (number, word, what) in wrong_entries {
            wiring.enter(Some(entry(["faults", "schedule", &number.to_string()])));
            wiring.mistakes.push((word, what));
        }
        wiring.enter(Some(entry(["faults", "rates"])));
        wiring.mistakes.extend(wrong);
        wiring.enter(None);
        plan
    }

    /// Brings what comes in a step that ends at `elapsed_us` since the first message and lasted `dt_us`;
    /// faults count in a time that is `offset_us` later.
    pub fn bring(
        &self,
        faults: &mut Faults,
        seed: u64,
        (elapsed_us, dt_us): (i64, i64),
        offset_us: i64,
    ) {
        let before = elapsed_us - dt_us;
        let from = self.schedule.partition_point(|o| o.from_us < before);
        for occurrence in self.schedule[from..].iter().take_while(|o| o.from_us < elapsed_us) {
            let from_us = occurrence.from_us + offset_us;
            add(faults, Occurrence { from_us, ..*occurrence });
        }
        let second = elapsed_us.div_euclid(1_000_000);
        if second == before.div_euclid(1_000_000) || self.drawn.is_empty() {
            return;
        }
        let second = second as u64;
        for Drawn { fault, stream, probability, able } in &self.drawn {
            if noise::uniform(seed, *stream, second) >= *probability {
                continue;
            }
            let slot = able[(noise::hash(seed, stream ^ 1, second) % able.len() as u64) as usize];
            if !faults.present().iter().any(|present| present.slot == slot) {
                // Some are light and some are heavy; all are felt.
                let severity = 0.6 + 0.4 * noise::uniform(seed, stream ^ 2, second);
                let usual = Occurrence::usual(slot, *fault, elapsed_us + offset_us);
                // What the catalogue lets stay for good is mended after an hour.
                let for_us = usual.for_us.or(Some(3_600_000_000));
                add(faults, Occurrence { severity, for_us, ..usual });
            }
        }
    }
}

fn add(faults: &mut Faults, occurrence: Occurrence) {
    if let Err(reason) = faults.inject(occurrence) {
        log::warn!("a fault of the simulated plant did not come: {reason}");
    }
}

fn rate_of(
    name: &str,
    rate: f64,
    faults: &Faults,
    wrong: &mut Vec<(String, String)>,
) -> Option<(Fault, f64)> {
    let Some(fault) = Fault::named(name) else {
        let near = nearest(name, Fault::catalogue().iter().map(|about| about.name));
        let near = near.map(|near| format!("; nearest: {near:?}")).unwrap_or_default();
        wrong.push((name.to_string(), format!("there is no fault {name:?}{near}")));
        return None;
    };
    if !(0.0..=3600.0).contains(&rate) {
        let what = format!("the rate of {name:?} is {rate}; expected 0 to 3600 an hour");
        wrong.push((name.to_string(), what));
        return None;
    }
    if !faults.known().any(|(_, _, known)| known == fault) {
        wrong
            .push((name.to_string(), format!("nothing in this plant can have the fault {name:?}")));
        return None;
    }
    Some((fault, rate))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wiring() -> Wiring {
        let mut wiring = Wiring::default();
        for (fault, _) in DECENT {
            for at in 0..5 {
                wiring.fault(&format!("M-{at}"), fault);
            }
        }
        wiring
    }

    /// How often each fault came in so many hours, looked at each second.
    fn came(spec: &FaultsSpec, seed: u64, hours: i64) -> BTreeMap<&'static str, usize> {
        let mut wiring = wiring();
        let plan = Plan::new(spec, &mut wiring);
        assert!(wiring.mistakes.is_empty(), "{:?}", wiring.mistakes);
        let mut faults = wiring.board().faults;
        let mut counts = BTreeMap::new();
        for second in 1..=hours * 3600 {
            plan.bring(&mut faults, seed, (second * 1_000_000, 1_000_000), 5);
            let new = faults.present().iter().filter(|p| p.from_us == second * 1_000_000 + 5);
            for present in new {
                let fault = faults.known().nth(present.slot.0).expect("known").2;
                *counts.entry(fault.name()).or_insert(0) += 1;
            }
            faults.advance(second * 1_000_000 + 5);
        }
        counts
    }

    #[test]
    fn a_decent_plant_has_six_disturbances_an_hour_on_all_kinds_of_machines() {
        assert!((DECENT.iter().map(|(_, rate)| rate).sum::<f64>() - 6.0).abs() < 1e-9);
        let spec = FaultsSpec { rates: Rates::Decent, ..FaultsSpec::default() };
        let counts = came(&spec, 3, 100);
        let all: usize = counts.values().sum();
        assert!((520..680).contains(&all), "{all} in a hundred hours: {counts:?}");
        assert_eq!(counts.len(), DECENT.len(), "{counts:?}");
        assert!((80..160).contains(&counts["jam"]), "{counts:?}");
        assert_ne!(counts, came(&spec, 4, 100), "by the seed");
    }

    #[test]
    fn what_is_scheduled_comes_at_its_time_once() {
        let entry = |at_s: f64| Scheduled {
            at_s,
            fault: "jam".into(),
            on: "M-2".into(),
            severity: Some(0.7),
            size: None,
            ramp_s: None,
            for_s: Some(4.0),
        };
        let spec = FaultsSpec {
            schedule: vec![entry(20.0), entry(7.5), entry(0.0)],
            ..FaultsSpec::default()
        };
        let mut wiring = wiring();
        let plan = Plan::new(&spec, &mut wiring);
        let mut faults = wiring.board().faults;
        let slot = faults.find("M-2", Fault::Jam).expect("a slot");
        let mut seen = Vec::new();
        for step in 1..=300 {
            let elapsed_us = step * 100_000;
            plan.bring(&mut faults, 1, (elapsed_us, 100_000), 1_000_000);
            faults.advance(elapsed_us + 1_000_000);
            seen.push(faults.severity(slot));
        }
        let present = |from: usize, to: usize| seen[from..to].iter().filter(|s| **s == 0.7).count();
        assert_eq!(present(0, 300), 3 * 39, "three times four seconds: {seen:?}");
        assert_eq!((present(0, 40), present(74, 115), present(199, 240)), (39, 39, 39));
    }

    #[test]
    fn sizes_and_times_that_nothing_has_are_refused_with_what_can_be() {
        let course =
            |size: Option<f64>, ramp_s: Option<f64>| Course { size, ramp_s, ..Course::default() };
        for (fault, course, expected) in [
            (Fault::Bias, course(Some(1e308), None), "expected -1000000000000 to 1000000000000"),
            (Fault::Drift, course(Some(f64::NAN), None), "the size is NaN"),
            (Fault::Noise, course(Some(-1.0), None), "expected 0 to"),
            (Fault::ClockJump, course(Some(1e9), None), "expected -100000000 to 100000000 s"),
            (Fault::Jam, course(None, Some(2e9)), "expected 0 to 1000000000 seconds"),
        ] {
            let slot = Faults::default().add("X", fault);
            let said = course.occurrence(slot, fault, 0).expect_err("it is refused");
            assert!(said.contains(expected), "{said}");
        }
    }

    #[test]
    fn what_cannot_come_is_a_mistake() {
        let section = r#"(rates: per_hour({"jams": 1.0, "leak": 1.0, "jam": -1.0}), schedule: [
            (at_s: 1, fault: "jam", on: "M-9"), (at_s: 1, fault: "jam", on: "M-1", size: 2), (at_s: -1, fault: "jam", on: "M-1")])"#;
        let spec: FaultsSpec = ron::Options::default()
            .with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME)
            .from_str(section)
            .expect("RON");
        let mut wiring = wiring();
        Plan::new(&spec, &mut wiring);
        let said: Vec<&str> = wiring.mistakes.iter().map(|(_, what)| what.as_str()).collect();
        for expected in [
            "\"M-9\" cannot have the fault \"jam\"",
            "has no size",
            "at_s is -1",
            "the rate of \"jam\" is -1",
            "no fault \"jams\"; nearest: \"jam\"",
            "nothing in this plant can have the fault \"leak\"",
        ] {
            assert!(said.iter().any(|said| said.contains(expected)), "{expected}: {said:#?}");
        }
    }
}
