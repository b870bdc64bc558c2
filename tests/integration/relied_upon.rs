//! What the machines' commands refuse, replace and state, so that no outcome is relied upon that is none.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value as Json;

use crate::brain::{columns, pump_sensors};
use crate::programs::{fine, folder, run, twinscope};

const MACHINES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scenes/machines");
const REFERENCE: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/prognostics/ukf_battery_circuit.csv");

fn json(args: &[&str]) -> Json {
    serde_json::from_str(&fine(args)).expect("JSON")
}

/// Writes a file; its path.
fn file(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("written");
    path.to_str().expect("text").to_owned()
}

#[test]
fn a_model_as_it_is_shipped_is_forecast_as_by_a_step_a_tenth_as_long() {
    let folder = folder();
    let belts = ["", ", step: 0.01", ", solver: \"rosenbrock\""].map(|more| {
        let text = format!("(model: \"belt_conveyor\"{more})");
        file(folder.path(), &format!("belt{}.ron", more.len()), &text)
    });
    for machine in belts.iter().map(String::as_str).chain(["belt_conveyor"]) {
        let done = json(&["forecast", machine, "--horizon", "10min", "--members", "4", "--json"]);
        assert_eq!(done["failure"]["probability"], 0.0, "{machine}: {done}");
    }
    for model in ["dc_motor", "dc_motor_three_phase", "robot_joint", "belt_conveyor"] {
        let text = fine(&["simulate", model, "--until", "10"]);
        let last: Vec<f64> = columns(&text).values().map(|all| all[all.len() - 1]).collect();
        assert!(last.iter().all(|value| value.abs() < 1e4), "{model}: {last:?}");
    }
}

#[test]
fn a_step_that_was_stated_and_that_the_model_does_not_bear_is_refused_with_one_that_it_does() {
    let folder = folder();
    let battery = std::fs::read_to_string(format!("{MACHINES}/battery.ron")).expect("a file");
    let battery = battery.replace("noise:", "step: 3, noise:");
    let battery = file(folder.path(), "battery.ron", &battery);
    let pump = std::fs::read_to_string(format!("{MACHINES}/feed_pump.ron")).expect("a file");
    let pump = file(folder.path(), "pump.ron", &pump.replace("step: 1,", "step: 10,"));
    let low = file(
        folder.path(),
        "low.ron",
        "(model: \"battery_circuit\", step: 1, parameters: {\"Rcp0\": 0.03}, noise: {\"v\": 0.02}, \
         estimate: {\"qb\": (deviation: 100)})",
    );
    let wears = "impeller wears";
    let cases: [&[&str]; 9] = [
        &["forecast", &battery, "--horizon", "2h"],
        &["forecast", &battery, "--horizon", "2h", "--method", "unscented"],
        &["forecast", &pump, "--fault", wears, "--horizon", "48h"],
        &["estimate", &low, "--samples", REFERENCE],
        &["calibrate", &low, "--samples", REFERENCE, "--fit", "Rs"],
        &["simulate", "centrifugal_pump", "--until", "3600", "--dt", "600"],
        &["simulate", "belt_conveyor", "--until", "60", "--dt", "1"],
        &["simulate", "dc_motor", "--until", "10", "--dt", "1", "--solver", "euler"],
        &[
            "simulate",
            "robot_joint",
            "--until",
            "10",
            "--dt",
            "0.05",
            "--solver",
            "rk4",
            "--set",
            "M=5",
        ],
    ];
    for args in cases {
        let (status, out, errors) = run(args);
        assert_eq!((status, out.as_str()), (1, ""), "{args:?}: {errors}");
        assert!(errors.contains("does not bear steps of"), "{args:?}: {errors}");
        assert!(errors.contains("is the longest step that holds"), "{args:?}: {errors}");
    }
}

