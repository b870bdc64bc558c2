//! How fast parts wear: the stress on each, where 1 is what its stated life was stated for.
//!
//! All are pure functions of what acts on the part; how much of a life a stress takes, and how lives
//! spread, is the concern of `parts.rs`.

/// An impeller: what passes it, as a share of the rated flow.
pub fn impeller(flow_share: f64) -> f64 {
    flow_share.max(0.0)
}

/// A bearing that is worn from 0 to 1: the third power of its load (ISO 281), more the more it is
/// damaged: w′ ∝ 0.05 + w. A life at load 1 ends at w = 1.
pub fn bearing(worn: f64, load: f64) -> f64 {
    // ∫ dw / (0.05 + w) from 0 to 1.
    const LIFE: f64 = 3.044_522_437_723_423;
    let load = load.max(0.0);
    LIFE * (0.05 + worn.clamp(0.0, 1.0)) * load * load * load
}

/// A valve's seat that is worn from 0 to 1: it is cut by what passes at high speed, so most when it is
/// nearly shut. When it is shut, only what a worn seat lets through cuts it.
pub fn seat(worn: f64, position_percent: f64, drop_bar: f64) -> f64 {
    let passes = if position_percent < 0.5 { worn.clamp(0.0, 1.0) } else { 1.0 };
    let throttling = (1.0 - position_percent / 100.0).clamp(0.0, 1.0);
    2.0 * passes * throttling * throttling * drop_bar.max(0.0)
}

/// A valve's packing: the way of its stem, one full stroke a minute being 1.
pub fn packing(moved_percent: f64, dt_s: f64) -> f64 {
    60.0 * moved_percent.abs() / 100.0 / dt_s.max(1e-6)
}

/// The plates of an exchanger that are fouled from 0 to 1: asymptotic, and a slow flow fouls faster.
/// A life at the rated flow ends at w = 1.
pub fn fouling(fouled: f64, flow_share: f64) -> f64 {
    if flow_share <= 0.01 {
        return 0.0;
    }
    // With w′ = 2.01 (1.155 − w) / life, w reaches 1 after one life.
    2.01 * (1.155 - fouled.clamp(0.0, 1.0)) / flow_share.clamp(0.3, 2.0)
}

/// A belt's idlers: metres, as a share of the rated speed.
pub fn idlers(speed_share: f64) -> f64 {
    speed_share.abs()
}

/// A battery: by its age, twice as fast for each 10 K above 25 °C, and by what is drawn from it, as
/// a share of its rated power.
pub fn battery(battery_c: f64, drawn_share: f64) -> f64 {
    libm::exp2((battery_c - 25.0) / 10.0) + 20.0 * drawn_share.max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Wear after one life of steps.
    fn after_a_life(stress: impl Fn(f64) -> f64) -> f64 {
        (0..10_000).fold(0.0, |worn, _| worn + stress(worn) / 10_000.0)
    }

    #[test]
    fn each_law_ends_after_its_life_under_the_stress_it_was_stated_for() {
        for (name, worn) in [
            ("impeller", after_a_life(|_| impeller(1.0))),
            ("bearing", after_a_life(|worn| bearing(worn, 1.0))),
            ("fouling", after_a_life(|fouled| fouling(fouled, 1.0))),
            ("idlers", after_a_life(|_| idlers(1.0))),
            ("battery", after_a_life(|_| battery(25.0, 0.0))),
        ] {
            assert!((worn - 1.0).abs() < 0.01, "{name}: {worn}");
        }
    }

    #[test]
    fn a_tight_seat_that_is_shut_does_not_wear() {
        assert_eq!(seat(0.0, 0.0, 4.0), 0.0);
        assert!(seat(0.0, 1.0, 4.0) > 7.0 && seat(0.5, 0.0, 4.0) == 4.0);
    }

    #[test]
    fn twice_the_load_takes_an_eighth_of_a_bearings_life() {
        assert!((bearing(0.3, 2.0) / bearing(0.3, 1.0) - 8.0).abs() < 1e-9);
    }

    #[test]
    fn a_bearing_ages_fastest_at_its_end_and_plates_foul_fastest_when_clean() {
        assert!(bearing(0.9, 1.0) > 10.0 * bearing(0.0, 1.0));
        assert!(fouling(0.0, 1.0) > 5.0 * fouling(0.95, 1.0));
        assert!(fouling(0.2, 0.5) > fouling(0.2, 1.0) && fouling(0.2, 0.0) == 0.0);
    }
}
