//! Orders to a motor that takes its time.

use serde_json::json;

use super::*;
use crate::plant::simulation::command::starting::Condition;
use crate::plant::simulation::command::topics::TopicsSpec;
use crate::plant::simulation::command::{Takes, starting};
use crate::plant::simulation::physics::starter::{Cause, Mode, Starter};
use crate::plant::simulation::snapshot::{Damaged, Loaded, Saved};
use crate::plant::simulation::wiring::Wiring;
use crate::twin::Twin;

/// A motor that starts within a second and reaches no speed above 2000.
struct Motor {
    starter: Starter,
    speed: f64,
    setpoint: f64,
}

impl Block for Motor {
    fn step(&mut self, _b: &mut Board, _time_s: f64, dt_s: f64) {
        let goal = if self.starter.runs(false, false) { self.setpoint.min(2000.0) } else { 0.0 };
        self.speed += (goal - self.speed).clamp(-1500.0 * dt_s, 1500.0 * dt_s);
        if self.speed > 1900.0 {
            self.starter.trip(Cause::Overload);
        }
    }

    fn save(&self, out: &mut Saved) {
        out.put(&(&self.starter, self.speed, self.setpoint));
    }

    fn load(&mut self, from: &mut Loaded<'_>) -> Result<(), Damaged> {
        (self.starter, self.speed, self.setpoint) = from.take()?;
        Ok(())
    }

    fn command(&mut self, _b: &mut Board, command: &Command) -> Answer {
        let is = Condition { standing: self.speed == 0.0, cause_is_gone: true, withheld: None };
        starting::obey(&mut self.starter, command, is).unwrap_or_else(|| {
            self.setpoint = command.argument.number();
            Answer::Accepted
        })
    }

    fn progress(&self, _b: &Board, command: &Command) -> Progress {
        let moves = (self.speed > 0.0, self.speed == 0.0);
        starting::progress(&self.starter, command, moves).unwrap_or(
            if self.speed == command.argument.number() { Progress::Done } else { Progress::Going },
        )
    }
}

struct Plant {
    orders: Orders,
    board: Board,
    blocks: Vec<Box<dyn Block>>,
    answers: Vec<Json>,
}

impl Plant {
    fn new() -> Self {
        let mut w = Wiring::default();
        starting::wire(&mut w, "M-1", 0, 5.0);
        let speed = Takes::Number { unit: "{rev}/min", low: 0.0, high: 3000.0 };
        w.command("M-1", 0, "speed", speed, 3.0);
        w.part("M-1", "bearing", 1000.0, 0.2);
        w.command("M-1", 0, "maintain", Takes::Part, 3.0);
        let twin = Twin { name: "plant".into(), ..Twin::default() };
        let topics = Topics::new(&twin, &TopicsSpec::default(), &mut w);
        let motor = Motor { starter: Starter::new(Mode::Manual), speed: 0.0, setpoint: 1500.0 };
        let orders = Orders::new(topics, w.commands().to_vec());
        Self { orders, board: w.board(), blocks: vec![Box::new(motor)], answers: Vec::new() }
    }

    fn tell(&mut self, command: &str, payload: &str) {
        self.tell_retained(command, payload, false);
    }

    fn tell_retained(&mut self, command: &str, payload: &str, retained: bool) {
        let topic = format!("plant/M-1/set/{command}");
        let now = Timestamp(self.board.clock.time_us);
        let incoming = Incoming { topic, payload: payload.into(), retained };
        assert!(self.orders.push(incoming, now));
    }