#[test]
fn a_usual_step_is_shortened_where_a_machine_needs_it_and_a_note_states_it() {
    let folder = folder();
    let low = "(model: \"battery_circuit\", parameters: {\"Rcp0\": 0.03})";
    let low = file(folder.path(), "low.ron", low);
    let end_s = |more: &[&str]| {
        let args = ["forecast", &low, "--horizon", "2h", "--members", "8", "--json"];
        let (status, out, errors) = run(&[&args[..], more].concat());
        assert_eq!(status, 0, "{errors}");
        assert!(errors.contains("note: steps of 0.2 s are taken"), "{errors}");
        let done: Json = serde_json::from_str(&out).expect("JSON");
        done["events"]["EOD"]["mean_s"].as_f64().expect("it ends")
    };
    let fine_text = fine(&[
        "simulate",
        "battery_circuit",
        "--params",
        "(Rcp0: 0.03)",
        "--until",
        "EOD",
        "--dt",
        "0.02",
        "--every",
        "100",
    ]);
    let truth_s = *columns(&fine_text)["t"].last().expect("a row");
    assert!((end_s(&[]) / truth_s - 1.0).abs() < 1e-3, "{} {truth_s}", end_s(&[]));
}

#[test]
fn a_horizon_of_more_steps_than_can_be_taken_is_refused_at_once() {
    let folder = folder();
    let tiny = file(folder.path(), "tiny.ron", "(model: \"battery_circuit\", step: 1e-9)");
    let since = std::time::Instant::now();
    for (args, wanted) in [
        (["forecast", &tiny, "--horizon", "2h"], "7.2e12 steps"),
        (["forecast", "battery_circuit", "--horizon", "1000000000000s"], "a hundred years"),
        (["forecast", "battery_circuit", "--horizon", "270000h"], "members over a horizon"),
    ] {
        let (status, out, errors) = run(&args);
        assert_eq!((status, out.as_str()), (1, ""), "{args:?}: {errors}");
        assert!(errors.contains(wanted), "{args:?}: {errors}");
    }
    assert!(since.elapsed().as_secs() < 30);
}

/// Sensors of a pump that does `initial`, a row a minute for ten hours; the flow meter gains an error by
/// the second.
fn sensors(folder: &Path, initial: &str, drift: f64) -> String {
    let args = ["simulate", "centrifugal_pump", "--until", "36000", "--every", "60"];
    let course = fine(&[&args[..], &["--initial", initial]].concat());
    let noise = [0.2, 4e-4, 0.3, 0.3, 0.3];
    let text = pump_sensors(&course, |row, at| {
        let wiggle = (row as f64 * (1.7 + at as f64)).sin() * noise[at] * 1.4;
        wiggle + if at == 1 { drift * 60.0 * row as f64 } else { 0.0 }
    });
    file(folder, "measured.csv", &text)
}

#[test]
fn a_forecast_takes_the_fault_that_explains_its_samples_and_states_so() {
    let folder = folder();
    let samples = sensors(folder.path(), "(wRadial: 6e-11)", 0.0);
    let pump = format!("{MACHINES}/feed_pump.ron");
    let args = ["forecast", &pump, "--samples", &samples, "--horizon", "60h", "--members", "16"];
    let done = json(&[&args[..], &["--json"]].concat());
    assert_eq!(done["fault"], "radial bearing wears", "{done}");
    assert_eq!(done["diagnosis"]["ranking"][0]["fault"], "radial bearing wears");
    assert!(done["failure"]["probability"].as_f64().expect("a number") > 0.9, "{done}");
    let words = fine(&args);
    assert!(words.contains("`radial bearing wears` explains the samples best"), "{words}");
    assert!(words.contains("state --fault to take another"), "{words}");
    // What is stated is what is taken.
    let stated = json(&[&args[..], &["--json", "--fault", "radial bearing wears"]].concat());
    assert_eq!(stated["fault"], "radial bearing wears");
    assert_eq!(stated["diagnosis"], Json::Null);
}

