//! The command line as a script sees it: help, exit status, and what is said where.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value as Json;

use crate::gltf_reader::{Facts, facts};
#[cfg(feature = "viewer")]
use crate::programs::free_port;
use crate::programs::{
    Background, Mosquitto, eventually, folder, outcome, plant, repository, run, signal, twinscope,
};

fn commands() -> Vec<String> {
    let (_, help, _) = run(&["--help"]);
    let list = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let names = list.take_while(|line| !line.is_empty());
    // What a description continues on another line is indented further.
    let names =
        names.filter_map(|line| line.strip_prefix("  ").filter(|name| !name.starts_with(' ')));
    let name = |line: &str| line.split_whitespace().next().expect("a name").to_owned();
    names.map(name).filter(|name| name != "help").collect()
}

#[test]
fn every_command_explains_itself_with_an_example_that_fits_its_options() {
    let commands = commands();
    for wanted in ["demo", "watch", "check", "inspect", "broker", "plant"] {
        assert!(commands.iter().any(|name| name == wanted), "{wanted}: {commands:?}");
    }
    if cfg!(feature = "viewer") {
        assert!(["view", "render"].iter().all(|name| commands.iter().any(|own| own == name)));
    }
    for command in &commands {
        let (status, help, errors) = run(&[command, "--help"]);
        assert_eq!((status, errors.as_str()), (0, ""), "{command}");
        let (options, examples) = help.split_once("Example").expect("an example");
        assert!(examples.contains(&format!("twinscope {command}")), "{help}");
        for word in examples.split_whitespace().filter(|word| word.starts_with("--")) {
            assert!(options.contains(word), "the example of {command} has {word}");
        }
        for file in
            examples.split_whitespace().filter(|word| word.contains("/") && word.ends_with(".ron"))
        {
            let file = file.replace('*', "bottling");
            assert!(repository(&file).is_file(), "{file}");
        }
    }
    let (status, version, _) = run(&["--version"]);
    assert_eq!((status, version.trim()), (0, concat!("twinscope ", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn arguments_that_make_no_sense_end_with_status_1_and_say_what_was_expected() {
    let twin = "scenes/pump_station.ron";
    let cases: [(&[&str], &str); 9] = [
        (&["wotch", twin], "watch"),
        (&["watch"], "TWIN.ron"),
        (&["watch", twin, "--brokr", "x"], "--broker"),
        (&["watch", twin, "--for", "soon"], "5s"),
        (&["watch", twin, "--broker", "mqtt://host:port"], "mqtt://localhost:1883"),
        (&["watch", twin, "--credentials", "/nowhere/login"], "/nowhere/login"),
        (&["plant", twin, "--speed", "0"], "from 0.01 to 10000"),
        (&["check", "/nowhere/plant.ron"], "/nowhere/plant.ron"),
        (&["inspect", "/nowhere/pump.glb"], "/nowhere/pump.glb"),
    ];
    for (args, hint) in cases {
        let (status, output, errors) = run(args);
        assert_eq!(status, 1, "{args:?}: {errors}");
        assert!(errors.contains(hint), "{args:?}: {errors}");
        assert_eq!(output, "", "{args:?}");
    }
}

/// One mistake a line, marked with `!` at the place that must be named.
const WRONG: &str = r#"Twin(
    schema: 2,
    name: "wrong",
    classes: {
        "Pump": (
            properties: {
                "speed": (unit: "{rev}/min", range: !(10, 0)),
                "flow": (unit: !"m3/hh"),
            },
            mappings: [
                Json(topic: "plant/{asset}/telemetry", values: {!"sped": "/speed"}),
            ],
            bindings: [
                !Spinn(node: "rotor", axis: x, by: "speed"),
            ],
        ),
    },
    assets: [
        (name: "P-1", class: !"Pomp"),
        (!nam: "P-2", class: "Pump"),
    ],
)
"#;

#[test]
fn check_names_line_and_column_of_every_mistake_at_once_and_the_nearest_valid_name() {
    let folder = folder();
    let twin = folder.path().join("wrong.ron");
    std::fs::write(&twin, WRONG.replace('!', "")).unwrap();
    let (status, output, errors) = run(&["check", twin.to_str().unwrap(), "scenes/bottling.ron"]);
    assert_eq!(status, 1, "{errors}");
    let mut marks = 0;
    for (line, text) in WRONG.lines().enumerate() {
        if let Some(column) = text.find('!') {
            let place = format!("{}:{}:{}: error: ", twin.display(), line + 1, column + 1);
            assert!(errors.contains(&place), "no {place} in\n{errors}");
            marks += 1;
        }
    }
    assert_eq!(marks, 6);
    for nearest in ["`speed`", "`Spin`", "`Pump`", "`name`"] {
        assert!(errors.contains(&format!("did you mean {nearest}?")), "{nearest} in\n{errors}");
    }
    assert!(
        output.contains("scenes/bottling.ron: fine"),
        "one wrong file hides no other: {output}"
    );
}

#[test]
fn check_finds_a_node_that_the_model_does_not_have_and_names_the_nearest() {
    let folder = folder();
    let twin = folder.path().join("mine.ron");
    let model = repository("assets/models/pump_skid.glb");
    let text = format!(
        r#"Twin(schema: 2, name: "mine", classes: {{"Pump": (model: {model:?},
  properties: {{"turns": (unit: "{{rev}}")}},
  bindings: [Rotate(node: "rotr", axis: x, by: "turns")])}}, assets: [(name: "P", class: "Pump")])"#
    );
    std::fs::write(&twin, &text).unwrap();
    let (status, output, errors) = run(&["check", twin.to_str().unwrap()]);
    assert_eq!(status, 1, "{errors}");
    assert!(errors.contains("mine.ron:3:") && errors.contains("rotor"), "{errors}");
    assert!(output.contains("1 errors"), "{output}");
    std::fs::write(&twin, text.replace("rotr", "rotor")).unwrap();
    let (status, _, errors) = run(&["check", twin.to_str().unwrap()]);
    assert_eq!((status, errors.as_str()), (0, ""));
}

