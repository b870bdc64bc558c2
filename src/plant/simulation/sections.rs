//! What sections may say: whatever numbers they have, they are refused or run.

use std::path::PathBuf;

use proptest::prelude::*;

use super::blocks::bench::Bench;
use super::command::{Answer, Argument};
use super::tests::{WAVE, scene_section, twin};
use super::*;
use crate::twin::tree::{Kind, Node, Tree};
use crate::twin::{NoFiles, SimulationSource, load_text};

/// All that is wrong with a section, and where; of a twin with one asset `W-1`.
fn wrong(section: &str) -> Vec<String> {
    Checked::of(&twin(section)).mistakes.iter().map(Mistake::to_string).collect()
}

/// Every kind of block but `Packaging`, with every field that is a number.
const BLOCKS: &str = r#"[
    Mains(asset: "MAINS"),
    Ups(asset: "UPS", supply: "MAINS", load: 4, rated_kw: 15, capacity_kwh: 0.1, mains_lost: 0, life_h: (battery: 26000)),
    Wave(asset: "W", signal: "flow", unit: "m3/h", mean: 15, amplitude: 4, period_s: 90, phase: 0.1),
    Event(asset: "E", first_s: 1, every_s: 10, for_s: 2),
    Tank(asset: "TK", area: 3, height: 2.4, level: 1.4, temperature: 20, inflow: "W.flow", outflow: 1, inflow_temperature: 14, ambient: 20, loss_s: 9000),
    Exchanger(asset: "HX", to: "TK", inlet: 20, medium_flow: 10, medium_inlet: 70, ua: 20, life_h: (plates: 2000)),
    Transfer(asset: "T", from: "outside", to: "TK", flow: 3, temperature: 12),
    Duty(asset: "G", pumps: ["P-1", "P-2"], running: 1, speed: 2600),
    Pump(asset: "P-1", trip: 0, ambient: 20, speed: 2000, restart_s: 2, life_h: (impeller: 20000, bearing: 12000), supply: "MAINS",
         plate: (rated_speed: 2900, rated_flow: 20, rated_head: 30, shutoff_head: 38, ramp_s: 6, efficiency: 0.66)),
    Pump(asset: "P-2", plate: (rated_speed: 2900, rated_flow: 20, rated_head: 30, shutoff_head: 38)),
    Circuit(asset: "L", pumps: ["P-1", "P-2"], from: "TK", to: "HX", static_head: 6, resistance: 0.015, kv: "V.kv"),
    Valve(asset: "V", command: "C.output", kvs: 40, stroke_s: 2.5, drop: 1, life_h: (seat: 15000, packing: 2000)),
    Control(asset: "C", measured: "TK.percent", setpoint: 60, unit: "%", ramp: 0.1, limits: (0, 100), supply: "UPS",
            pi: (gain: -4, integral_s: 60, low: 5, high: 95, integral: 50)),
    Interlock(asset: "I", of: "TK.percent", below: 5, above: 95, hysteresis: 2, reason: "x", stops: ["P-1"]),
    Drive(asset: "D", speed: 0.4, rated_kw: 0.75, rated_speed: 0.5, restart_s: 2, supply: "MAINS", life_h: (idlers: 20000)),
    Cabinet(asset: "CC", load: ["P-1.power", 3], losses: 0.04, ambient: 24, supply: "MAINS"),
    Follow(asset: "F", signal: "f", unit: "m3/h", of: "L.flow", scale: 1, offset: 0, lag_s: 1, dead_s: 0.4),
    Follow(asset: "F", signal: "g", unit: "m3/h", of: ["F.f", "W.flow"], scale: 3),
    Total(asset: "F", signal: "total", unit: "m3", of: "F.g", per_second: 0.0003),
    Word(asset: "F", signal: "word", of: "F.f", above: 3, then: "a", otherwise: "b"),
]"#;

/// The places of all numbers of a text.
fn numbers(node: &Node, found: &mut Vec<std::ops::Range<usize>>) {
    match &node.kind {
        Kind::Number(_) => found.push(node.span.clone()),
        Kind::Struct(_, fields) => fields.iter().for_each(|(_, value)| numbers(value, found)),
        Kind::Map(entries) => entries.iter().for_each(|(_, value)| numbers(value, found)),
        Kind::List(items) | Kind::Tuple(_, items) => {
            items.iter().for_each(|item| numbers(item, found));
        }
        _ => {}
    }
}