#[test]
fn nothing_is_forecast_from_estimates_far_from_what_the_machine_s_file_states_of_them() {
    let folder = folder();
    // The impeller wears, and of no fault is known: the flow meter's error would have to explain it.
    let samples = sensors(folder.path(), "(wA: 6e-3)", 0.0);
    let pump = format!("{MACHINES}/feed_pump.ron");
    let healthy = ["--samples", &samples, "--fault", "healthy"];
    let args = ["forecast", &pump, "--horizon", "48h", "--members", "16"];
    let (status, out, errors) = run(&[&args[..], &healthy].concat());
    assert_eq!((status, out.as_str()), (1, ""), "{errors}");
    assert!(errors.contains("no forecast: "), "{errors}");
    let (status, out, errors) = run(&[&["estimate", &pump][..], &healthy].concat());
    assert_eq!(status, 0, "{errors}");
    assert!(errors.contains("warning: "), "{errors}");
    let lost = &columns(&out)["lost"];
    assert_eq!((lost[0], lost[lost.len() - 1]), (0.0, 1.0));
    // With it, there is a fault that explains the samples.
    let args = ["forecast", &pump, "--samples", &samples, "--horizon", "48h", "--members", "16"];
    let done = json(&[&args[..], &["--json"]].concat());
    assert_eq!(done["fault"], "impeller wears", "{done}");
    assert!(done["failure"]["probability"].as_f64().expect("a number") > 0.9, "{done}");
}

#[test]
fn a_row_of_a_wild_time_ends_no_command() {
    let folder = folder();
    let text = std::fs::read_to_string(REFERENCE).expect("the reference");
    let cell = |line: &str| line.split_once(',').map(|(_, rest)| rest.to_owned()).expect("cells");
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for (at, time, told) in [
        (2, "1e12", "`1e12` has too few digits to tell the second"),
        (300, "1e12", "`1e12` has too few digits to tell the second"),
        (2, "10000000000", "left out"),
        (300, "10000000000", "left out"),
    ] {
        let mut wild = lines.clone();
        wild[at] = format!("{time},{}", cell(&lines[at]));
        let samples = file(folder.path(), "wild.csv", &wild.join("\n"));
        let battery = format!("{MACHINES}/battery.ron");
        let (status, out, errors) = run(&["estimate", &battery, "--samples", &samples]);
        assert_eq!(status, 0, "{at}: {errors}");
        assert!(errors.contains(told), "{errors}");
        assert_eq!(columns(&out)["t"].last(), Some(&600.0), "{at}");
        let args = ["forecast", &battery, "--samples", &samples, "--horizon", "2h"];
        let (status, _, errors) = run(&[&args[..], &["--members", "8"]].concat());
        assert_eq!(status, 0, "{errors}");
    }
    // The last one cannot be told from a gap by what follows.
    lines.push(format!("10000000000,{}", cell(&lines[3])));
    let samples = file(folder.path(), "last.csv", &lines.join("\n"));
    let battery = format!("{MACHINES}/battery.ron");
    let (status, out, errors) = run(&["estimate", &battery, "--samples", &samples]);
    assert_eq!(status, 0, "{errors}");
    assert_eq!(columns(&out)["t"].last(), Some(&600.0));
}

/// A forecast of a battery that is kept.
fn keep(kept: &str, name: &str) -> Vec<String> {
    let args = ["forecast", "battery_circuit", "--members", "200", "--horizon", "2h"];
    let more = ["--as", name, "--keep", kept];
    args.into_iter().chain(more).map(str::to_owned).collect()
}