fn models() -> Vec<PathBuf> {
    let files =
        std::fs::read_dir(repository("assets/models")).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> =
        files.filter(|file| file.extension().is_some_and(|e| e == "glb")).collect();
    files.sort();
    files
}

#[test]
fn inspect_agrees_with_another_reader_about_every_model_of_the_plant() {
    let models = models();
    assert!(models.len() >= 20, "the plant has its models");
    for model in models {
        let (status, output, errors) = run(&["inspect", "--json", model.to_str().unwrap()]);
        assert_eq!((status, errors.as_str()), (0, ""), "{}", model.display());
        let ours: Json = serde_json::from_str(&output).expect("the output is JSON");
        let Facts { nodes, meshes, primitives, triangles, drawn, materials, animations, bounds } =
            facts(&model);
        let length = |name: &str| ours[name].as_array().unwrap().len();
        let number = |name: &str| ours[name].as_u64().unwrap() as usize;
        assert_eq!(length("nodes"), nodes, "{}", model.display());
        assert_eq!(length("materials"), materials, "{}", model.display());
        assert_eq!(length("animations"), animations, "{}", model.display());
        let counted = ["meshes", "primitives", "triangles", "triangles_drawn"].map(number);
        assert_eq!(counted, [meshes, primitives, triangles, drawn], "{}", model.display());
        for axis in 0..3 {
            for (side, bound) in [("min", bounds[0]), ("max", bounds[1])] {
                let own = ours["bounds"][side][axis].as_f64().unwrap();
                // A millionth of a metre: the other reader computes in single precision.
                assert!((own - bound[axis]).abs() < 1e-5, "{}: {side} {axis}", model.display());
            }
        }
    }
}

#[test]
fn inspect_says_what_a_file_is_not() {
    let (status, output, errors) = run(&["inspect", "Cargo.toml"]);
    assert_eq!((status, output.as_str()), (1, ""));
    assert!(errors.contains("Cargo.toml") && errors.contains("GLB"), "{errors}");
}

#[test]
fn inspect_of_a_refused_model_counts_what_it_can_says_why_and_fails() {
    let (status, output, errors) = run(&["inspect", "tests/data/models/unknown_required.glb"]);
    assert_eq!(status, 1);
    assert!(output.contains("meshes      1 in 1 primitives"), "{output}");
    assert!(output.contains("nodes       1"), "{output}");
    assert!(errors.contains("VENDOR_magic") && errors.contains("unknown_required.glb"), "{errors}");
}

#[test]
fn what_is_not_drawn_of_a_model_is_said_by_inspect_and_check() {
    let file = "tests/data/models/tex_png_damaged.glb";
    let (status, output, errors) = run(&["inspect", file]);
    assert_eq!((status, errors.as_str()), (0, ""));
    assert!(output.contains("remark      picture `image 0`: it is left out"), "{output}");
    let folder = folder();
    let twin = folder.path().join("t.ron");
    std::fs::copy(repository(file), folder.path().join("m.glb")).unwrap();
    let text = r#"Twin(schema: 2, name: "t", classes: {"A": (model: "m.glb")},
        assets: [(name: "a", class: "A")])"#;
    std::fs::write(&twin, text).unwrap();
    let (status, output, errors) = run(&["check", twin.to_str().unwrap()]);
    assert_eq!(status, 0, "{errors}");
    assert!(errors.contains("m.glb`: picture `image 0`: it is left out"), "{errors}");
    assert!(output.contains("0 errors, 1 warnings"), "{output}");
    // A model that is not there is said once, where the file names it.
    std::fs::remove_file(folder.path().join("m.glb")).unwrap();
    let (status, output, errors) = run(&["check", twin.to_str().unwrap()]);
    assert_eq!((status, errors.matches("m.glb`").count()), (0, 1), "{errors}");
    assert!(output.contains("0 errors, 1 warnings"), "{output}");
}

