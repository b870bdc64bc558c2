//! The topics on which a plant is told what to do and answers.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::stray::Around;
use crate::plant::simulation::instructor::ORDERS;
use crate::plant::simulation::wiring::Wiring;
use crate::telemetry::Router;
use crate::twin::{AssetId, Twin};

/// The `topics` field of the section: `{path}`, `{asset}`, `{twin}` and all other words that topics of
/// mappings have.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TopicsSpec {
    /// Before the command's name.
    pub set: String,
    /// Where a machine answers.
    pub answer: String,
    /// Before the names of an instructor's orders, without words of assets.
    instructor: String,
    /// Where work on machines is announced, without words of assets.
    maintenance: String,
}

impl Default for TopicsSpec {
    fn default() -> Self {
        Self {
            set: "{twin}/{path}/set".into(),
            answer: "{twin}/{path}/answer".into(),
            instructor: "{twin}/instructor".into(),
            maintenance: "{twin}/maintenance".into(),
        }
    }
}

/// The topics of one machine that obeys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obeying {
    /// The machine's name in the section.
    pub asset: String,
    /// Before the command's name, with the slash.
    pub set: String,
    /// Where it answers.
    pub answer: String,
}

/// All topics.
#[derive(Clone, Debug, Default)]
pub struct Topics {
    /// Machines that obey, in the order of the blocks.
    pub machines: Vec<Obeying>,
    /// Before an instructor's orders, with the slash.
    pub instructor: String,
    /// Where work on machines is announced.
    pub maintenance: String,
    by_set: BTreeMap<String, usize>,
    /// Where commands to any path come.
    pub(super) around: Option<Around>,
    /// What the plant itself sends.
    sent: BTreeSet<String>,
}

impl Topics {
    /// The topics of all machines that obey; notes what cannot be.
    pub fn new(twin: &Twin, spec: &TopicsSpec, wiring: &mut Wiring) -> Self {
        let mut topics = Self {
            instructor: words(twin, None, "", &spec.instructor) + "/",
            maintenance: words(twin, None, "", &spec.maintenance),
            around: Around::new(twin, spec),
            ..Self::default()
        };
        let mut wrong = Vec::new();
        for known in wiring.commands() {
            if topics.machines.iter().any(|machine| machine.asset == known.asset) {
                continue;
            }
            let id = twin.asset_ids().find(|id| *twin.asset(*id).name == *known.asset);
            let [set, answer] =
                [&spec.set, &spec.answer].map(|template| words(twin, id, &known.asset, template));
            let machine = Obeying { asset: known.asset.clone(), set: set + "/", answer };
            for topic in [&machine.set, &machine.answer] {
                if let Some(reason) = cannot_be(topic) {
                    wrong.push((known.asset.clone(), format!("the topic {topic:?} {reason}")));
                }
            }
            let next = topics.machines.len();
            if let Some(other) = topics.by_set.insert(machine.set.clone(), next) {
                let other = &topics.machines[other].asset;
                let what = format!(
                    "{other} and {} have the same topic {:?} for commands; let `topics.set` have {{path}} or {{asset}}",
                    machine.asset, machine.set
                );
                wrong.push((known.asset.clone(), what));
            }
            topics.machines.push(machine);
        }
        for topic in [&topics.instructor, &topics.maintenance] {
            if let Some(reason) = cannot_be(topic) {
                wrong.push((topic.clone(), format!("the topic {topic:?} {reason}")));
            }
        }
        topics.check_mappings(twin, wiring, &mut wrong);
        check_names(twin, &wiring.outputs(), &mut wrong);
        wiring.mistakes.extend(wrong);
        topics
    }

    /// What is told must not be read as what is measured.
    fn check_mappings(&self, twin: &Twin, wiring: &Wiring, wrong: &mut Vec<(String, String)>) {
        if self.machines.is_empty() {
            return;
        }
        let router = Router::new(twin);
        let sets = self.machines.iter().flat_map(|machine| {
            let own = wiring.commands().iter().filter(|known| known.asset == machine.asset);
            own.map(|known| (&machine.asset, format!("{}{}", machine.set, known.name)))
        });
        let answers = self.machines.iter().map(|machine| (&machine.asset, machine.answer.clone()));
        for (asset, topic) in sets.chain(answers) {
            if !router.route(&topic).is_empty() {
                let what = format!(
                    "a mapping of the twin reads {topic:?}, on which {asset} is told what to do or answers; \
                     let `topics` have others"
                );
                wrong.push((asset.clone(), what));
            }
        }
    }