#[cfg(unix)]
#[test]
fn a_disk_that_is_full_leaves_whole_lines_and_an_exit_status() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name).to_str().expect("text").to_owned();
    let (kept, html) = (path("kept.jsonl"), path("report.html"));
    let owned = keep(&kept, "B1");
    fine(&owned.iter().map(String::as_str).collect::<Vec<_>>());
    let before = std::fs::read_to_string(&kept).expect("a line");
    std::fs::write(&html, "the old report").expect("written");
    // A limit on the size of files, in the middle of the second line: as a disk that is full. The signal
    // that would end the program is ignored, so that writing fails.
    let blocks = before.len() * 3 / 2 / 512;
    let program = twinscope().get_program().to_str().expect("text").to_owned();
    let limited = |args: &[String]| {
        let args: Vec<String> = args.iter().map(|arg| format!("'{arg}'")).collect();
        let script =
            format!("trap '' XFSZ; ulimit -f {blocks}; exec '{program}' {}", args.join(" "));
        let done =
            std::process::Command::new("sh").args(["-c", &script]).output().expect("a shell");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (done.status.code(), text(&done.stdout), text(&done.stderr))
    };
    let mut second = keep(&kept, "B2");
    second.extend(["--html".to_owned(), html.clone()]);
    let (status, out, errors) = limited(&second);
    assert!(status.is_some_and(|status| status != 0), "{errors}");
    assert!(errors.contains("cannot write") && errors.contains("kept.jsonl"), "{errors}");
    assert!(out.contains("EOD"), "the forecast is printed nevertheless: {out}");
    assert_eq!(std::fs::read_to_string(&kept).expect("a line"), before);
    assert_eq!(std::fs::read_to_string(&html).expect("a report"), "the old report");
    let names: Vec<_> = std::fs::read_dir(folder.path()).expect("a folder").collect();
    assert_eq!(names.len(), 2, "nothing unfinished is left");
    // What another program left of a line is cut off, and the next line stands whole.
    std::fs::write(&kept, format!("{before}{}", &before[..before.len() / 2])).expect("written");
    let owned = keep(&kept, "B3");
    let (status, _, errors) = run(&owned.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(status, 0);
    assert!(errors.contains("its last line was torn"), "{errors}");
    let text = std::fs::read_to_string(&kept).expect("lines");
    assert_eq!(text.lines().count(), 2);
    assert!(text.starts_with(&before) && text.ends_with("\"}\n"));
}

#[test]
fn what_was_learnt_is_never_replaced_by_nothing() {
    let folder = folder();
    let kept = folder.path().join("kept.jsonl").to_str().expect("text").to_owned();
    let owned = keep(&kept, "B1");
    fine(&owned.iter().map(String::as_str).collect::<Vec<_>>());
    let came = file(folder.path(), "came.csv", "machine,event,t\nB1,EOD,3700\n");
    let learnt = "{\n  \"EOD\": {\"shift_s\": 1.0}\n}\n";
    let learnt_path = file(folder.path(), "correction.json", learnt);
    let args = ["score", "--kept", &kept, "--came", &came, "--learn", &learnt_path];
    let (status, out, errors) = run(&args);
    assert_eq!(status, 1, "{errors}");
    assert!(errors.contains("the file stays as it was"), "{errors}");
    assert!(!out.is_empty(), "the scores are printed nevertheless");
    assert_eq!(std::fs::read_to_string(&learnt_path).expect("the file"), learnt);
    // A line that was changed is named.
    let text = std::fs::read_to_string(&kept).expect("a line").replacen(
        "\"members\":200",
        "\"members\":100",
        1,
    );
    let changed = file(folder.path(), "changed.jsonl", &text);
    let (status, _, errors) = run(&["score", "--kept", &changed, "--came", &came]);
    assert_eq!(status, 1);
    assert!(errors.contains("line 1: damaged"), "{errors}");
}

#[test]
fn settings_that_break_a_limit_or_have_no_cost_are_marked_and_units_are_shown() {
    let folder = folder();
    let goal = |text: &str| file(folder.path(), "goal.ron", text);
    let optimise = |goal: &str, more: &[&str]| {
        let args = ["optimise", "tank", "--goal", goal, "--horizon", "10min", "--members", "16"];
        run(&[&args[..], more].concat())
    };
    // With the inflow off, the level falls below what is asked for.
    let path = goal(
        r#"(money: "EUR", set: {"q_in": (from: 0.001, to: 0.002, off: 0)},
            running: ["5 * q_in"], limits: [(of: "h", at_least: 1.1, when: end)])"#,
    );
    let (status, out, errors) = optimise(&path, &[]);
    assert_eq!(status, 0, "{errors}");
    let off = out.lines().find(|line| line.trim_start().starts_with("0 ")).expect("a choice");
    assert!(off.ends_with("BREAKS A LIMIT"), "{out}");
    assert!(out.contains("m3/s") && out.contains("EUR in 10"), "{out}");
    let done: Json = serde_json::from_str(&optimise(&path, &["--json"]).1).expect("JSON");
    assert_eq!(done["optimum"]["settings"]["q_in"]["unit"], "m3/s");
    assert_eq!(done["optimum"]["limits"][0]["unit"], "m");
    for (running, wanted) in [
        ("1/0", "expected a finite number"),
        ("-ln(0)", "expected a finite number"),
        ("ln(0 * q_in)", "no settings can be compared"),
    ] {
        let text =
            format!("(set: {{\"q_in\": (from: 0.001, to: 0.002)}}, running: [\"{running}\"])");
        let (status, out, errors) = optimise(&goal(&text), &[]);
        assert_eq!((status, out.as_str()), (1, ""), "{running}: {errors}");
        assert!(errors.contains(wanted), "{running}: {errors}");
    }
}

