//! What the instruments of the utilities tell of each fault, in the order that physics has.
//!
//! Two plants of one seed have the same noise; what differs is the fault.

use twinscope::twin::Value;

use super::observed::{Observed, Point};
use crate::programs::scene;

/// When faults come, s.
const FROM_S: f64 = 60.0;

/// How a property moves: above or below what it is without the fault, by five deviations of noise.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Moves {
    Up(f64),
    Down(f64),
    /// It becomes this word of its list.
    Becomes(u16),
}
use Moves::{Becomes, Down, Up};

fn number(point: &Point) -> Option<f64> {
    match &point.value {
        Some(Value::Number(number)) => Some(*number),
        Some(Value::Enumeration(at)) => Some(f64::from(*at)),
        _ => None,
    }
}

/// A plant in which something comes, and the same without.
struct Pair {
    with: Observed,
    without: Observed,
}

impl Pair {
    fn new(file: &str, fault: &str, seconds: f64) -> Self {
        let mut without = Observed::new(scene(file), 5);
        without.run(FROM_S);
        let mut with = Observed::new(scene(file), 5);
        with.run(FROM_S);
        let topic = format!("{}/instructor/fault", with.twin.name);
        assert!(with.simulation.command(&topic, fault.as_bytes(), false), "{topic}");
        with.run(seconds);
        without.run(seconds);
        Self { with, without }
    }

    /// When a property first moved so, in seconds since the fault came.
    fn first(&self, name: &str, moves: Moves) -> Option<f64> {
        let (with, without) = (self.with.points(name), self.without.points(name));
        let moved = |(one, other): (&Point, &Point)| {
            let (one_s, other_s) = (one.at_s, other.at_s);
            assert!((one_s - other_s).abs() < 1e-6, "{name}: {one_s} and {other_s}");
            let (now, usual) = (number(one)?, number(other)?);
            let is_so = match moves {
                Up(sigma) => now - usual > 5.0 * sigma,
                Down(sigma) => usual - now > 5.0 * sigma,
                Becomes(word) => now == f64::from(word) && usual != f64::from(word),
            };
            is_so.then_some(one_s - FROM_S)
        };
        with.iter().zip(without).find_map(moved)
    }

    /// Each shows, one after the other.
    fn in_order(&self, symptoms: &[(&str, Moves)]) {
        let mut before = 0.0;
        for (name, moves) in symptoms {
            let at = self.first(name, *moves);
            let at = at.unwrap_or_else(|| panic!("{name} never shows {moves:?}"));
            assert!(
                at >= before,
                "{name} shows {moves:?} after {at} s, but what comes before it after {before} s"
            );
            before = at;
        }
    }
}

/// `state` of a pump that has tripped, and that runs.
const TRIPPED: Moves = Becomes(4);
const RUNNING: Moves = Becomes(2);

#[test]
fn a_bearing_shakes_then_warms_then_trips_and_another_pump_starts() {
    let fault = r#"{"fault":"bearing","on":"P-102","severity":1,"ramp_s":300}"#;
    Pair::new("bottling.ron", fault, 420.0).in_order(&[
        ("P-102.vibration", Up(0.06)),
        ("P-102.bearing", Up(0.05)),
        ("P-102.state", TRIPPED),
        ("P-103.state", RUNNING),
    ]);
}

#[test]
fn a_worn_impeller_delivers_less_takes_less_and_lets_the_valve_open() {
    let fault = r#"{"fault":"impeller","on":"P-102","severity":0.6,"ramp_s":120}"#;
    Pair::new("bottling.ron", fault, 300.0).in_order(&[
        ("P-102.flow", Down(0.05)),
        ("P-102.current", Down(0.03)),
        ("CV-101.position", Up(0.5)),
    ]);
}

#[test]
fn a_shaft_out_of_line_shakes_and_warms_and_nothing_trips() {
    let fault = r#"{"fault":"misalignment","on":"P-102","severity":1}"#;
    let pair = Pair::new("bottling.ron", fault, 180.0);
    pair.in_order(&[("P-102.vibration", Up(0.06)), ("P-102.bearing", Up(0.05))]);
    assert_eq!(pair.first("P-102.state", TRIPPED), None);
}

#[test]
fn a_throttled_suction_shakes_takes_less_and_trips() {
    let fault = r#"{"fault":"cavitation","on":"P-102","severity":1}"#;
    Pair::new("bottling.ron", fault, 60.0).in_order(&[
        ("P-102.vibration", Up(0.06)),
        ("P-102.current", Down(0.03)),
        ("P-102.state", TRIPPED),
        ("P-103.state", RUNNING),
    ]);
}