/// Numbers that a file could have by mistake.
const ODD: [&str; 14] = [
    "0",
    "-1",
    "-0.01",
    "1e-300",
    "1e-9",
    "1e300",
    "1e12",
    "1e6",
    "NaN",
    "inf",
    "-inf",
    "4294967295",
    "3",
    "50",
];

/// The text with some of its numbers replaced.
fn altered(text: &str, changes: &[(prop::sample::Index, usize)]) -> String {
    let tree = Tree::parse(text);
    let mut places = Vec::new();
    numbers(tree.root(), &mut places);
    let mut chosen: Vec<_> =
        changes.iter().map(|(at, odd)| (at.get(&places).clone(), ODD[*odd])).collect();
    chosen.sort_by_key(|(place, _)| std::cmp::Reverse(place.start));
    chosen.dedup_by_key(|(place, _)| place.start);
    let mut text = text.to_string();
    chosen.into_iter().for_each(|(place, odd)| text.replace_range(place, odd));
    text
}

fn changes() -> impl Strategy<Value = Vec<(prop::sample::Index, usize)>> {
    prop::collection::vec((any::<prop::sample::Index>(), 0..ODD.len()), 1..4)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]
    #[test]
    fn whatever_numbers_blocks_have_they_are_refused_or_run(changes in changes()) {
        let text = altered(BLOCKS, &changes);
        if reported::options().from_str::<Vec<blocks::BlockSpec>>(&text).is_ok()
            && Bench::mistakes(&text).is_empty()
        {
            let mut bench = Bench::new(&text);
            (0..200).for_each(|_| bench.step());
            bench.check_balances();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]
    #[test]
    fn whatever_numbers_the_packaging_has_it_is_refused_or_runs(changes in changes()) {
        static BLOCK: std::sync::OnceLock<String> = std::sync::OnceLock::new();
        let block = BLOCK.get_or_init(|| {
            let text = include_str!("../../../scenes/bottling.ron");
            let from = text.find("Packaging(").expect("it has one");
            let tree = Tree::parse(&text[from..]);
            let span = tree.root().span.clone();
            // By itself: what it reads of other blocks is a number here.
            let block = text[from..][span].to_string();
            let cut = |block: String, field: &str| {
                let from = block.find(field).expect("a field");
                let to = from + block[from..].find('\n').expect("a line");
                format!("{}{}", &block[..from], &block[to..])
            };
            cut(cut(cut(block, "product: "), "belts: "), "crate_belts: ")
                .replacen("marks:", "product: 60, ambient: 22, marks:", 1)
        });
        let text = format!("[{}]", altered(block, &changes));
        if reported::options().from_str::<Vec<blocks::BlockSpec>>(&text).is_ok()
            && Bench::mistakes(&text).is_empty()
        {
            let mut bench = Bench::new(&text);
            (0..200).for_each(|_| bench.step());
            bench.check_balances();
        }
    }
}

#[test]
fn the_blocks_of_the_property_are_in_order_as_they_stand() {
    assert_eq!(Bench::mistakes(BLOCKS), Vec::<String>::new());
}

#[test]
fn a_number_out_of_its_range_is_reported_with_block_field_value_range_and_place() {
    let section = WAVE.replace("period_s: 8", "period_s: 0");
    assert_eq!(
        wrong(&section),
        ["w.ron:2:94: `period_s` of W-1 is 0 s; expected 0.001 to 1000000000 s"]
    );
    let of = |block: &str| Bench::mistakes(&format!("[{block}]"));
    let pump = |plate: &str| {
        of(&format!(
            "Pump(asset: \"P\", plate: (rated_speed: 2900, rated_flow: 20, rated_head: 30, {plate}))"
        ))
    };
    assert_eq!(
        pump("shutoff_head: 30")[..1],
        ["`plate.shutoff_head` of P is 30 m; expected 30.03 to 20000 m"]
    );
    let said = of(
        r#"Control(asset: "C", measured: 1, setpoint: 7, unit: "1", limits: (25, 5), pi: (gain: 1, integral_s: 0, low: 9, high: 2))"#,
    );
    assert_eq!(said.len(), 3, "what follows from wrong limits is not said: {said:#?}");
    let said = of(
        r#"Duty(asset: "G", pumps: ["P"], running: 3, speed: NaN), Pump(asset: "P", plate: (rated_speed: 1, rated_flow: 1, rated_head: 1, shutoff_head: 2))"#,
    );
    assert!(said[0].contains("`running` of G is 3; expected 0 to 1"), "{said:#?}");
    assert!(said.iter().any(|said| said.contains("`speed` of G is NaN")), "{said:#?}");
}