#[test]
fn the_broker_refuses_to_be_open_to_the_network_without_a_password() {
    let open: [&[&str]; 2] =
        [&["--tcp", "0.0.0.0:0"], &["--tcp", "127.0.0.1:0", "--websocket", "[::]:0"]];
    for addresses in open {
        let output = twinscope().arg("broker").args(addresses).output().unwrap();
        let (status, output, errors) = outcome(output);
        assert_eq!((status, output.as_str()), (1, ""), "{errors}");
        assert!(errors.contains("TWINSCOPE_MQTT_PASSWORD"), "{errors}");
        assert!(errors.contains("127.0.0.1"), "{errors}");
    }
}

#[test]
fn an_address_in_use_is_the_environments_fault_and_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (status, _, errors) = run(&["broker", "--tcp", &address]);
    assert_eq!(status, 2, "{errors}");
    assert!(errors.contains(&address), "{errors}");
}

/// A broker of ours with that login; and its address.
fn locked_broker() -> (Background, String) {
    let mut command = twinscope();
    command.args(["broker", "--tcp", "0.0.0.0:0"]).stdout(Stdio::piped());
    command.env("TWINSCOPE_MQTT_USER", "eva").env("TWINSCOPE_MQTT_PASSWORD", "s3 cret");
    let mut broker = Background::start(&mut command);
    let mut line = String::new();
    BufReader::new(broker.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (broker, line.trim().replace("0.0.0.0", "127.0.0.1"))
}

#[test]
fn plant_and_watch_log_in_by_environment_and_by_file_and_the_broker_ends_on_request() {
    let (mut broker, url) = locked_broker();
    let folder = folder();
    let login = folder.path().join("login");
    std::fs::write(&login, "eva\ns3 cret\n").unwrap();
    let twin = "scenes/pump_station.ron";
    let (status, _, errors) = run(&["watch", twin, "--broker", &url, "--for", "1s"]);
    assert_eq!(status, 2, "{errors}");
    assert!(errors.contains("password"), "why: {errors}");

    let login = ["--credentials", login.to_str().unwrap()];
    let _plant = plant("pump_station.ron", &url, &login);
    let seen = eventually(Duration::from_secs(20), || {
        let output = twinscope()
            .args(["watch", twin, "--broker", &url, "--for", "700ms", "--json"])
            .env("TWINSCOPE_MQTT_USER", "eva")
            .env("TWINSCOPE_MQTT_PASSWORD", "s3 cret")
            .output();
        let (status, output, errors) = outcome(output.unwrap());
        assert_eq!(status, 0, "{errors}");
        output.lines().any(|line| line.contains("P-1.speed") && line.contains("\"good\""))
    });
    assert!(seen, "the plant logs in and publishes");

    signal(&broker.0, "TERM");
    let ended = eventually(Duration::from_secs(10), || broker.0.try_wait().unwrap().is_some());
    assert!(ended && broker.0.wait().unwrap().success(), "the broker ends in good order");
}

#[test]
fn the_plant_of_a_twin_without_a_simulation_is_a_wrong_input() {
    let folder = folder();
    let twin = folder.path().join("real.ron");
    std::fs::write(&twin, r#"Twin(schema: 2, name: "real", assets: [(name: "A")])"#).unwrap();
    let broker = Mosquitto::start();
    let (status, _, errors) = run(&["plant", twin.to_str().unwrap(), "--broker", &broker.url()]);
    assert_eq!(status, 1, "{errors}");
    assert!(errors.contains("simulation"), "{errors}");
}

#[cfg(feature = "viewer")]
#[test]
fn without_a_display_the_viewer_says_what_to_do_instead() {
    let nobody = format!("mqtt://127.0.0.1:{}", free_port());
    let mut command = twinscope();
    command.args(["view", "scenes/pump_station.ron", "--broker", &nobody]);
    command.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
    let (status, _, errors) = outcome(command.output().unwrap());
    assert_eq!(status, 2, "{errors}");
    assert!(errors.contains("twinscope render"), "{errors}");
}

#[cfg(not(feature = "viewer"))]
#[test]
fn without_the_viewer_a_demo_without_a_display_says_so() {
    let (status, _, errors) = run(&["demo", "--headless", "plant.png"]);
    assert_eq!(status, 2, "{errors}");
    assert!(errors.contains("viewer"), "{errors}");
}
