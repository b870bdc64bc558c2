//! Commands to topics that no machine has: whoever sent one is told where it should have gone.

use super::topics::{Topics, TopicsSpec, cannot_be, words};
use crate::twin::Twin;

/// Levels that a path has at most where somebody is answered.
const DEEPEST: usize = 16;

/// Where commands come, whatever machine they are for: what stands before and after its path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Around {
    /// Before the path: empty, or with the slash.
    before: String,
    /// After it, between slashes.
    after: String,
    /// Levels of the longest path.
    depth: usize,
    /// Where the machine of a path would answer, with `{path}` and `{asset}`.
    answer: String,
    /// All assets of the twin: name and path.
    assets: Vec<(String, String)>,
}

/// A command to a topic that no machine has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stray<'a> {
    /// For what it was meant.
    pub path: &'a str,
    /// The command's name, and what else comes after.
    pub name: &'a str,
    /// Where the answer goes.
    pub answer: String,
}

impl Around {
    /// By the templates; `None` where topics of commands are not told apart by a path alone, with a level
    /// after it that no other topic has.
    pub fn new(twin: &Twin, spec: &TopicsSpec) -> Option<Self> {
        let (before, after) =
            spec.set.split_once("{path}").or_else(|| spec.set.split_once("{asset}"))?;
        let [before, after] = [before, after].map(|text| text.replace("{twin}", &twin.name));
        let is_plain = |text: &str| !text.contains(['{', '}']);
        let is_level = after.len() > 1 && after.starts_with('/');
        let is_whole = before.is_empty() || before.ends_with('/');
        if !(is_plain(&before) && is_plain(&after) && is_level && is_whole) {
            return None;
        }
        let assets: Vec<_> = twin
            .asset_ids()
            .map(|id| (twin.asset(id).name.to_string(), twin.asset(id).path.to_string()))
            .collect();
        let levels = |path: &str| path.matches('/').count() + 1;
        let deepest = assets.iter().map(|(_, path)| levels(path)).max().unwrap_or(1);
        let answer = spec.answer.replace("{twin}", &twin.name);
        Some(Self {
            before,
            after: after + "/",
            depth: (deepest + 1).min(DEEPEST),
            answer: if is_plain(&answer.replace("{path}", "").replace("{asset}", "")) {
                answer
            } else {
                words(twin, None, "", "{twin}/answer")
            },
            assets,
        })
    }

    /// The topic filters on which commands to any path come.
    fn filters(&self) -> impl Iterator<Item = String> + '_ {
        (1..=self.depth).map(|depth| {
            let path = vec!["+"; depth].join("/");
            format!("{}{path}{}#", self.before, self.after)
        })
    }

    /// Path and command of a topic.
    fn split<'a>(&self, topic: &'a str) -> Option<(&'a str, &'a str)> {
        let (path, name) = topic.strip_prefix(&*self.before)?.split_once(&*self.after)?;
        (!path.is_empty()).then_some((path, name))
    }
}

impl Topics {
    /// The topic filters on which commands come.
    pub fn filters(&self) -> Vec<String> {
        let narrow = |set: &str| format!("{set}+");
        let Some(around) = &self.around else {
            return self.machines.iter().map(|machine| narrow(&machine.set)).collect();
        };
        let is_deep = |set: &str| {
            around.split(set).is_none_or(|(path, _)| path.matches('/').count() >= around.depth)
        };
        let deep = self.machines.iter().filter(|machine| is_deep(&machine.set));
        let deep = deep.map(|machine| narrow(&machine.set));
        let wide = around.filters().filter(|_| !self.machines.is_empty());
        wide.chain(deep).collect()
    }

