//! Strangers tell a plant what to do, with clients that are not ours.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use twinscope::mirror::Mirror;
use twinscope::twin::{Timestamp, Value, ValueType};

use super::{TIMEOUT, Watched};
use crate::programs::{Background, Mosquitto, plant, publish, repository, scene, tools};

/// What a stranger hears by `mosquitto_sub`.
struct Heard {
    lines: Receiver<String>,
    _client: Background,
}

impl Heard {
    fn new(broker: &Mosquitto, filter: &str) -> Self {
        let mut command = Command::new("mosquitto_sub");
        command.args(["-q", "1", "-p", &broker.port.to_string(), "-t", filter, "-F", "%t %p"]);
        let mut client = Background::start(command.stdout(Stdio::piped()));
        let out = client.0.stdout.take().expect("its output");
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self { lines, _client: client }
    }

    /// The next answer: topic, and `command answer reason`.
    fn next(&self) -> (String, String) {
        let line = self.lines.recv_timeout(TIMEOUT).expect("an answer");
        let (topic, payload) = line.split_once(' ').expect("topic and payload");
        let json: Json = serde_json::from_str(payload).expect("JSON");
        let text = |name: &str| json[name].as_str().unwrap_or_default();
        let name = if json["command"].is_null() { "order" } else { "command" };
        let said = format!("{} {} {}", text(name), text("answer"), text("reason"));
        (topic.to_string(), said.trim().to_string())
    }

    fn expect(&self, expected: &[&str]) {
        for expected in expected {
            let (topic, said) = self.next();
            assert!(said.starts_with(expected), "expected {expected}, heard {said} on {topic}");
        }
    }
}

