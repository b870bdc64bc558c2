//! Running integrals: turns from a speed, metres from a velocity.
//!
//! An integral gets a sample whenever its source does: the trapezoid between the two samples, or
//! the rectangle where the source is held. A sample that comes late takes its place in the
//! integral too, and everything after it is computed anew, in the same order of additions; so the
//! integral depends on what is in history, and not on the order in which it came.

use super::layout::{Integral, Layout, NONE};
use super::{Mirror, Timestamp};
use crate::history::Inserted;
use crate::twin::Quality;

impl Mirror {
    /// Carries the integrals of a property on after a sample at `time`; `before` was its newest.
    pub(super) fn integrate(
        &mut self,
        first: u32,
        inserted: Inserted,
        before: Option<Timestamp>,
        time: Timestamp,
    ) {
        let mut next = first;
        while next != NONE {
            let integral = self.layout.integrals[next as usize];
            let continues =
                inserted == Inserted::Newest && self.recent.latest_time(integral.derived) == before;
            if continues {
                self.add_step(&integral, time);
            } else {
                match self.to_correct.iter_mut().find(|(at, _)| *at == next) {
                    Some((_, from)) => *from = time.min(*from),
                    None => self.to_correct.push((next, time)),
                }
            }
            next = integral.next;
        }
    }

    /// Computes anew what late samples changed.
    pub(super) fn correct_integrals(&mut self) {
        while let Some((at, from)) = self.to_correct.pop() {
            let integral = self.layout.integrals[at as usize];
            let begin = self.recent.count_until(integral.source, from.plus_micros(-1));
            for place in begin..self.recent.len_of(integral.source) {
                if let Some((time, ..)) = self.recent.number(integral.source, place) {
                    self.add_step(&integral, time);
                }
            }
        }
    }

    /// The integral at a sample of its source, from its value at the sample before.
    fn add_step(&mut self, integral: &Integral, time: Timestamp) {
        let (source, derived) = (integral.source, integral.derived);
        let place = self.recent.count_until(source, time);
        let Some((_, to, quality)) =
            place.checked_sub(1).and_then(|at| self.recent.number(source, at))
        else {
            return;
        };
        let earlier = place.checked_sub(2).and_then(|at| self.recent.number(source, at));
        let value = match earlier {
            None => self.integral_at(integral, time.plus_micros(-1)),
            Some((start, from, quality_before)) => {
                let measured = quality < Quality::Stale && quality_before < Quality::Stale;
                let base = self.integral_at(integral, start);
                let area = self.area(integral, (start, from), (time, to));
                base + if measured { area } else { 0.0 }
            }
        };
        if self.recent.insert_number(derived, time, quality, value).changed() {
            self.mark_changed(derived);
        }
    }

    /// The integral's last value at or before that time, else 0.
    fn integral_at(&self, integral: &Integral, time: Timestamp) -> f64 {
        let at = self.recent.count_until(integral.derived, time).checked_sub(1);
        at.and_then(|at| self.recent.number(integral.derived, at))
            .map_or(0.0, |(_, value, _)| value)
    }

    fn area(
        &self,
        integral: &Integral,
        (start, from): (Timestamp, f64),
        (end, to): (Timestamp, f64),
    ) -> f64 {
        let traits = &self.layout.traits[integral.source.0 as usize];
        let span = end.0.saturating_sub(start.0);
        let stale_after = Layout::stale_after(traits.interval, self.display_delay());
        if span > stale_after || self.broken(traits, start, end) {
            return 0.0;
        }
        let mean = if traits.linear { 0.5 * from + 0.5 * to } else { from };
        let area = mean * integral.per_second * (span as f64 * 1e-6);
        if area.is_finite() { area } else { 0.0 }
    }
}