    /// A command that is for no machine, by its topic; `None` where it is none or nobody could be told.
    pub fn stray<'a>(&self, topic: &'a str) -> Option<Stray<'a>> {
        let around = self.around.as_ref()?;
        let (path, name) = around.split(topic)?;
        let asset = path.rsplit('/').next().unwrap_or(path);
        let answer = around.answer.replace("{path}", path).replace("{asset}", asset);
        // An answer that comes back as a command would be answered, too.
        let is_heard = self.machine(&answer).is_some() || around.split(&answer).is_some();
        let is_fine = !is_heard && cannot_be(&answer).is_none();
        is_fine.then_some(Stray { path, name, answer })
    }

    /// Why a stray command is done by nobody, and where it should go.
    pub fn whereto(&self, stray: &Stray) -> String {
        let Some(around) = &self.around else { return String::new() };
        let Stray { path, name, .. } = stray;
        let command = name.split('/').next().unwrap_or(name);
        let path_of = |set: &str| around.split(set).map(|(path, _)| path.to_string());
        let own = |path: &str| {
            self.machines.iter().find(|machine| path_of(&machine.set).as_deref() == Some(path))
        };
        if let Some(machine) = own(path) {
            let asset = &machine.asset;
            return format!(
                "{asset} knows no command {name:?}; the name is one level, as in {}{command}",
                machine.set
            );
        }
        let publish_to = |asset: &str, set: &str| {
            let at = path_of(set).unwrap_or_default();
            format!("{asset} is at {at:?}: publish to {set}{command}")
        };
        let end = path.rsplit('/').next().unwrap_or(path);
        if let Some(machine) = self.machines.iter().find(|machine| {
            let at = path_of(&machine.set).unwrap_or_default();
            machine.asset == end || at.rsplit('/').next() == Some(end)
        }) {
            return publish_to(&machine.asset, &machine.set);
        }
        if around.assets.iter().any(|(name, at)| name == path || at == path) {
            return format!("{path:?} obeys no commands in this plant: no block knows any for it");
        }
        let paths: Vec<String> = self.machines.iter().filter_map(|m| path_of(&m.set)).collect();
        let near = crate::twin::nearest(path, paths.iter().map(String::as_str));
        match near.as_deref().and_then(own) {
            Some(machine) => {
                format!(
                    "nothing is at {path:?}; nearest: {}",
                    publish_to(&machine.asset, &machine.set)
                )
            }
            None => format!("nothing is at {path:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plant::simulation::command::Takes;
    use crate::plant::simulation::wiring::Wiring;
    use crate::support::twins::{class, plant};

    fn topics(spec: &TopicsSpec) -> Topics {
        let mut twin = plant(class("Pump", Vec::new(), Vec::new()), ["P-2", "HX-1"]);
        for asset in &mut twin.assets {
            asset.path = format!("utilities/{}", asset.name).into();
        }
        twin.name = "cw".into();
        let mut wiring = Wiring::default();
        for asset in ["P-2", "GROUP"] {
            wiring.command(asset, 0, "start", Takes::Nothing, 5.0);
        }
        let topics = Topics::new(&twin, spec, &mut wiring);
        assert!(wiring.mistakes.is_empty(), "{:?}", wiring.mistakes);
        topics
    }

    #[test]
    fn a_command_to_no_machine_is_answered_where_it_was_sent_with_the_topic_it_should_have() {
        let topics = topics(&TopicsSpec::default());
        assert_eq!(topics.filters(), ["cw/+/set/#", "cw/+/+/set/#", "cw/+/+/+/set/#"]);
        for (topic, answer, expected) in [
            ("cw/P-2/set/start", "cw/P-2/answer", "publish to cw/utilities/P-2/set/start"),
            ("cw/utilities/P-3/set/start", "cw/utilities/P-3/answer", "nearest: P-2 is at"),
            ("cw/utilities/HX-1/set/start", "cw/utilities/HX-1/answer", "obeys no commands"),
            ("cw/utilities/P-2/set/start/now", "cw/utilities/P-2/answer", "the name is one level"),
            ("cw/a/GROUP/set/start", "cw/a/GROUP/answer", "publish to cw/GROUP/set/start"),
        ] {
            assert_eq!(topics.machine(topic), None);
            let stray = topics.stray(topic).unwrap_or_else(|| panic!("{topic}"));
            assert_eq!(stray.answer, answer);
            let said = topics.whereto(&stray);
            assert!(said.contains(expected), "{topic}: {said}");
        }
        assert_eq!(topics.stray("cw/utilities/P-2/data"), None);
        assert_eq!(topics.stray("cw/set/start"), None);
    }

    #[test]
    fn topics_without_a_level_of_their_own_are_listened_to_machine_by_machine() {
        let spec = r#"(set: "{twin}/{path}", answer: "{twin}/said/{path}")"#;
        let topics = topics(&ron::from_str(spec).expect("RON"));
        assert_eq!(topics.filters(), ["cw/utilities/P-2/+", "cw/GROUP/+"]);
        assert_eq!(topics.stray("cw/utilities/P-3/start"), None);
    }
}
