//! How long parts last, and what tells first that they do not: over many seeds, of the hidden truth.
//!
//! This is a table for `docs/plant.md`, made by
//! `cargo test --no-default-features --lib lives -- --ignored --nocapture`. Parts wear so
//! fast here that a median life takes about three hours of plant time: lags of minutes do not
//! matter beside that. What shows first when something breaks is in `symptoms.rs`.

mod gears;

use std::collections::BTreeMap;

use super::blocks::bench::Bench;
use super::parts::WearSpec;

/// Seeds of the table.
const SEEDS: u64 = 200;
/// Plant time between two looks at the instruments, s.
const LOOK_S: f64 = 20.0;
/// A symptom is visible when it is this many deviations of the instrument's noise.
const VISIBLE: f64 = 5.0;

/// A part, and the small plant in which it wears.
struct Case {
    part: &'static str,
    blocks: &'static str,
    /// How many times faster it wears.
    ageing: f64,
    /// The machine is out of order when this word is that.
    end: Option<(&'static str, &'static str)>,
    /// What instruments tell, with the deviation of their noise.
    instruments: &'static [(&'static str, f64)],
}

const STATION: &str = r#"[
    Tank(asset: "TK", area: 30, height: 3, level: 2, inflow: "P-1.flow", inflow_temperature: 22),
    Pump(asset: "P-1", command: 2600, plate: (rated_speed: 2900, rated_flow: 20, rated_head: 30, shutoff_head: 42)),
    Circuit(asset: "line", pumps: ["P-1"], from: "TK", to: "outside", static_head: 14, resistance: 0.0045, kv: "CV.kv"),
    Control(asset: "FIC", measured: "line.flow", setpoint: 20, unit: "m3/h", pi: (gain: 2, integral_s: 20, low: 0, high: 100, integral: 60)),
    Valve(asset: "CV", command: "FIC.output", kvs: 80, stroke_s: 2.5, drop: "line.drop"),
]"#;

const LEVEL: &str = r#"[
    Wave(asset: "demand", signal: "flow", unit: "m3/h", mean: 6, amplitude: 2, period_s: 300),
    Tank(asset: "TK", area: 2, height: 2, level: 1, outflow: "demand.flow"),
    Control(asset: "LIC", measured: "TK.percent", setpoint: 50, unit: "%", pi: (gain: 12, integral_s: 120, low: 0, high: 100, integral: 50)),
    Valve(asset: "CV", command: "LIC.output", kvs: 40, stroke_s: 2),
    Transfer(asset: "supply", from: "outside", to: "TK", flow: "CV.kv"),
    Follow(asset: "minus", signal: "position", unit: "%", of: "CV.position", scale: -1),
    Follow(asset: "stem", signal: "away", unit: "%", of: ["CV.command", "minus.position"]),
]"#;

const HEATING: &str = r#"[
    Exchanger(asset: "HX", flow: 20, inlet: 13, medium_flow: 14, medium_inlet: 62, ua: 14),
]"#;

const BELT: &str = r#"[Drive(asset: "CV", speed: 0.42, rated_kw: 0.75, rated_speed: 0.5)]"#;

const SUPPLY: &str = r#"[
    Ups(asset: "UPS", load: 4, rated_kw: 15, capacity_kwh: 1.5),
]"#;

const CASES: [Case; 7] = [
    Case {
        part: "P-1.impeller",
        blocks: STATION,
        ageing: 7000.0,
        end: None,
        instruments: &[
            ("P-1.current", 0.03),
            ("P-1.vibration", 0.06),
            ("P-1.bearing", 0.05),
            ("line.pressure", 0.01),
            ("line.flow", 0.08),
            ("CV.position", 0.2),
        ],
    },
    Case {
        part: "P-1.bearing",
        blocks: STATION,
        ageing: 8000.0,
        end: Some(("P-1.state", "tripped")),
        instruments: &[
            ("P-1.current", 0.03),
            ("P-1.vibration", 0.06),
            ("P-1.bearing", 0.05),
            ("line.pressure", 0.01),
            ("line.flow", 0.08),
        ],
    },
    Case {
        part: "CV.seat",
        blocks: LEVEL,
        ageing: 5000.0,
        end: None,
        instruments: &[("CV.position", 0.2), ("stem.away", 0.2), ("TK.percent", 0.05)],
    },
    Case {
        part: "CV.packing",
        blocks: LEVEL,
        ageing: 5000.0,
        end: None,
        instruments: &[("CV.position", 0.2), ("stem.away", 0.2), ("TK.percent", 0.05)],
    },
    Case {
        part: "HX.plates",
        blocks: HEATING,
        ageing: 700.0,
        end: None,
        instruments: &[("HX.product_out", 0.05), ("HX.medium_out", 0.05)],
    },
    Case {
        part: "CV.idlers",
        blocks: BELT,
        ageing: 7000.0,
        end: Some(("CV.state", "tripped")),
        instruments: &[("CV.current", 0.02), ("CV.temperature", 0.05)],
    },
    Case {
        part: "UPS.battery",
        blocks: SUPPLY,
        ageing: 9000.0,
        end: None,
        instruments: &[("UPS.minutes", 0.2), ("UPS.battery_voltage", 0.2), ("UPS.charge", 0.1)],
    },
];