#[test]
fn a_supply_is_a_mains_or_an_ups_of_the_file_and_feeds_not_itself() {
    let said = |blocks: &str| Bench::mistakes(&format!("[{blocks}]"));
    let drive = |supply: &str| {
        format!(
            r#"Drive(asset: "D", speed: 0.4, rated_kw: 1, rated_speed: 0.5, supply: "{supply}"), Mains(asset: "MAINS"),"#
        )
    };
    assert!(said(&drive("MAINS")).is_empty() && said(&drive("outside")).is_empty());
    assert_eq!(
        said(&drive("MAIN")),
        ["`supply` of D is \"MAIN\", which is no Mains and no Ups; nearest: \"MAINS\""]
    );
    assert_eq!(
        said(&drive("D")),
        ["`supply` of D is \"D\", which is no Mains and no Ups; there are MAINS"]
    );
    let ups = |own: &str, other: &str| {
        format!(r#"Ups(asset: "{own}", supply: "{other}", rated_kw: 1, capacity_kwh: 1),"#)
    };
    assert_eq!(
        said(&ups("U", "U")),
        ["U is its own `supply`; name the Mains or the Ups that feeds it"]
    );
    let round = said(&(ups("A", "B") + &ups("B", "A")));
    assert_eq!(round, ["A, B feed each other in a round; let one have a Mains as its `supply`"]);
}

#[test]
fn a_pump_reads_its_group_by_itself_and_must_not_read_something_else() {
    let blocks = |command: &str| {
        format!(
            r#"[
            Duty(asset: "G", pumps: ["P-1", "P-2"], running: 1, speed: 2600),
            Pump(asset: "P-1", {command} plate: (rated_speed: 2900, rated_flow: 20, rated_head: 30, shutoff_head: 38)),
            Pump(asset: "P-2", plate: (rated_speed: 2900, rated_flow: 20, rated_head: 30, shutoff_head: 38)),
            Circuit(asset: "L", pumps: ["P-1", "P-2"], resistance: 0.015),
        ]"#
        )
    };
    let mut bench = Bench::new(&blocks(""));
    bench.run(20.0);
    assert!(bench.number("P-1.speed") > 2590.0 && bench.number("P-2.speed") == 0.0);
    bench.fault("trip", "P-1", 1.0);
    bench.run(20.0);
    assert!(bench.number("P-2.speed") > 2590.0, "the other takes over");
    assert!(Bench::mistakes(&blocks(r#"command: "P-1.command","#)).is_empty());
    let said = Bench::mistakes(&blocks("command: 2600,"));
    assert!(said[0].contains("a Duty runs P-1, and its `command` is something else"), "{said:#?}");
}

#[test]
fn two_blocks_of_one_kind_and_asset_are_one_mistake_at_the_second() {
    let pump = r#"Pump(asset: "P-1", plate: (rated_speed: 2900, rated_flow: 20, rated_head: 30, shutoff_head: 38)),"#;
    let circuit = r#"Circuit(asset: "L", pumps: ["P-1"], resistance: 0.015),"#;
    let wave = r#"Wave(asset: "W-1", signal: "value", unit: "1", mean: 5),"#;
    let section = format!("(blocks: [\n{wave}\n{pump}\n{pump}\n{circuit}\n])");
    let said = wrong(&section);
    assert_eq!(
        said,
        ["w.ron:4:13: there is a Pump with the asset \"P-1\" already; give this one another"]
    );
}

#[test]
fn a_mistake_in_the_packaging_is_told_at_its_number_and_makes_no_others() {
    let wave = r#"Wave(asset: "W-1", signal: "value", unit: "1", mean: 5),"#;
    let packaging = |radius: &str, more: &str| {
        format!(
            r#"Packaging(line: "L-1", length: 12, belt: 0.4, gap: 0.07, rate: 6000, bottle_m3: 0.0005, product: 60, {more} machines: [(asset: "FL-1", enter: 3, done: 5, leave: 6, pocket: 3, pockets: 24, stage: 1, power_kw: 5.5, radius: {radius})]),"#
        )
    };
    let rest = r#"Interlock(asset: "I", of: "FL-1.count", above: 9, hysteresis: 1, reason: "x", stops: ["FL-1"]),
        Drive(asset: "CV-1", speed: "L-1.speed", rated_kw: 1, rated_speed: 0.5)"#;
    let said = |block: &str| wrong(&format!("(blocks: [\n{wave}\n{block}\n{rest}\n])"));
    assert_eq!(said(&packaging("0.8", r#"belts: ["CV-1"],"#)), Vec::<String>::new());
    let block = packaging("-1", "");
    let column = block.find("-1)").expect("the radius") + 1;
    assert_eq!(
        said(&block),
        [format!("w.ron:3:{column}: `machines.0.radius` of L-1 is -1 m; expected 0.01 to 20 m")]
    );
    let said = said(&packaging("0.8", r#"belts: ["CV-2"],"#));
    assert_eq!(said.len(), 1, "{said:#?}");
    assert!(
        said[0].ends_with(r#"no block Drive has the asset "CV-2"; nearest: "CV-1""#),
        "{said:?}"
    );
}

#[test]
fn what_follows_from_a_mistake_is_not_told_beside_it() {
    let wave = r#"Wave(asset: "W-1", signal: "value", unit: "1", mean: 5),"#;
    let circuit = r#"Circuit(asset: "L", pumps: ["P-1"], resistance: 0.015), Valve(asset: "V", command: 50, kvs: 1, stroke_s: 1, drop: "L.drop"),"#;
    let said = wrong(&format!("(blocks: [\n{wave}\n{circuit}\n])"));
    assert_eq!(said, ["w.ron:3:29: no block Pump has the asset \"P-1\""]);
}

#[test]
fn a_fault_of_the_schedule_that_cannot_be_is_reported_where_it_stands() {
    let section = WAVE.replace(
        "noise:",
        "faults: (schedule: [\n(at_s: 1, fault: \"bias\", on: \"W-1.value\"),\n(at_s: 2, fault: \"trip\", on: \"W-1.value\")]),\nnoise:",
    );
    let said = wrong(&section);
    assert_eq!(said.len(), 1, "{said:#?}");
    assert!(said[0].starts_with("w.ron:5:30: "), "{}", said[0]);
}

#[test]
fn keys_of_maps_that_are_none_are_mistakes_with_the_nearest() {
    let keys = r#"noise: {"Wave.valeu": 0.1, "W-1.value": -1}, periods_ms: {"Wav": 100, "Wave": 0},
        shows: {"W-1.valve": "W-1.value"}, doubtful: {"W-1.value": "W-1.vale"},"#;
    let section = WAVE.replace("noise: {\"Wave.value\": 0.1}, periods_ms: {\"Wave\": 100},", keys);
    let said = wrong(&section).join("\n");
    for expected in [
        "no asset has the property \"Wave.valeu\"; nearest: \"Wave.value\"",
        "the noise of W-1.value is -1; expected 0 or more",
        "no class and no topic of one is \"Wav\"; nearest: \"Wave\"",
        "the period of \"Wave\" is 0 ms",
        "no asset has the property \"W-1.valve\"; nearest: \"W-1.value\"",
        "no block sets the signal \"W-1.vale\"; nearest: \"W-1.value\"",
    ] {
        assert!(said.contains(expected), "{expected}\nis not in\n{said}");
    }
}

#[test]
fn a_step_or_warm_up_that_cannot_be_is_a_mistake() {
    let said = wrong(&WAVE.replace("noise:", "step_ms: 0, warm_up_s: -3, noise:"));
    assert_eq!(said.len(), 2, "{said:#?}");
    assert!(
        said[0].contains("`step_ms` of the simulation section is 0 ms; expected 1 to 1000 ms"),
        "{}",
        said[0]
    );
}

#[test]
fn a_setpoint_is_noticed_that_is_written_where_nothing_obeys() {
    let text = |write: &str| {
        format!(
            r#"Twin(schema: 2, name: "plant", classes: {{"C": (
                properties: {{"setpoint": (kind: setpoint, unit: "%", write: "{write}")}},
                mappings: [Scalar(topic: "{{twin}}/{{path}}/{{property}}")],
            )}}, assets: [(name: "LIC", class: "C")],
            simulation: (blocks: [Control(asset: "LIC", measured: 50, setpoint: 50, unit: "%", pi: (gain: 1, integral_s: 9, low: 0, high: 100))]))"#
        )
    };
    let notices = |write: &str| {
        let loaded = load_text("w.ron".as_ref(), &text(write), &NoFiles);
        let checked = Checked::of(&loaded.unwrap_or_else(|errors| panic!("{errors}")).twin);
        assert!(checked.mistakes.is_empty(), "{checked:?}");
        checked.notices.iter().map(|notice| notice.message.clone()).collect::<Vec<_>>()
    };
    assert!(notices("{twin}/{path}/set/{property}").is_empty());
    let said = notices("{path}/set/{property}");
    assert_eq!(
        said,
        [
            "LIC.setpoint is written on \"LIC/set/setpoint\", which nothing in the simulated plant obeys; nearest: \
          \"plant/LIC/set/setpoint\""
        ]
    );
}

#[test]
fn a_mistake_of_the_story_alone_is_found_too() {
    let story = "story: (blocks: [Wave(asset: \"W-1\", signal: \"value\", unit: \"1\", mean: 5, period_s: 0)]), noise:";
    let said = wrong(&WAVE.replace("noise:", story));
    assert_eq!(said.len(), 1, "{said:#?}");
    assert!(said[0].starts_with("w.ron:3:") && said[0].contains("`period_s`"), "{}", said[0]);
}

#[test]
fn the_scenes_are_without_mistakes_and_notices_with_their_stories() {
    for name in ["pump_station.ron", "bottling.ron"] {
        assert_eq!(Checked::of(&scene_section(name)), Checked::default(), "{name}");
    }
}

#[test]
fn the_plant_of_the_documents_obeys_and_takes_over() {
    let text = include_str!("../../../docs/plant.md");
    let from = text.find("Twin(\n    schema: 2,\n    name: \"cooling\"").expect("the example");
    let to = from + text[from..].find("\n```").expect("its end");
    let loaded = load_text("cooling.ron".as_ref(), &text[from..to], &NoFiles);
    let twin = loaded.unwrap_or_else(|errors| panic!("{errors}")).twin;
    assert_eq!(Checked::of(&twin), Checked::default());
    let mut plant = Simulation::new(&twin, 1, Timestamp(0)).expect("a good section");
    let mut running = Vec::new();
    plant.advance(Duration::from_secs(1260), &mut |message| {
        let payload = String::from_utf8_lossy(&message.payload).into_owned();
        if message.topic == "cooling/P-2/telemetry" && payload.contains("\"running\"") {
            running.push(payload);
        }
    });
    assert!(!running.is_empty(), "P-2 runs after P-1 has tripped at 1200 s");
}

#[test]
fn a_lock_stays_while_somebody_works_on_the_machine() {
    let mut bench =
        Bench::new(r#"[Drive(asset: "CV", speed: 0, rated_kw: 0.75, rated_speed: 0.5)]"#);
    bench.run(1.0);
    assert_eq!(bench.command("CV", "lockout", Argument::Switch(true)), Answer::Done);
    assert_eq!(bench.command("CV", "maintain", Argument::Word("idlers")), Answer::Accepted);
    bench.run(5.0);
    let unlock = bench.command("CV", "lockout", Argument::Switch(false));
    assert!(
        matches!(&unlock, Answer::Refused(why) if why.contains("somebody works on it")),
        "{unlock:?}"
    );
    bench.run(2000.0);
    assert_eq!(bench.command("CV", "lockout", Argument::Switch(false)), Answer::Done);
}

#[test]
fn a_section_of_a_file_is_reported_by_the_name_of_the_file() {
    let source = SimulationSource { file: PathBuf::from("a/b.ron"), text: "(blocks: 3)".into() };
    let said = read(&source).expect_err("a mistake");
    assert!(said[0].to_string().starts_with("a/b.ron:1:"), "{}", said[0]);
}