#[test]
fn a_course_ends_at_its_end_whatever_the_step_and_its_times_do_not_drift() {
    let ends = |args: &[&str]| {
        let text = fine(&[&["simulate", "battery_circuit", "--set", "i=0"][..], args].concat());
        columns(&text)["t"].clone()
    };
    assert_eq!(ends(&["--until", "10", "--dt", "1.5"]), [0.0, 1.5, 3.0, 4.5, 6.0, 7.5, 9.0, 10.0]);
    assert_eq!(ends(&["--until", "0.4"]), [0.0, 0.4]);
    let long = ["--begin", "1795435200", "--until", "1795438800", "--dt", "0.1", "--every", "1800"];
    assert_eq!(ends(&long), [1_795_435_200.0, 1_795_437_000.0, 1_795_438_800.0]);
}

#[test]
fn the_inputs_of_a_machine_s_file_act_in_every_command() {
    let folder = folder();
    let text = |more: &str| {
        format!(
            "(model: \"battery_circuit\", noise: {{\"t\": 0.5, \"v\": 0.02}}, \
             estimate: {{\"qb\": (mean: 7700, deviation: 100, drift: 0.3)}}{more})"
        )
    };
    let plain = file(folder.path(), "plain.ron", &text(""));
    let stated = file(folder.path(), "stated.ron", &text(", inputs: {\"i\": 3}"));
    let course = fine(&["simulate", &stated, "--until", "300"]);
    let all = columns(&course);
    let rows = |with: bool| {
        let mut rows = String::from(if with { "t,u_i,z_t,z_v" } else { "t,z_t,z_v" });
        for at in 1..all["t"].len() {
            let input = if with { ",3" } else { "" };
            write!(rows, "\n{}{input},{},{}", all["t"][at], all["z_t"][at], all["z_v"][at])
                .expect("a text");
        }
        rows
    };
    let with = file(folder.path(), "with.csv", &rows(true));
    let without = file(folder.path(), "without.csv", &rows(false));
    let of = |args: &[&str]| run(args).1;
    let pairs: [&[&str]; 3] = [
        &["estimate"],
        &["forecast", "--horizon", "2h", "--members", "8"],
        &["calibrate", "--fit", "Rs"],
    ];
    for args in pairs {
        let wanted = of(&[args, &[&plain, "--samples", &with]].concat());
        assert!(wanted.len() > 100, "{args:?}");
        assert_eq!(of(&[args, &[&stated, "--samples", &without]].concat()), wanted, "{args:?}");
    }
    // Without samples too: 3 A end a battery sooner than the usual 2 A.
    let end_s = |machine: &str| {
        let done = json(&["forecast", machine, "--horizon", "2h", "--members", "8", "--json"]);
        done["events"]["EOD"]["mean_s"].as_f64().expect("it ends")
    };
    assert!(end_s(&stated) < 0.8 * end_s(&plain));
}