    /// Takes note of what the plant sends, so that it does not obey itself; notes what would be a command.
    pub fn check_sent(&mut self, twin: &Twin, measured: Vec<String>, wiring: &mut Wiring) {
        let answers = self.machines.iter().map(|machine| machine.answer.clone());
        let to_instructor =
            ["answer", "catalogue"].map(|name| format!("{}{name}", self.instructor));
        let clock = twin.clock.iter().map(|clock| clock.topic.clone());
        let presence = twin.presence.iter().map(|presence| presence.topic.clone());
        let others = [self.maintenance.clone()].into_iter().chain(to_instructor);
        self.sent = answers.chain(others).chain(clock).chain(presence).chain(measured).collect();
        let orders = ORDERS.map(|order| format!("{}{order}", self.instructor));
        let mut wrong = Vec::new();
        for topic in &self.sent {
            if orders.contains(topic) {
                let what = format!(
                    "the plant sends on {topic:?}, which is an instructor's order; let `topics` have \
                     another `instructor`"
                );
                wrong.push((topic.clone(), what));
            }
        }
        for Obeying { asset, set, .. } in &self.machines {
            let is_command = |topic: &&String| topic.starts_with(&**set);
            if let Some(topic) = self.sent.iter().chain(&orders).find(is_command) {
                let what = format!(
                    "{topic:?} would be a command to {asset}, which obeys on {set}+; let `topics` have \
                     others"
                );
                wrong.push((asset.clone(), what));
            }
            if set.starts_with(&*self.instructor) {
                let what = format!(
                    "{asset} obeys on {set}+, which are an instructor's orders; let `topics` have others"
                );
                wrong.push((asset.clone(), what));
            }
        }
        wiring.mistakes.extend(wrong);
    }

    /// Whether the plant itself sends on a topic.
    pub fn is_sent(&self, topic: &str) -> bool {
        self.sent.contains(topic)
    }

    /// The machine and the command's name of a topic.
    pub fn machine<'a>(&self, topic: &'a str) -> Option<(usize, &'a str)> {
        let (set, name) = topic.split_at(topic.rfind('/')? + 1);
        Some((*self.by_set.get(set)?, name))
    }

    /// An instructor's order of a topic.
    pub fn order<'a>(&self, topic: &'a str) -> Option<&'a str> {
        topic.strip_prefix(&*self.instructor).filter(|_| !self.instructor.is_empty())
    }
}

/// Blocks know machines by their names alone: two of one name would both tell what one of them does.
fn check_names(twin: &Twin, signals: &[String], wrong: &mut Vec<(String, String)>) {
    let blocks: BTreeSet<&str> =
        signals.iter().filter_map(|signal| signal.split_once('.')).map(|(name, _)| name).collect();
    let mut paths: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for id in twin.asset_ids().filter(|id| twin.class_of(*id).is_some()) {
        let asset = twin.asset(id);
        paths.entry(&asset.name).or_default().push(&asset.path);
    }
    for (name, paths) in
        paths.iter().filter(|(name, paths)| paths.len() > 1 && blocks.contains(*name))
    {
        let what = format!(
            "{name} is the name of {}, and both would tell what the block does; give all but one of them \
             another name",
            paths.join(" and ")
        );
        wrong.push((name.to_string(), what));
    }
}

/// A template with its words filled in; of a machine that the twin does not have, its name stands for
/// its path.
pub(super) fn words(twin: &Twin, id: Option<AssetId>, name: &str, template: &str) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((word, behind)) = after.split_once('}') else {
            rest = after;
            continue;
        };
        out.push_str(match (id, word) {
            (Some(id), word) => twin.word(id, word).unwrap_or_default(),
            (None, "twin") => &twin.name,
            (None, "path" | "asset") => name,
            (None, _) => "",
        });
        rest = behind;
    }
    out + rest
}

