//! The ten minutes that the demonstration tells.

use twinscope::plant::simulation::{Setup, Simulation};

use super::observed::{Observed, START};
use crate::programs::scene;

/// The bottling plant as its story has it.
fn story() -> Observed {
    let twin = scene("bottling.ron");
    let setup = Setup { seed: 1, start: START, story: true };
    let simulation = Simulation::set_up(&twin, setup).expect("the scene has a story");
    let mut plant = Observed::new(twin, 1);
    plant.simulation = simulation;
    plant
}

fn tell(plant: &mut Observed, topic: &str, payload: &str) {
    assert!(plant.simulation.command(topic, payload.as_bytes(), false), "{topic}");
}

#[test]
fn the_story_warns_at_minute_five_trips_at_eight_and_the_level_recovers_when_p_103_starts() {
    let mut plant = story();
    plant.run(510.0);
    let normal = plant.mean("P-102.bearing", 0.0, 10.0);
    assert!((normal - 52.4).abs() < 1.0, "{normal} °C");
    let calm = plant.mean("P-102.vibration", 50.0, 60.0) - plant.mean("P-102.vibration", 0.0, 10.0);
    assert!(calm < 0.3, "it is calm at first: {calm} mm/s more");
    let warns = plant.first("P-102.bearing", |celsius| celsius > 75.0).expect("it warns");
    assert!((290.0..330.0).contains(&warns), "{warns} s");
    assert_eq!(plant.word("P-102.state"), "tripped");
    let hottest = plant.first("P-102.bearing", |celsius| celsius > 89.7).expect("it trips");
    assert!((465.0..495.0).contains(&hottest), "{hottest} s");
    assert_eq!(plant.word("P-103.state"), "stopped", "nothing starts by itself");
    let falling = plant.number("TK-102.percent");
    assert!((50.0..61.0).contains(&falling), "{falling} %");
    let path = plant.twin.asset_ids().find(|id| &*plant.twin.asset(*id).name == "P-103");
    let path = plant.twin.asset(path.expect("P-103")).path.to_string();
    tell(&mut plant, &format!("bottling/{path}/set/start"), "");
    plant.run(30.0);
    assert_eq!(plant.word("P-103.state"), "running");
    let lowest = plant.number("TK-102.percent");
    plant.run(300.0);
    assert!(plant.number("TK-102.percent") > lowest.min(57.0), "the level recovers");
    let at = |from: f64| plant.mean("TK-102.percent", from, from + 10.0);
    let a_minute = at(620.0) - at(560.0);
    assert!(a_minute > 2.5 || at(620.0) > 60.0, "{a_minute} % in a minute");
    assert_eq!(plant.faulty, Vec::<String>::new());
}

#[test]
fn with_one_pump_the_product_is_gone_in_four_minutes_and_the_filler_starves() {
    let mut plant = story();
    plant.run(900.0);
    let trips = plant.first("P-102.bearing", |celsius| celsius > 89.7).expect("it trips");
    let low = plant.first("TK-102.percent", |percent| percent < 20.0).expect("it empties");
    assert!((220.0..280.0).contains(&(low - trips)), "{} s", low - trips);
}
