//! Pumps in parallel that push through one line: the meeting of their curves and the system's.
//!
//! System: H(Q) = H_static + (R + 10.2 / Kv²) Q², with Q in m³/h, H in m, Kv in m³/h at 1 bar
//! (1 bar is 10.2 m of water); a leak before it lets through Kv_leak √(H / 10.2). Every pump sees
//! the same head, so the common head at which the pumps' flows add up to the line's is found by
//! bisection; both sides are monotone in it.

use super::pump::Curve;

/// Metres of water for one bar.
pub const METRES_PER_BAR: f64 = 10.2;
/// Ratio of the flow coefficients of an open valve and one that is about to shut.
const RANGEABILITY: f64 = 30.0;

/// What the pumps push against.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// Height to lift to, m.
    pub static_head_m: f64,
    /// Friction of pipes, strainer and exchanger, m/(m³/h)².
    pub resistance: f64,
    /// Kv of the valve in m³/h; 0: shut.
    pub kv: f64,
    /// Kv of a leak between the pumps and the line, m³/h.
    pub leak_kv: f64,
}

impl Line {
    /// Flow in m³/h that a head in m pushes through.
    pub fn flow(&self, head_m: f64) -> f64 {
        if self.kv <= 0.0 {
            return 0.0;
        }
        let total = self.resistance + METRES_PER_BAR / (self.kv * self.kv);
        ((head_m - self.static_head_m) / total).max(0.0).sqrt()
    }

    /// Flow in m³/h that a head in m loses to the leak.
    pub fn leak(&self, head_m: f64) -> f64 {
        if self.leak_kv > 0.0 {
            self.leak_kv * (head_m / METRES_PER_BAR).max(0.0).sqrt()
        } else {
            0.0
        }
    }
}

/// The common head in m of pumps on a line.
pub fn meeting_head(pumps: &[Curve], line: &Line) -> f64 {
    let (mut low, mut high) = (0.0, pumps.iter().map(|curve| curve.h0_m).fold(0.0, f64::max));
    for _ in 0..48 {
        let middle = (low + high) / 2.0;
        let delivered: f64 = pumps.iter().map(|curve| curve.flow(middle)).sum();
        if delivered > line.flow(middle) + line.leak(middle) { low = middle } else { high = middle }
    }
    (low + high) / 2.0
}

/// Kv in m³/h of an equal-percentage valve at an opening in percent; shut below 0.5 %.
pub fn equal_percentage_kv(kvs: f64, opening_percent: f64) -> f64 {
    let opening = (opening_percent / 100.0).clamp(0.0, 1.0);
    if opening < 0.005 { 0.0 } else { kvs * libm::pow(RANGEABILITY, opening - 1.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUMP: Curve = Curve { h0_m: 38.0, slope: 0.02 };

    fn line() -> Line {
        Line { static_head_m: 5.0, resistance: 0.02, kv: 40.0, leak_kv: 0.0 }
    }

    #[test]
    fn two_pumps_deliver_more_than_one_and_less_than_twice_as_much() {
        let line = line();
        let one = line.flow(meeting_head(&[PUMP], &line));
        let two = line.flow(meeting_head(&[PUMP, PUMP], &line));
        assert!(two > one * 1.1 && two < one * 2.0, "{one} {two}");
        // One pump by hand: 38 − 0.02 Q² = 5 + (0.02 + 10.2/1600) Q², Q = 26.677 m³/h.
        assert!((one - (33.0f64 / 0.046_375).sqrt()).abs() < 1e-6, "{one}");
    }

    #[test]
    fn the_pumps_of_the_bottling_plant_deliver_61_percent_when_one_is_alone() {
        // Two of three at 2600 r/min with the valve open: 43.2 m³/h, one 24.4.
        let pump = Curve { h0_m: 42.0 * (2600.0f64 / 2900.0).powi(2), slope: 0.03 };
        let line = Line { static_head_m: 14.0, resistance: 0.001, kv: 80.0, leak_kv: 0.0 };
        let one = line.flow(meeting_head(&[pump], &line));
        let two = line.flow(meeting_head(&[pump, pump], &line));
        assert!((one - 24.9).abs() < 0.6 && (two - 44.0).abs() < 1.5, "{one} {two}");
        assert!((one / 40.2 - 0.61).abs() < 0.02, "{one} of the 40.2 m³/h that are needed");
    }

    #[test]
    fn a_leak_lowers_the_pressure_and_takes_from_the_line_what_it_loses() {
        let tight = line();
        let leaky = Line { leak_kv: 5.0, ..tight };
        let (before, after) = (meeting_head(&[PUMP], &tight), meeting_head(&[PUMP], &leaky));
        assert!(after < before && leaky.flow(after) < tight.flow(before));
        let delivered = PUMP.flow(after);
        assert!((delivered - leaky.flow(after) - leaky.leak(after)).abs() < 1e-6);
        assert!(delivered > PUMP.flow(before));
    }

    #[test]
    fn a_shut_valve_lets_nothing_through_and_an_open_one_its_kvs() {
        assert_eq!(equal_percentage_kv(40.0, 0.0), 0.0);
        assert_eq!(equal_percentage_kv(40.0, 100.0), 40.0);
        assert!((equal_percentage_kv(40.0, 50.0) - 40.0 / 30f64.sqrt()).abs() < 1e-9);
    }
}
