//! How plant time follows the clock on the wall: in slices, so that commands and the end are not waited
//! for, and no faster than messages can be sent.

use std::time::{Duration, Instant};

use super::MessageSource;

/// Plant time that runs between two looks at the clock.
pub const SLICE: Duration = Duration::from_millis(200);
/// Real time that is worked at most before commands are looked at.
const WORK: Duration = Duration::from_millis(20);
/// Real time that is caught up at most: a plant that cannot keep up, or was suspended, goes on from now.
const CATCH_UP: Duration = Duration::from_secs(1);
/// Real time over which the speed that is reached is measured.
const MEASURE: Duration = Duration::from_secs(2);
/// Below this share of the wanted speed, the clock's messages state the one that is reached.
const KEEPS_UP: f64 = 0.9;

/// Paces a plant.
#[derive(Debug)]
pub struct Pacer {
    before: Instant,
    /// Plant time that has yet to pass.
    owed: Duration,
    /// Since when, at which plant time and for which wanted speed it measures.
    measured_at: Instant,
    measured_from: Duration,
    measured_for: f64,
    /// Somebody was told that it does not keep up.
    is_told: bool,
}

impl Pacer {
    /// From now on.
    pub fn new(source: &MessageSource) -> Self {
        let now = Instant::now();
        Self {
            before: now,
            owed: Duration::ZERO,
            measured_at: now,
            measured_from: source.elapsed(),
            measured_for: source.speed(),
            is_told: false,
        }
    }

    /// Lets real time pass up to now: calls `slice` with plant time to let pass, until nothing is owed, it
    /// says that it cannot, or it has worked for long enough. Gives whether it has caught up.
    pub fn pace(
        &mut self,
        source: &mut MessageSource,
        slice: &mut dyn FnMut(&mut MessageSource, Duration) -> bool,
    ) -> bool {
        let now = Instant::now();
        let (elapsed, speed) = (now.duration_since(self.before), source.speed());
        self.before = now;
        if source.is_frozen() || speed != self.measured_for {
            self.measured_for = speed;
            (self.measured_at, self.measured_from) = (now, source.elapsed());
        }
        if source.is_frozen() {
            self.owed = Duration::ZERO;
            return true;
        }
        // At no more than real time what was missed for longer than that is missed for good, too.
        self.owed = (self.owed + elapsed.mul_f64(speed)).min(CATCH_UP.mul_f64(speed));
        while !self.owed.is_zero() && now.elapsed() < WORK && !source.is_frozen() {
            let plant = self.owed.min(SLICE);
            if !slice(source, plant) {
                break;
            }
            self.owed = self.owed.saturating_sub(plant);
        }
        self.measure(source, speed);
        self.owed.is_zero()
    }

    fn measure(&mut self, source: &mut MessageSource, speed: f64) {
        let real = self.measured_at.elapsed();
        if real < MEASURE {
            return;
        }
        // A plant that was put back has gone backwards: nothing is known of its speed.
        if let Some(plant) = source.elapsed().checked_sub(self.measured_from) {
            let reached = plant.as_secs_f64() / real.as_secs_f64();
            let keeps_up = reached >= KEEPS_UP * speed;
            source.set_rate(if keeps_up { speed } else { (reached * 10.0).round() / 10.0 });
            if !keeps_up && !self.is_told && speed > 1.0 {
                self.is_told = true;
                log::warn!(
                    "the plant reaches {reached:.0} times real time of the {speed} that are wanted: \
                     publishing or this computer carries no more; --out FILE publishes nothing"
                );
            }
        }
        (self.measured_at, self.measured_from) = (Instant::now(), source.elapsed());
    }
}

#[cfg(test)]
mod tests {
    use super::super::Setup;
    use super::super::tests::{WAVE, twin};
    use super::*;
    use crate::twin::Timestamp;

    fn source(speed: f64) -> MessageSource {
        let setup = Setup { seed: 1, start: Timestamp(0), story: false };
        MessageSource::new(&twin(WAVE), setup, speed).expect("a good section")
    }

    #[test]
    fn plant_time_comes_in_slices_and_waits_where_it_cannot_go_on() {
        let mut source = source(1000.0);
        let mut pacer = Pacer::new(&source);
        std::thread::sleep(Duration::from_millis(30));
        assert!(!pacer.pace(&mut source, &mut |_, _| false), "nothing can be sent");
        assert_eq!(source.elapsed(), Duration::ZERO);
        let mut slices = 0;
        let mut run = |source: &mut MessageSource, plant: Duration| {
            assert!(plant <= SLICE);
            slices += 1;
            source.advance_plant(plant, &mut |_| {});
            slices < 100
        };
        pacer.pace(&mut source, &mut run);
        assert!(slices > 1 && source.elapsed() > SLICE, "{slices} slices");
        // What is missed for longer than a second is missed for good.
        std::thread::sleep(Duration::from_millis(1200));
        let owed = pacer.owed;
        pacer.pace(&mut source, &mut |_, _| false);
        assert!(pacer.owed >= owed && pacer.owed == CATCH_UP.mul_f64(1000.0), "{:?}", pacer.owed);
    }

    #[test]
    fn after_a_change_of_speed_its_rate_is_measured_anew() {
        let mut source = source(1.0);
        let mut pacer = Pacer::new(&source);
        let mut run = |source: &mut MessageSource, plant: Duration| {
            source.advance_plant(plant, &mut |_| {});
            true
        };
        std::thread::sleep(Duration::from_millis(1900));
        pacer.pace(&mut source, &mut run);
        let speed = source.instructor_filters().remove(0).replace('#', "speed");
        assert!(source.command(&speed, b"50", false));
        std::thread::sleep(Duration::from_millis(200));
        pacer.pace(&mut source, &mut run);
        assert!(!pacer.is_told && source.rate() == 50.0, "{}", source.rate());
        assert!(pacer.measured_at.elapsed() < Duration::from_secs(1));
    }

    #[test]
    fn a_plant_whose_time_stands_still_owes_nothing() {
        let mut source = source(100.0);
        let freeze = source.instructor_filters().remove(0).replace('#', "freeze");
        assert!(source.command(&freeze, b"true", false) && source.is_frozen());
        let mut pacer = Pacer::new(&source);
        std::thread::sleep(Duration::from_millis(20));
        assert!(pacer.pace(&mut source, &mut |_, _| panic!("no time passes")));
    }
}