#[test]
fn a_leak_lowers_pressure_and_flow_and_then_the_level() {
    let fault = r#"{"fault":"leak","on":"LINE-101","severity":1}"#;
    let pair = Pair::new("bottling.ron", fault, 180.0);
    pair.in_order(&[("FT-101.flow", Down(0.08)), ("TK-102.percent", Down(0.05))]);
    assert!(pair.first("P-102.flow", Up(0.05)).is_some(), "the pumps deliver more");
}

#[test]
fn a_blocked_line_raises_the_pressure_lowers_the_flow_and_then_the_level() {
    let fault = r#"{"fault":"blockage","on":"LINE-101","severity":1}"#;
    Pair::new("bottling.ron", fault, 180.0)
        .in_order(&[("P-101.pressure", Up(0.01)), ("TK-102.percent", Down(0.05))]);
}

#[test]
fn fouled_plates_let_the_product_cool_until_more_hot_water_makes_up_for_them() {
    let fault = r#"{"fault":"fouling","on":"HX-101","severity":0.7}"#;
    let pair = Pair::new("bottling.ron", fault, 480.0);
    pair.in_order(&[("HX-101.product_out", Down(0.05)), ("HX-101.medium_flow", Up(0.2))]);
    assert!(pair.first("TT-101.temperature", Down(0.05)).is_some(), "the product cools");
    let away = pair.with.mean("TT-101.temperature", 420.0, 540.0) - 27.0;
    assert!(away.abs() < 0.3, "the controller brings it back: {away} °C");
}

#[test]
fn the_product_becomes_as_warm_as_somebody_sets_it() {
    let mut plant = Observed::new(scene("bottling.ron"), 5);
    plant.run(30.0);
    let topic = "bottling/utilities/TIC-101/set/setpoint";
    assert!(plant.simulation.command(topic, b"31.5", false), "{topic}");
    plant.run(400.0);
    let set = plant.number("TIC-101.setpoint");
    assert!((set - 31.5).abs() < 1e-6, "{set}");
    let mean = plant.mean("TT-101.temperature", 310.0, 430.0);
    assert!((mean - 31.5).abs() < 0.3, "{mean} °C");
}

#[test]
fn hard_rollers_take_current_then_heat_and_stop_the_belt() {
    let fault = r#"{"fault":"idler","on":"CV-201-2","severity":1,"ramp_s":10}"#;
    Pair::new("bottling.ron", fault, 120.0)
        .in_order(&[("CV-201-2.current", Up(0.02)), ("CV-201-2.temperature", Up(0.05))]);
}

#[test]
fn a_dip_of_the_mains_is_bridged_for_the_controls_and_stops_what_turns() {
    let fault = r#"{"fault":"dip","on":"MAINS-101","severity":1,"for_s":10}"#;
    let pair = Pair::new("bottling.ron", fault, 60.0);
    pair.in_order(&[("UPS-101.mains_voltage", Down(0.6)), ("UPS-101.state", Becomes(2))]);
    for pump in ["P-101", "P-102"] {
        let tripped = pair.first(&format!("{pump}.state"), TRIPPED);
        assert!(tripped.is_some_and(|at| at < 1.0), "{pump}: {tripped:?}");
        assert_eq!(pair.with.word(&format!("{pump}.state")), "running", "it starts again");
    }
}

#[test]
fn a_transmitter_that_is_stuck_lets_the_tank_run_away_from_its_controller() {
    let fault = r#"{"fault":"bias","on":"TK-102.percent","severity":1,"size":20}"#;
    let mut pair = Pair::new("bottling.ron", fault, 240.0);
    // Both tell the same, and the product falls by what the transmitter is off.
    let (told, controlled) =
        (pair.with.number("TK-102.percent"), pair.with.number("LIC-101.measured"));
    assert!((told - controlled).abs() < 0.5, "{told} and {controlled}");
    let falls = pair.without.number("TK-102.volume") - pair.with.number("TK-102.volume");
    assert!(falls.abs() < 0.1, "what is computed from it is wrong with it: {falls} m³");
    let valve = pair.without.mean("CV-101.position", FROM_S, FROM_S + 120.0);
    let less = valve - pair.with.mean("CV-101.position", FROM_S, FROM_S + 120.0);
    assert!(less > 3.0, "the valve gives less: {less} %");
    let stuck = br#"{"fault":"stuck","on":"TK-102.percent","severity":1,"for_s":300}"#;
    pair.without.run(30.0);
    assert!(pair.without.simulation.command("bottling/instructor/fault", stuck, false));
    pair.without.run(120.0);
    let from_s = FROM_S + 240.0 + 100.0;
    let values = |name: &str| -> Vec<f64> {
        let points = pair.without.points(name).iter().filter(|point| point.at_s > from_s);
        points.map(Point::number).collect()
    };
    let (tank, controller) = (values("TK-102.percent"), values("LIC-101.measured"));
    assert!(tank.windows(2).all(|two| two[0] == two[1]));
    assert!(controller.iter().all(|measured| (measured - tank[0]).abs() < 1e-3), "{controller:?}");
}