/// One life.
struct Life {
    /// h.
    end_h: f64,
    /// When what became visible first, h.
    symptom: Option<(f64, &'static str)>,
}

/// What the instruments tell now.
fn look(case: &Case, bench: &Bench) -> Vec<f64> {
    case.instruments.iter().map(|(signal, _)| bench.number(signal)).collect()
}

/// A plant that has settled while nothing wears, and the range of what its instruments tell over two
/// periods of what disturbs it.
fn as_new(case: &Case) -> (Bench, Vec<(f64, f64)>) {
    let mut bench = Bench::new(case.blocks);
    bench.dt_us = 100_000;
    bench.run(5400.0);
    let mut ranges: Vec<(f64, f64)> = look(case, &bench).iter().map(|v| (*v, *v)).collect();
    for _ in 0..120 {
        bench.run(5.0);
        for (range, value) in ranges.iter_mut().zip(look(case, &bench)) {
            *range = (range.0.min(value), range.1.max(value));
        }
    }
    (bench, ranges)
}

/// Runs a part to its end.
fn live(case: &Case, seed: u64) -> Life {
    let others = CASES.iter().filter(|other| other.blocks == case.blocks).map(|other| other.part);
    // Only this part wears.
    let pace: BTreeMap<String, f64> =
        others.filter(|part| *part != case.part).map(|part| (part.to_string(), 0.0)).collect();
    let wear = WearSpec { ageing: case.ageing, pace, ..WearSpec::default() };
    let mut bench = Bench::seeded(case.blocks, wear, seed);
    bench.dt_us = 100_000;
    let (asset, name) = case.part.split_once('.').expect("asset.part");
    let part = bench.board.parts.find(asset, name).expect("it has the part");
    let (settled, new) = as_new(case);
    let own = bench.board.parts.state();
    settled.put_into(&mut bench);
    assert!(bench.board.parts.restore(&own), "the same parts");
    let start_us = bench.board.clock.time_us;
    let hours = |bench: &Bench| (bench.board.clock.time_us - start_us) as f64 / 3.6e9 * case.ageing;
    let mut symptom = None;
    while bench.board.worn(part) < 1.0 && hours(&bench) < 1e7 {
        bench.run(LOOK_S);
        if symptom.is_none() {
            let seen = look(case, &bench);
            let away = |at: usize| {
                let ((low, high), (_, sigma)) = (new[at], case.instruments[at]);
                (seen[at] - high).max(low - seen[at]) / sigma
            };
            let most = (0..seen.len()).max_by(|a, b| away(*a).total_cmp(&away(*b))).expect("one");
            if away(most) > VISIBLE {
                symptom = Some((hours(&bench), case.instruments[most].0));
            }
        }
        if case.end.is_some_and(|(signal, word)| bench.word(signal) == word) {
            break;
        }
    }
    Life { end_h: hours(&bench), symptom }
}

/// The values of which a tenth, a half and nine tenths are smaller.
fn tenths(mut values: Vec<f64>) -> String {
    if values.is_empty() {
        return "–".into();
    }
    values.sort_by(f64::total_cmp);
    let at = |share: f64| values[((values.len() - 1) as f64 * share).round() as usize];
    format!("{:.0} / {:.0} / {:.0}", at(0.1), at(0.5), at(0.9))
}

/// What is made of each seed, side by side on all cores.
pub(super) fn of_seeds<T: Send>(seeds: u64, made: impl Fn(u64) -> T + Sync) -> Vec<T> {
    let threads = std::thread::available_parallelism().map_or(2, usize::from) as u64;
    let made = &made;
    std::thread::scope(|scope| {
        let parts: Vec<_> = (0..threads)
            .map(|thread| {
                let mine = (1..=seeds).filter(move |seed| seed % threads == thread);
                scope.spawn(move || mine.map(made).collect::<Vec<_>>())
            })
            .collect();
        parts.into_iter().flat_map(|part| part.join().expect("no panic")).collect()
    })
}

/// The row of a part.
fn row(part: &str, lives: &[Life]) -> String {
    let mut first: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, name) in lives.iter().filter_map(|life| life.symptom) {
        *first.entry(name).or_default() += 1;
    }
    let mut first: Vec<_> = first.into_iter().collect();
    first.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let share = |count: usize| 100.0 * count as f64 / lives.len() as f64;
    let names: Vec<String> =
        first.iter().map(|(name, count)| format!("{name} ({:.0} %)", share(*count))).collect();
    let leads = lives.iter().filter_map(|life| Some(life.end_h - life.symptom?.0)).collect();
    let (ends, leads) = (tenths(lives.iter().map(|life| life.end_h).collect()), tenths(leads));
    format!("| `{part}` | {ends} | {} | {leads} |", names.join(", "))
}

#[test]
#[ignore = "takes minutes: makes the table of lives in docs/plant.md"]
#[expect(clippy::print_stdout, reason = "the table is what it is run for")]
fn table() {
    println!("| part | life, h: P10 / P50 / P90 | first visible in | lead, h: P10 / P50 / P90 |");
    println!("|---|---|---|---|");
    for case in &CASES {
        println!("{}", row(case.part, &of_seeds(SEEDS, |seed| live(case, seed))));
    }
    gears::table(SEEDS).iter().for_each(|row| println!("{row}"));
}

#[test]
fn each_part_shows_before_its_end_and_in_the_instrument_that_physics_has() {
    let expected = [
        ("P-1.bearing", "P-1.vibration"),
        ("P-1.impeller", "CV.position"),
        ("HX.plates", "HX.medium_out"),
        ("CV.idlers", "CV.temperature"),
        ("UPS.battery", "UPS.minutes"),
    ];
    for (part, symptom) in expected {
        let case = CASES.iter().find(|case| case.part == part).expect("a case");
        let life = live(case, 3);
        let (at_h, name) = life.symptom.expect("it shows");
        assert_eq!(name, symptom, "{part} at {at_h} of {} h", life.end_h);
        assert!(at_h < 0.9 * life.end_h, "{part}: {at_h} of {} h", life.end_h);
    }
}