#[test]
fn a_machine_is_watched_by_a_table_that_begins_anew() {
    let folder = folder();
    let machine = file(
        folder.path(),
        "tank.ron",
        "(model: \"tank\", noise: {\"h\": 0.002}, estimate: {\"h\": (deviation: 0.1, drift: 1e-5)})",
    );
    let table = |name: &str, level: f64, seed: f64| {
        let mut text = "t,u_q_in,u_q_out,z_h".to_owned();
        for row in 0..2000 {
            let wiggle = ((f64::from(row) * 12.9898 + seed).sin() * 43_758.547).fract();
            let level = level + 0.002 * wiggle;
            write!(text, "\n{},0.0014,0.0014,{level}", 60 * row).expect("a text");
        }
        file(folder.path(), name, &text)
    };
    let healthy = table("healthy.csv", 1.2, 0.0);
    let samples = table("samples.csv", 1.35, 1.0);
    let args = ["detect", "--machine", &machine, "--healthy", &healthy, "--samples", &samples];
    let (status, out, errors) = run(&[&args[..], &["--json"]].concat());
    assert_eq!(status, 0, "{errors}");
    assert!(errors.contains("so it is another run"), "{errors}");
    assert!(!errors.contains("is left out"), "{errors}");
    let done: Json = serde_json::from_str(&out).expect("JSON");
    assert!(done["tested"].as_u64().is_some_and(|tested| tested > 1_900), "{done}");
    assert_eq!(done["events"].as_array().map(Vec::len), Some(0), "{done}");
}

#[test]
fn calibrate_notes_a_unit_that_is_not_the_model_s_and_how_initial_states_are_passed_on() {
    let folder = folder();
    let course = REFERENCE.replace("ukf_battery_circuit", "battery_circuit_euler");
    let text = std::fs::read_to_string(&course).expect("the reference");
    let place = text.lines().next().expect("headings").split(',').position(|name| name == "z_t");
    let place = place.expect("a column");
    let celsius = |line: &str| {
        let mut cells: Vec<String> = line.split(',').map(str::to_owned).collect();
        if let Ok(kelvin) = cells[place].parse::<f64>() {
            cells[place] = (kelvin - 273.15).to_string();
        }
        cells.join(",")
    };
    let text: Vec<String> = text.lines().map(celsius).collect();
    let samples = file(folder.path(), "celsius.csv", &text.join("\n"));
    let battery = format!("{MACHINES}/battery.ron");
    let (_, _, errors) = run(&["calibrate", &battery, "--samples", &samples, "--fit", "Rs"]);
    assert!(errors.contains("z_t [Cel]"), "{errors}");
    let found = folder.path().join("found.ron").to_str().expect("text").to_owned();
    let args = ["calibrate", &battery, "--samples", &course, "--fit", "Rs,qb"];
    let (status, _, errors) = run(&[&args[..], &["--params-out", &found]].concat());
    assert_eq!(status, 0, "{errors}");
    let (_, initial) = errors.split_once("stated by --initial: ").expect("how to pass them on");
    let (initial, _) = initial.split_once('}').expect("a list");
    let (found, initial) = (found.as_str(), format!("{initial}}}"));
    fine(&[
        "simulate",
        "battery_circuit",
        "--until",
        "5",
        "--params",
        found,
        "--initial",
        &initial,
    ]);
}

#[test]
fn the_same_name_twice_is_refused_in_every_form() {
    for set in ["(i: 2, i: 3)", "{\"i\": 2, \"i\": 3}", "i=2,i=3"] {
        let (status, _, errors) =
            run(&["simulate", "battery_circuit", "--until", "3", "--set", set]);
        assert_eq!(status, 1, "{set}");
        assert!(errors.contains("twice"), "{set}: {errors}");
    }
}

#[test]
fn the_words_of_a_forecast_are_plain() {
    let words = fine(&["forecast", "battery_circuit", "--horizon", "2h", "--members", "8"]);
    assert!(words.contains("EOD: happens within that time with a probability of"), "{words}");
    let words = fine(&["forecast", "centrifugal_pump", "--horizon", "1h", "--members", "8"]);
    assert!(words.contains("is what fails first, within that time"), "{words}");
}

#[test]
fn a_diagnosis_without_a_sample_to_judge_by_is_none() {
    let folder = folder();
    let samples = sensors(folder.path(), "(wRadial: 6e-11)", 0.0);
    let pump = format!("{MACHINES}/feed_pump.ron");
    let (status, out, errors) = run(&["diagnose", &pump, "--samples", &samples, "--since", "1e9"]);
    assert_eq!((status, out.as_str()), (1, ""));
    assert!(errors.contains("there is nothing to judge by"), "{errors}");
}