#[test]
fn a_stranger_with_mosquitto_pub_starts_slows_stops_breaks_and_resets_a_pump() {
    let broker = Mosquitto::start();
    // Nobody knows how old a command is that the broker had kept.
    publish(&broker, &["-r", "-t", "pump_station/station/P-1/set/mode", "-m", "manual"]);
    let heard = Heard::new(&broker, "pump_station/#");
    let answers = Heard::new(&broker, "pump_station/+/+/answer");
    let instructor = Heard::new(&broker, "pump_station/instructor/answer");
    let _plant = plant("pump_station.ron", &broker.url(), &["--speed", "10"]);
    let mut watched = Watched::new(scene("pump_station.ron"), &broker);
    let tell = |command: &str, payload: &str| {
        publish(
            &broker,
            &["-t", &format!("pump_station/station/P-1/set/{command}"), "-m", payload],
        );
    };
    let mut becomes = |property: &str, is_so: &dyn Fn(f64) -> bool| {
        let twin = watched.mirror.twin().clone();
        let id = twin.property_ids().find(|id| twin.property_path(*id).ends_with(property));
        let id = id.expect("a property");
        let is_so = watched.until(|mirror| {
            mirror.latest(id).and_then(|reading| reading.value.as_number()).is_some_and(is_so)
        });
        assert!(is_so, "{property}: {:?}", watched.mirror.latest(id));
    };

    answers.expect(&["mode refused the broker had kept this command"]);
    tell("start", "");
    answers.expect(&["start refused it is in automatic"]);
    tell("mode", "manual");
    tell("speed", r#"{"value": 1500, "id": "slower", "by": "eva"}"#);
    answers.expect(&["mode accepted", "mode done", "speed accepted", "speed done"]);
    becomes("P-1.speed", &|speed| (speed - 1500.0).abs() < 10.0);
    tell("speed", "9000");
    answers.expect(&["speed refused expected a number from"]);
    tell("stop", "");
    answers.expect(&["stop accepted", "stop done"]);
    becomes("P-1.speed", &|speed| speed == 0.0);
    tell("start", "");
    answers.expect(&["start accepted", "start done"]);

    let break_it = r#"{"fault": "trip", "on": "P-1"}"#;
    publish(&broker, &["-t", "pump_station/instructor/fault", "-m", break_it]);
    instructor.expect(&["fault done"]);
    becomes("P-1.speed", &|speed| speed == 0.0);
    tell("start", "");
    answers.expect(&["start refused it has tripped (overload); acknowledge and reset it first"]);
    tell("reset", "");
    answers.expect(&["reset refused its trip (overload) is not acknowledged"]);
    tell("acknowledge", "");
    answers.expect(&["acknowledge accepted", "acknowledge done"]);
    // It has stood still since; what tripped it is over after a second.
    std::thread::sleep(Duration::from_millis(500));
    tell("reset", "");
    tell("start", r#"{"by": "eva"}"#);
    answers.expect(&["reset accepted", "reset done", "start accepted", "start done"]);
    becomes("P-1.speed", &|speed| (speed - 1500.0).abs() < 10.0);
    tell("stat", "");
    answers.expect(&["stat refused P-1 knows no command \"stat\"; nearest: \"start\""]);
    publish(&broker, &["-t", "pump_station/instructor/fault", "-m", "{}"]);
    instructor.expect(&["fault refused missing field `fault`"]);

    // Whoever comes later sees what can be broken, and nothing of how the plant is.
    let lines = std::iter::from_fn(|| heard.lines.try_recv().ok());
    let catalogue =
        lines.into_iter().find(|line| line.starts_with("pump_station/instructor/catalogue"));
    let catalogue = catalogue.expect("the catalogue");
    assert!(catalogue.contains("bearing") && catalogue.contains("P-2"), "{catalogue}");
    assert!(!catalogue.contains("worn"), "{catalogue}");
}

#[test]
fn a_stranger_with_mosquitto_pub_stops_starts_slows_jams_and_resets_the_line() {
    let broker = Mosquitto::start();
    let answers = Heard::new(&broker, "bottling/filling/LINE-201/answer");
    let instructor = Heard::new(&broker, "bottling/instructor/answer");
    let strays = Heard::new(&broker, "bottling/LINE-201/answer");
    let _plant = plant("bottling.ron", &broker.url(), &["--speed", "5"]);
    let mut watched = Watched::new(scene("bottling.ron"), &broker);
    let tell = |command: &str, payload: &str| {
        let topic = format!("bottling/filling/LINE-201/set/{command}");
        publish(&broker, &["-t", &topic, "-m", payload]);
    };
    let order = |name: &str, payload: &str| {
        publish(&broker, &["-t", &format!("bottling/instructor/{name}"), "-m", payload]);
    };
    let twin = watched.mirror.twin().clone();
    let find = |path: &str| twin.property_ids().find(|id| twin.property_path(*id).ends_with(path));
    let [state, rate] =
        ["LINE-201.state", "LINE-201.rate_setpoint"].map(|path| find(path).expect("a property"));
    let ValueType::Enumeration(words) = &twin.property(state).ty else { panic!("it has words") };
    let mut becomes = |word: &str| {
        let at = words.iter().position(|known| &**known == word).expect("a word") as u16;
        let is_so = |mirror: &Mirror| {
            mirror.latest(state).is_some_and(|latest| latest.value == Value::Enumeration(at))
        };
        assert!(watched.until(is_so), "{word}: {:?}", watched.mirror.latest(state));
    };

    becomes("running");
    tell("stop", "");
    answers.expect(&["stop accepted", "stop done"]);
    becomes("stopped");
    tell("reset", "");
    answers.expect(&["reset refused the line is not jammed"]);
    tell("start", r#"{"id": "go", "by": "eva"}"#);
    answers.expect(&["start accepted", "start done"]);
    becomes("running");
    tell("rate", "60000");
    answers.expect(&["rate refused expected a number from 1200 to 7200"]);
    tell("rate", "3000");
    answers.expect(&["rate accepted", "rate done"]);

    order("fault", r#"{"fault": "jam", "on": "LINE-201", "for_s": 3600}"#);
    instructor.expect(&["fault done"]);
    becomes("jammed");
    tell("reset", "");
    answers.expect(&["reset accepted", "reset done"]);
    becomes("running");

    // Where it is not, whoever asks is told where it is.
    publish(&broker, &["-t", "bottling/LINE-201/set/stop", "-n"]);
    strays.expect(&["stop refused LINE-201 is at \"filling/LINE-201\": publish to \
                     bottling/filling/LINE-201/set/stop"]);
    order("faults", "");
    instructor.expect(&["faults refused there is no order \"faults\"; nearest: \"fault\""]);
    let slow = |mirror: &Mirror| {
        let rate = mirror.latest(rate).and_then(|latest| latest.value.as_number());
        rate.is_some_and(|rate| (rate - 3000.0).abs() < 1.0)
    };
    assert!(watched.until(slow), "{:?}", watched.mirror.latest(rate));
}

#[test]
fn mqtt_js_swaps_two_pumps_and_hears_accepted_and_done() {
    let broker = Mosquitto::start();
    let _plant = plant("bottling.ron", &broker.url(), &["--speed", "5"]);
    let swap = |pair: &str, id: &str| {
        let payload = format!(r#"{{"value": "{pair}", "id": "{id}"}}"#);
        let set = "bottling/PUMPS-101/set/swap";
        let output = Command::new("node")
            .arg(repository("tests/clients/command.mjs"))
            .args([&broker.url(), set, "bottling/PUMPS-101/answer", &payload])
            .env("TWINSCOPE_TEST_TOOLS", tools())
            .stderr(Stdio::inherit())
            .output()
            .expect("node is installed");
        String::from_utf8(output.stdout).expect("text")
    };
    // Until the plant has subscribed nobody answers.
    let since = Instant::now();
    let heard = Heard::new(&broker, "bottling/PUMPS-101/answer");
    while since.elapsed() < TIMEOUT {
        publish(&broker, &["-t", "bottling/PUMPS-101/set/changeover", "-m", "manual"]);
        if heard.lines.recv_timeout(Duration::from_secs(1)).is_ok() {
            break;
        }
    }
    assert_eq!(swap("P-101>P-103", "one"), "swap accepted\nswap done\n");
    assert_eq!(
        swap("P-101>P-103", "one"),
        "swap done\n",
        "with the same mark nothing is done twice"
    );
    let used = swap("P-103>P-101", "one");
    assert!(used.starts_with("swap refused the id \"one\" was that of swap"), "{used}");
    let again = swap("P-101>P-103", "two");
    assert!(again.starts_with("swap refused P-101 does not run"), "{again}");
    let none = swap("P-101>P-104", "three");
    assert!(none.starts_with("swap refused expected one of"), "{none}");
}

#[test]
fn a_plant_that_obeys_nobody_answers_nobody() {
    let broker = Mosquitto::start();
    let _plant = plant("pump_station.ron", &broker.url(), &["--obey", "nothing"]);
    let heard = Heard::new(&broker, "pump_station/#");
    let first = heard.lines.recv_timeout(TIMEOUT).expect("it is there");
    assert!(first.starts_with("pump_station/"), "{first}");
    publish(&broker, &["-t", "pump_station/station/P-1/set/mode", "-m", "manual"]);
    publish(&broker, &["-t", "pump_station/instructor/clear", "-m", ""]);
    let since = Instant::now();
    while since.elapsed() < Duration::from_secs(2) {
        let line = heard.lines.recv_timeout(TIMEOUT).expect("it goes on");
        assert!(!line.contains("/answer ") && !line.contains("/catalogue "), "{line}");
    }
}

#[test]
fn a_mirror_follows_a_plant_that_is_put_back() {
    let broker = Mosquitto::start();
    let _plant = plant("pump_station.ron", &broker.url(), &["--speed", "5"]);
    let mut watched = Watched::new(scene("pump_station.ron"), &broker);
    let twin = watched.mirror.twin().clone();
    let flow = twin.property_ids().find(|id| twin.property_path(*id).ends_with("FT-1.flow"));
    let flow = flow.expect("a property");
    let instructor = Heard::new(&broker, "pump_station/instructor/answer");
    let is_known =
        |mirror: &Mirror| mirror.latest(flow).is_some() && mirror.live_view().time > Timestamp(0);
    assert!(watched.until(is_known), "it is there, and so is its time");
    publish(&broker, &["-t", "pump_station/instructor/snapshot", "-m", "before"]);
    instructor.expect(&["snapshot done"]);
    let kept = watched.mirror.live_view().time;
    assert!(watched.until(|mirror| mirror.live_view().time.seconds_since(kept) > 30.0));
    let before = watched.mirror.live_view().time;
    publish(&broker, &["-t", "pump_station/instructor/restore", "-m", "before"]);
    instructor.expect(&["restore done"]);
    let since = Instant::now();
    assert!(watched.until(|mirror| before.seconds_since(mirror.live_view().time) > 10.0));
    assert!(since.elapsed() < Duration::from_secs(5), "within {:?}", since.elapsed());
    let back = watched.mirror.live_view().time;
    assert!(
        watched.until(|mirror| mirror.live_view().time.seconds_since(back) > 5.0),
        "it goes on"
    );
}