/// Why nobody can publish on a topic.
pub(super) fn cannot_be(topic: &str) -> Option<&'static str> {
    if topic.contains(['+', '#', '\0']) {
        return Some("has a wildcard; give the asset another name, or `topics` another word");
    }
    if topic.starts_with(['/', '$']) || topic.contains("//") || topic.len() > 1000 {
        return Some(
            "has an empty level or is too long; `topics` uses a word that the asset does not have",
        );
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plant::simulation::command::Takes;

    fn with(assets: &[&str], spec: &TopicsSpec) -> (Topics, Vec<(String, String)>) {
        let mut wiring = Wiring::default();
        for asset in assets {
            wiring.command(asset, 0, "run", Takes::Switch, 5.0);
            wiring.command(asset, 0, "stop", Takes::Nothing, 5.0);
        }
        let twin = Twin { name: "plant".into(), ..Twin::default() };
        (Topics::new(&twin, spec, &mut wiring), wiring.mistakes)
    }

    #[test]
    fn a_topic_leads_to_the_machine_and_the_command() {
        let (topics, mistakes) = with(&["P-1", "P-2"], &TopicsSpec::default());
        assert!(mistakes.is_empty(), "{mistakes:?}");
        assert_eq!(topics.machine("plant/P-2/set/run"), Some((1, "run")));
        assert_eq!(topics.machine("plant/P-2/run"), None);
        assert_eq!(topics.machine("run"), None);
        assert_eq!(topics.machines[0].answer, "plant/P-1/answer");
        assert_eq!(topics.order("plant/instructor/fault"), Some("fault"));
    }

    #[test]
    fn what_the_plant_sends_is_no_command_to_it() {
        let wrong = |spec: &str, measured: &str| {
            let mut wiring = Wiring::default();
            wiring.command("P-1", 0, "run", Takes::Switch, 5.0);
            let twin = Twin { name: "plant".into(), ..Twin::default() };
            let spec = ron::from_str(spec).expect("RON");
            let mut topics = Topics::new(&twin, &spec, &mut wiring);
            topics.check_sent(&twin, vec![measured.to_string()], &mut wiring);
            assert!(topics.is_sent(measured) && topics.is_sent(&topics.machines[0].answer));
            wiring.mistakes
        };
        assert!(wrong("()", "plant/P-1/data").is_empty());
        for (spec, measured, expected) in [
            (
                r#"(set: "{twin}/{path}/do", answer: "{twin}/{path}/do/answer")"#,
                "a",
                "would be a command",
            ),
            ("()", "plant/P-1/set/speed", "would be a command to P-1"),
            (r#"(maintenance: "plant/P-1/set/new")"#, "a", "would be a command to P-1"),
            (r#"(instructor: "plant/P-1/set")"#, "a", "would be a command to P-1"),
            (r#"(instructor: "plant")"#, "a", "are an instructor's orders"),
            ("()", "plant/instructor/speed", "is an instructor's order"),
        ] {
            let mistakes = wrong(spec, measured);
            let said = |(_, what): &(String, String)| what.contains(expected);
            assert!(mistakes.iter().any(said), "{spec} {measured}: {mistakes:?}");
        }
    }

    #[test]
    fn topics_that_cannot_be_are_mistakes() {
        let same = TopicsSpec { set: "plant/set".into(), ..TopicsSpec::default() };
        let (_, mistakes) = with(&["P-1", "P-2"], &same);
        assert!(mistakes[0].1.contains("P-1 and P-2 have the same topic"), "{mistakes:?}");
        let (_, mistakes) = with(&["a+b"], &TopicsSpec::default());
        assert!(mistakes[0].1.contains("wildcard"), "{mistakes:?}");
        let empty = TopicsSpec { answer: "{twin}/{area}/{asset}".into(), ..TopicsSpec::default() };
        let (_, mistakes) = with(&["P-1"], &empty);
        assert!(mistakes[0].1.contains("empty level"), "{mistakes:?}");
    }
}
