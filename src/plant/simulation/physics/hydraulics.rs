//! Pumps in parallel that push through one line: the meeting of their curves and the system's.
//!
//! System: H(Q) = H_static + (R + 10.2 / Kv²) Q², with Q in m³/h, H in m, Kv in m³/h at 1 bar
//! (1 bar is 10.2 m of water). Every pump sees the same head, so the common head at which the
//! pumps' flows add up to the line's is found by bisection; both sides are monotone in it.

use super::pump::PumpPlate;

/// Metres of water for one bar.
pub const METRES_PER_BAR: f64 = 10.2;

/// What the pumps push against.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// Height to lift to, m.
    pub static_head_m: f64,
    /// Friction of pipes, strainer and exchanger, m/(m³/h)².
    pub resistance: f64,
    /// Kv of the valve in m³/h; 0: shut.
    pub kv: f64,
}

impl Line {
    /// Flow in m³/h that a head in m pushes through.
    pub fn flow(&self, head_m: f64) -> f64 {
        if self.kv <= 0.0 {
            return 0.0;
        }
        let total = self.resistance + METRES_PER_BAR / self.kv.powi(2);
        ((head_m - self.static_head_m) / total).max(0.0).sqrt()
    }
}

/// The common head in m of pumps (plate, r/min) on a line.
pub fn meeting_head(pumps: &[(&PumpPlate, f64)], line: &Line) -> f64 {
    let top = pumps
        .iter()
        .map(|(plate, speed)| plate.shutoff_head * (speed / plate.rated_speed).powi(2))
        .fold(0.0, f64::max);
    let (mut low, mut high) = (0.0, top);
    for _ in 0..48 {
        let middle = (low + high) / 2.0;
        let delivered: f64 = pumps.iter().map(|(plate, speed)| plate.flow(middle, *speed)).sum();
        if delivered > line.flow(middle) { low = middle } else { high = middle }
    }
    (low + high) / 2.0
}

/// Kv in m³/h of an equal-percentage valve at an opening in percent; shut below 0.5 %.
pub fn equal_percentage_kv(kvs: f64, rangeability: f64, opening_percent: f64) -> f64 {
    let opening = (opening_percent / 100.0).clamp(0.0, 1.0);
    if opening < 0.005 { 0.0 } else { kvs * rangeability.powf(opening - 1.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_pumps_deliver_more_than_one_and_less_than_twice_as_much() {
        let plate = PumpPlate {
            rated_speed: 2900.0,
            rated_flow: 20.0,
            rated_head: 30.0,
            shutoff_head: 38.0,
            ramp_s: 6.0,
            efficiency: 0.66,
        };
        let line = Line { static_head_m: 5.0, resistance: 0.02, kv: 40.0 };
        let one = line.flow(meeting_head(&[(&plate, 2900.0)], &line));
        let two = line.flow(meeting_head(&[(&plate, 2900.0), (&plate, 2900.0)], &line));
        assert!(two > one * 1.1 && two < one * 2.0, "{one} {two}");
        // One pump by hand: 38 − 0.02 Q² = 5 + (0.02 + 10.2/1600) Q², Q = 26.677 m³/h.
        assert!((one - (33.0f64 / 0.046_375).sqrt()).abs() < 1e-6, "{one}");
    }

    #[test]
    fn a_shut_valve_lets_nothing_through_and_an_open_one_its_kvs() {
        assert_eq!(equal_percentage_kv(40.0, 50.0, 0.0), 0.0);
        assert_eq!(equal_percentage_kv(40.0, 50.0, 100.0), 40.0);
        assert!((equal_percentage_kv(40.0, 50.0, 50.0) - 40.0 / 50f64.sqrt()).abs() < 1e-9);
    }
}
