//! Whether every binding's node and animation is in its class's model.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use super::remark::reason;
use super::{Error, Model, NotFound};
use crate::terminal::line;
use crate::twin::Twin;
use crate::twin::binding::Effect;

/// A class's model that does not fit what the twin file says of it, or is not drawn as its file has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// File, line and column of the binding; empty for the model itself.
    pub place: Arc<str>,
    /// Name of the class.
    pub class: Arc<str>,
    /// What is wrong, and the nearest valid choice.
    pub message: String,
    /// The model is drawn, but not all of it as its file has it.
    pub is_remark: bool,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (class, message) = (reason(&self.class), line(&self.message));
        if self.place.is_empty() {
            write!(f, "class `{class}`: {message}")
        } else {
            write!(f, "{}: class `{class}`: {message}", self.place)
        }
    }
}

/// A path as a message names it.
fn named(path: &Path) -> String {
    reason(&path.display().to_string())
}

/// Comparisons of names for all nodes together that no model has: about half a second.
const COMPARISONS: usize = 500_000;

/// A model whose nodes are looked up by the last part of their paths.
struct Nodes {
    model: Model,
    by_name: HashMap<String, Vec<usize>>,
}

impl Nodes {
    fn of(model: Model) -> Self {
        let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, node) in model.nodes.iter().enumerate() {
            by_name.entry(node.name.clone()).or_default().push(at);
        }
        Self { model, by_name }
    }

    /// As [`Model::find_node`]; `comparisons` are those that may still be made.
    fn find(&self, wanted: &str, comparisons: &mut usize) -> Result<usize, NotFound> {
        let name = wanted.rsplit('/').next().unwrap_or_default();
        let among = self.by_name.get(name).map_or(&[][..], Vec::as_slice);
        let left = comparisons.checked_sub(self.model.nodes.len());
        let found = self.model.find_among(wanted, || among.iter().copied(), left.is_some());
        if found.is_err() {
            *comparisons = left.unwrap_or_default();
        }
        found
    }
}

/// Checks every class against its model; `open` reads a model (each file is asked for once).
pub fn check_bindings(
    twin: &Twin,
    open: &mut dyn FnMut(&Path) -> Result<Model, Error>,
) -> Vec<Problem> {
    let mut models: HashMap<PathBuf, Result<Rc<Nodes>, Error>> = HashMap::new();
    let mut problems = Vec::new();
    let mut comparisons = COMPARISONS;
    for class in &twin.classes {
        let mut tell = |place: &Arc<str>, message: String| {
            let (place, class) = (place.clone(), class.name.clone());
            problems.push(Problem { place, class, message, is_remark: false });
        };
        let mut model_of = |path: &PathBuf| {
            models
                .entry(path.clone())
                .or_insert_with(|| open(path).map(|model| Rc::new(Nodes::of(model))))
                .as_ref()
                .map_err(|error| format!("the model `{}` cannot be used: {error}", named(path)))
                .cloned()
        };
        let model = match class.model.as_ref().map(&mut model_of) {
            Some(Ok(model)) => Some(model),
            Some(Err(message)) => {
                tell(&"".into(), message);
                continue;
            }
            None => None,
        };
        for binding in &class.bindings {
            if let Effect::Items { models, .. } = &binding.effect {
                for path in models {
                    if let Err(message) = model_of(path) {
                        tell(&binding.place, message);
                    }
                }
            }
            let Some(model) = &model else {
                if !binding.node.is_empty() {
                    tell(
                        &binding.place,
                        format!(
                            "node `{}` is bound, but the class has no model",
                            reason(&binding.node)
                        ),
                    );
                }
                continue;
            };
            if !binding.node.is_empty()
                && let Err(error) = model.find(&binding.node, &mut comparisons)
            {
                tell(&binding.place, format!("node {error}"));
            }
            if let Effect::Animation { name, .. } = &binding.effect
                && let Err(error) = model.model.find_animation(name)
            {
                tell(&binding.place, format!("animation {error}"));
            }
        }
    }
    for class in &twin.classes {
        let own = class.model.iter();
        let items = class.bindings.iter().filter_map(|binding| match &binding.effect {
            Effect::Items { models, .. } => Some(models),
            _ => None,
        });
        for path in own.chain(items.flatten()) {
            // Each model's remarks are said once.
            let Some(Ok(model)) = models.remove(path) else { continue };
            problems.extend(model.model.remarks.iter().map(|remark| Problem {
                place: "".into(),
                class: class.name.clone(),
                message: format!("the model `{}`: {remark}", named(path)),
                is_remark: true,
            }));
        }
    }
    problems
}