#[test]
fn what_stands_tells_nothing_below_zero() {
    for file in ["pump_station.ron", "bottling.ron"] {
        let mut plant = Observed::new(scene(file), 5);
        plant.run(60.0);
        for (name, points) in &plant.series {
            let (asset, property) = name.rsplit_once('.').expect("asset.property");
            let id = plant.twin.asset_ids().find(|id| &*plant.twin.asset(*id).name == asset);
            let id = plant.twin.find_property(id.expect("an asset"), property).expect("a property");
            if property == "speed" || plant.twin.property(id).range.is_none_or(|(low, _)| low < 0.0)
            {
                continue;
            }
            let least = points.iter().map(Point::number).fold(f64::INFINITY, f64::min);
            assert!(least >= 0.0, "{file}: {name} tells {least}");
        }
    }
}

#[test]
fn the_coefficient_of_the_valve_is_that_of_its_position_and_the_battery_tells_in_steps() {
    let mut plant = Observed::new(scene("bottling.ron"), 5);
    plant.run(60.0);
    let (kv, position) = (plant.number("CV-101.kv"), plant.number("CV-101.position"));
    let expected = 88.0 * 30f64.powf(position / 100.0 - 1.0);
    assert!((kv / expected - 1.0).abs() < 0.02, "{kv} at {position} %");
    for (name, step) in
        [("UPS-101.charge", 1.0), ("UPS-101.energy", 0.01), ("UPS-101.minutes", 0.5)]
    {
        let steps = plant.number(name) / step;
        assert!((steps - steps.round()).abs() < 1e-6, "{name}: {steps} steps");
    }
}

#[test]
fn an_old_battery_tells_fewer_minutes() {
    let fault = r#"{"fault":"battery","on":"UPS-101","severity":0.5}"#;
    Pair::new("bottling.ron", fault, 20.0).in_order(&[("UPS-101.minutes", Down(0.5))]);
}

#[test]
fn the_station_has_two_faults_worth_finding() {
    let mut plant = Observed::new(scene("pump_station.ron"), 5);
    plant.run(1800.0);
    // The impeller of P-1 wears from 300 s on over twenty minutes: the valve opens for the same flow.
    let opening = |from: f64, to: f64| plant.mean("V-1.position", from, to);
    assert!(opening(1500.0, 1770.0) > opening(30.0, 300.0) + 3.0);
    let head = |from: f64, to: f64| plant.mean("P-1.pressure", from, to);
    assert!(head(1620.0, 1800.0) < head(120.0, 300.0) - 0.2);
    // V-1 sticks from 900 s on: its stem stands still for seconds and then jumps.
    let still = |from: f64, to: f64| {
        let within = plant.points("V-1.position").iter().filter(|p| p.at_s >= from && p.at_s < to);
        let positions: Vec<f64> = within.map(Point::number).collect();
        // Ten seconds within the noise of its transmitter.
        let width = |all: &[f64]| {
            all.iter().copied().fold(f64::MIN, f64::max)
                - all.iter().copied().fold(f64::MAX, f64::min)
        };
        let stands = positions.windows(50).filter(|all| width(all) < 0.25).count() as f64;
        stands / (positions.len() - 49) as f64
    };
    assert!(still(300.0, 900.0) < 0.2 && still(900.0, 1800.0) > 0.3);
}

#[test]
fn a_dip_runs_on_the_battery_until_it_is_empty_and_then_the_controls_fall_silent() {
    let fault = r#"{"fault":"dip","on":"MAINS-101","severity":1,"for_s":3600}"#;
    let pair = Pair::new("bottling.ron", fault, 1800.0);
    let empty = pair.with.points("UPS-101.charge").last().expect("it told").at_s - FROM_S;
    // 1.5 kWh · 0.97 · 0.94 for 4.1 kW: twenty minutes.
    assert!((1000.0..1400.0).contains(&empty), "{empty} s");
    let last = pair.with.points("TK-101.percent").last().expect("it told").at_s - FROM_S;
    assert!((last - empty).abs() < 5.0, "{last} s and {empty} s");
    let others = pair.with.points("PL-301.count").last().expect("it told").at_s;
    assert!(others > FROM_S + 1790.0, "what is not on it tells on: {others} s");
}

#[test]
fn a_warm_medium_never_cools_the_product_however_little_of_it_flows() {
    let mut plant = Observed::new(scene("bottling.ron"), 4);
    plant.run(60.0);
    let order = r#"{"fault":"blockage","on":"second line","ramp_s":0,"for_s":900}"#;
    assert!(plant.simulation.command("bottling/instructor/fault", order.as_bytes(), false));
    plant.run(600.0);
    let duty = plant.points("HX-101.duty");
    let least = duty.iter().map(|point| point.number()).fold(f64::MAX, f64::min);
    assert!(duty.len() > 100 && least >= -1.0, "{least}");
}