    /// Lets seconds pass; gives the answers as `command answer reason`.
    fn pass(&mut self, seconds: f64) -> Vec<String> {
        let mut sent = Vec::new();
        for _ in 0..(seconds * 50.0) as usize {
            let now = Timestamp(self.board.clock.time_us);
            while let Some(incoming) = self.orders.pop() {
                let plant = (&mut self.board, &mut self.blocks[..]);
                self.orders.obey(&incoming, plant, now, &mut |message| sent.push(message));
            }
            self.board.clock.tick(20_000);
            self.blocks[0].step(&mut self.board, 0.0, 0.02);
            self.orders.look(&self.board, &self.blocks, now, &mut |message| sent.push(message));
        }
        let mut said = Vec::new();
        for message in sent {
            assert_eq!(
                (&*message.topic, message.qos, message.retain),
                ("plant/M-1/answer", 1, false)
            );
            let json: Json = serde_json::from_slice(&message.payload).expect("JSON");
            let text = |name: &str| json[name].as_str().unwrap_or_default().to_string();
            said.push(format!("{} {} {}", text("command"), text("answer"), text("reason")));
            self.answers.push(json);
        }
        said
    }
}

#[test]
fn each_command_is_answered_once_accepted_or_refused_and_then_done_or_failed() {
    let mut plant = Plant::new();
    plant.tell("speed", r#"{"value": 1200, "id": "c17", "by": "eva"}"#);
    plant.tell("start", "");
    assert_eq!(plant.pass(0.1), ["speed accepted ", "start accepted ", "start done "]);
    assert_eq!(plant.pass(2.0), ["speed done "]);
    let first = &plant.answers[0];
    assert_eq!(first["id"], json!("c17"));
    assert_eq!(first["value"], json!(1200));
    assert_eq!(first["ts"], json!("1970-01-01T00:00:00.000000Z"));
    plant.tell("run", "false");
    assert_eq!(plant.pass(2.0), ["run accepted ", "run done "]);
    plant.tell("mode", "automatic");
    assert_eq!(plant.pass(0.1), ["mode accepted ", "mode done "]);
    assert_eq!(plant.pass(20.0), Vec::<String>::new());
}

#[test]
fn what_is_not_reached_in_time_or_trips_has_failed() {
    let mut plant = Plant::new();
    plant.tell("start", "");
    plant.pass(2.0);
    plant.tell("speed", "1800");
    plant.pass(2.0);
    plant.tell("speed", "1600");
    plant.tell("speed", "1700");
    assert_eq!(
        plant.pass(1.0),
        [
            "speed accepted ",
            "speed failed a newer command took its place",
            "speed accepted ",
            "speed done "
        ]
    );
    plant.tell("stop", "");
    plant.pass(3.0);
    plant.tell("speed", "1000");
    assert_eq!(plant.pass(4.0), ["speed accepted ", "speed failed it was not done within 3 s"]);
    plant.tell("speed", "2500");
    plant.tell("start", "");
    plant.pass(2.0);
    plant.tell("start", "");
    let said = plant.pass(2.0);
    assert!(said[0].starts_with("start refused it has tripped (overload)"), "{said:?}");
}

#[test]
fn refusals_name_what_was_expected_and_the_nearest_name() {
    let mut plant = Plant::new();
    let mut refused = |command: &str, payload: &str, expected: &str| {
        plant.tell(command, payload);
        let said = plant.pass(0.2);
        let is_refused = said.len() == 1 && said[0].starts_with(&format!("{command} refused "));
        assert!(is_refused && said[0].contains(expected), "{command} {payload}: {said:?}");
    };
    refused("spead", "1000", "nearest: \"speed\"");
    refused("speed", "3001", "from 0 to 3000 {rev}/min");
    refused("speed", "fast", "expected a number");
    refused("speed", r#"{"value": 1, "unit": "Hz"}"#, "unknown field `unit`");
    refused("maintain", "gear", "expected one of bearing");
    refused("lockout", "true", "who locks it out?");
    refused("reset", "", "nothing to reset");
    refused("speed", &"9".repeat(5000), "at most 4096");
    plant.tell_retained("start", "", true);
    assert!(plant.pass(0.2)[0].contains("without retain"));
}

#[test]
fn what_has_the_mark_of_an_earlier_command_is_answered_again_and_not_done_again() {
    let mut plant = Plant::new();
    plant.tell("start", r#"{"id": "a"}"#);
    plant.pass(1.0);
    plant.tell("stop", r#"{"id": "b"}"#);
    plant.pass(2.0);
    plant.tell("start", r#"{"id": "a"}"#);
    assert_eq!(plant.pass(1.0), ["start done "], "the last answer");
    plant.tell("start", r#"{"id": "c"}"#);
    assert_eq!(plant.pass(1.0), ["start accepted ", "start done "], "it stood still");
    for n in 0..40 {
        plant.tell("acknowledge", &format!(r#"{{"id": "n{n}"}}"#));
    }
    plant.pass(1.0);
    assert_eq!(plant.orders.state().remembered[0].len(), 32);
}

#[test]
fn a_mark_is_of_one_command_and_of_one_that_was_understood() {
    let mut plant = Plant::new();
    plant.tell_retained("start", r#"{"id": "a"}"#, true);
    plant.tell("speed", r#"{"value": 1200, "unit": "Hz", "id": "a"}"#);
    plant.tell("speed", r#"{"value": 9000, "id": "a"}"#);
    plant.tell("start", r#"{"id": "a"}"#);
    plant.tell("speed", r#"{"value": 1200, "id": "a"}"#);
    let said = plant.pass(2.0);
    let short: Vec<_> = said
        .iter()
        .map(|said| said.split(' ').take(2))
        .map(|w| w.collect::<Vec<_>>().join(" "))
        .collect();
    let refused = ["start refused", "speed refused", "speed refused"];
    assert_eq!(short[..3], refused, "{said:?}");
    assert_eq!(short[3..], ["start accepted", "speed accepted", "start done", "speed done"]);
    assert!(plant.answers.iter().all(|answer| answer["id"] == json!("a")), "{said:?}");
}

#[test]
fn what_removes_a_kept_command_does_nothing_else() {
    let mut plant = Plant::new();
    plant.tell_retained("start", r#"{"by": "eva"}"#, true);
    plant.tell("start", "");
    let said = plant.pass(1.0);
    assert!(said.len() == 2 && said[1].contains("has removed the command"), "{said:?}");
    plant.tell("start", "");
    assert_eq!(plant.pass(1.0), ["start accepted ", "start done "]);
}

#[test]
fn a_flood_is_bounded_and_what_is_no_command_is_not_taken() {
    let mut plant = Plant::new();
    let message =
        |topic: &str| Incoming { topic: topic.into(), payload: b"1000".to_vec(), retained: false };
    let now = Timestamp(0);
    assert!(!plant.orders.push(message("plant/M-1/data"), now));
    for _ in 0..5000 {
        assert!(plant.orders.push(message("plant/M-1/set/speed"), now));
    }
    assert_eq!(plant.orders.state().waiting.len(), 1000);
    let said = plant.orders.take_said();
    assert_eq!(said.len(), 4000, "the others are answered at once");
    let text = String::from_utf8_lossy(&said[0].payload).into_owned();
    assert!(text.contains("1000 commands wait") && text.contains("refused"), "{text}");
    plant.pass(0.1);
    assert_eq!(plant.orders.state().pending.len(), 1, "the newest is being done");
}

#[test]
fn orders_on_their_way_are_kept_in_snapshots() {
    let mut plant = Plant::new();
    plant.tell("speed", r#"{"value": 1200, "id": "c17"}"#);
    plant.pass(0.1);
    plant.tell("start", "");
    let bytes = postcard::to_stdvec(plant.orders.state()).expect("bytes");
    let mut again = Plant::new();
    let mut motor = Saved::default();
    plant.blocks[0].save(&mut motor);
    let motor = motor.bytes().expect("bytes");
    again.blocks[0].load(&mut Loaded::new(&motor)).expect("a motor");
    again.board.clock = plant.board.clock;
    assert!(again.orders.restore(postcard::from_bytes(&bytes).expect("a state")));
    assert_eq!(again.pass(2.0), plant.pass(2.0));
    let mut foreign = plant.orders.state().clone();
    foreign.remembered.push(VecDeque::new());
    assert!(!again.orders.restore(foreign));
}
