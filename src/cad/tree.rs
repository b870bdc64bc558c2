//! The node tree: names, paths and placements, instances among them.

use std::collections::HashMap;

use gltf::json;
use serde_json::Value;

use super::Error;
use super::accessor::{Order, open};
use super::affine::{Affine, Trs};
use super::document::Extended as _;
use super::file::File;
use super::model::Node;
use super::remark::shown;

/// A tree deeper than this is damage, not design.
const MAX_DEPTH: usize = 512;
/// Nodes of a circle that are named.
const MOST_OF_A_CIRCLE: usize = 10;
/// Bytes of a node besides its path.
const NODE: usize = 400;

/// The nodes that are drawn, and which of the file's became which.
pub(super) struct Tree<'a> {
    file: &'a File,
    pub nodes: Vec<Node>,
    /// By index in the file.
    pub place: HashMap<usize, usize>,
}

/// A node that is to be added.
struct Task {
    at: usize,
    parent: Option<usize>,
    name: String,
    depth: usize,
    hidden: bool,
}

enum Step {
    Add(Task),
    /// All below a node has been added.
    Leave,
}

/// Names that siblings have, and the number that the next one of a name gets.
#[derive(Default)]
struct Taken(HashMap<String, usize>);

impl Taken {
    /// A name that no sibling has.
    fn unique(&mut self, name: &str) -> String {
        let name = name.replace('/', "_");
        if !self.0.contains_key(&name) {
            self.0.insert(name.clone(), 2);
            return name;
        }
        loop {
            let copy = self.0.get_mut(&name).map_or(2, |next| std::mem::replace(next, *next + 1));
            let full = format!("{name}#{copy}");
            if !self.0.contains_key(&full) {
                self.0.insert(full.clone(), 2);
                return full;
            }
        }
    }
}

/// The tree of the default scene.
///
/// # Errors
/// When nodes stand in a circle, or it is too deep or too large.
pub(super) fn tree(file: &File) -> Result<Tree<'_>, Error> {
    let mut tree = Tree { file, nodes: Vec::new(), place: HashMap::new() };
    let instances =
        file.nodes().iter().map(|node| instance_count(file, node)).fold(0, u64::saturating_add);
    file.budget
        .check(instances.saturating_mul(NODE as u64), || format!("its {instances} instances"))?;
    let roots = roots(file);
    let mut steps = Vec::new();
    let mut taken = Taken::default();
    tree.prepare(&roots, None, 0, false, &mut taken, &mut steps);
    // Nodes of the file above the one that is added.
    let mut above: Vec<usize> = Vec::new();
    while let Some(step) = steps.pop() {
        let task = match step {
            Step::Leave => {
                above.pop();
                continue;
            }
            Step::Add(task) => task,
        };
        let at = task.at;
        if tree.place.contains_key(&at) {
            if let Some(from) = above.iter().position(|other| *other == at) {
                let circle = [&above[from..], &[at]].concat();
                let names = |part: &[usize]| {
                    part.iter().map(|at| tree.shown(*at)).collect::<Vec<_>>().join(" → ")
                };
                let circle = match circle.len().checked_sub(MOST_OF_A_CIRCLE) {
                    None | Some(0) => names(&circle),
                    Some(more) => {
                        let (begin, rest) = circle.split_at(MOST_OF_A_CIRCLE / 2);
                        format!("{} → {more} more → {}", names(begin), names(&rest[more..]))
                    }
                };
                return Err(Error::Invalid(format!("its nodes stand in a circle: {circle}")));
            }
            let text = "it stands twice in the node tree; the second time is left out";
            file.remarks.add(tree.shown(at), text);
            continue;
        }
        if task.depth > MAX_DEPTH {
            return Err(Error::TooLarge(format!("its node tree is deeper than {MAX_DEPTH}")));
        }
        above.push(at);
        steps.push(Step::Leave);
        tree.add(task, &mut steps)?;
    }
    Ok(tree)
}

/// How many instances a node asks for.
fn instance_count(file: &File, node: &json::Node) -> u64 {
    let attributes =
        node.extension("EXT_mesh_gpu_instancing").and_then(|own| own.get("attributes"));
    let counts = ["TRANSLATION", "ROTATION", "SCALE"].iter().filter_map(|name| {
        let at = usize::try_from(attributes?.get(name)?.as_u64()?).ok()?;
        Some(file.document.root.accessors.get(at)?.count.0)
    });
    counts.min().unwrap_or(0)
}

/// The nodes of the default scene that stand below no other.
fn roots(file: &File) -> Vec<usize> {
    let root = &file.document.root;
    let listed = |scene: &json::Scene| scene.nodes.iter().map(|at| at.value()).collect::<Vec<_>>();
    let wanted = root.scene.map_or(0, |at| at.value());
    match root.scenes.get(wanted) {
        Some(scene) => {
            let list = listed(scene);
            let mut others = root.scenes.iter().enumerate();
            if list.is_empty()
                && let Some((at, other)) = others.find(|(_, scene)| !scene.nodes.is_empty())
            {
                let text = format!(
                    "it is shown by default and empty, while scene {at} has {} nodes: \
                     make that one the default",
                    other.nodes.len()
                );
                file.remarks.add(format_args!("scene {wanted}"), text);
            }
            list
        }
        None => {
            if !root.scenes.is_empty() {
                let text = format!("its default scene {wanted} is not there; all nodes are shown");
                file.remarks.add("", text);
            }
            let children = root.nodes.iter().flat_map(|node| node.children.iter().flatten());
            let below: std::collections::HashSet<usize> = children.map(|at| at.value()).collect();
            (0..root.nodes.len()).filter(|at| !below.contains(at)).collect()
        }
    }
}

impl Tree<'_> {
    fn shown(&self, at: usize) -> String {
        let name = self.file.nodes().get(at).and_then(|node| node.name.clone());
        format!("node `{}`", shown(&File::name(&name, "node", at)))
    }

    /// Names the children of a node, and puts them where the first one is taken next.
    fn prepare(
        &self,
        list: &[usize],
        parent: Option<usize>,
        depth: usize,
        hidden: bool,
        taken: &mut Taken,
        steps: &mut Vec<Step>,
    ) {
        let begin = steps.len();
        for &at in list {
            let Some(source) = self.file.nodes().get(at) else {
                let count = self.file.nodes().len();
                let text = format!("it refers to node {at}, but the file has only {count}");
                self.file.remarks.add("the node tree", text);
                continue;
            };
            let name = taken.unique(&File::name(&source.name, "node", at));
            steps.push(Step::Add(Task { at, parent, name, depth, hidden }));
        }
        steps[begin..].reverse();
    }

    fn add(&mut self, task: Task, steps: &mut Vec<Step>) -> Result<(), Error> {
        let Task { at, parent, name, depth, hidden } = task;
        let file = self.file;
        let Some(source) = file.nodes().get(at) else { return Ok(()) };
        let placed = file.document.placements.get(at).copied().flatten();
        if placed.is_none() {
            let text = "its placement is not of finite numbers up to 1e12; it stands at its parent's place";
            file.remarks.add(self.shown(at), text);
        }
        let visible = source.extension("KHR_node_visibility");
        let visible = visible.and_then(|own| own.get("visible")?.as_bool()).unwrap_or(true);
        if !visible && !hidden {
            file.remarks.add(self.shown(at), "the file hides it, with all below it");
        }
        let hidden = hidden || !visible;
        let here = self.push(name, parent, placed.unwrap_or(Affine::IDENTITY), None)?;
        self.place.insert(at, here);
        let mut taken = Taken::default();
        if let Some(mesh) = source.mesh.map(|at| at.value()).filter(|_| !hidden) {
            let count = file.document.root.meshes.len();
            if mesh >= count {
                let text = format!("it refers to mesh {mesh}, but the file has only {count}");
                file.remarks.add(self.shown(at), text);
            } else {
                let instances = source.extension("EXT_mesh_gpu_instancing");
                let instances = match instances.map(|own| self.instances(own, here)) {
                    Some(Err(error @ Error::TooLarge(_))) => return Err(error),
                    Some(Err(error)) => {
                        let text = format!("it is drawn once instead of its instances: {error}");
                        file.remarks.add(self.shown(at), text);
                        None
                    }
                    Some(Ok(instances)) => instances,
                    None => None,
                };
                match instances {
                    None => self.nodes[here].mesh = Some(mesh),
                    Some(instances) => {
                        for (number, placed) in instances.into_iter().enumerate() {
                            let name = taken.unique(&format!("instance {number}"));
                            self.push(name, Some(here), placed, Some(mesh))?;
                        }
                    }
                }
            }
        }
        let children = source.children.iter().flatten().map(|at| at.value()).collect::<Vec<_>>();
        self.prepare(&children, Some(here), depth + 1, hidden, &mut taken, steps);
        Ok(())
    }

    fn push(
        &mut self,
        name: String,
        parent: Option<usize>,
        mut parent_from_node: Affine,
        mesh: Option<usize>,
    ) -> Result<usize, Error> {
        let above = parent.map(|parent| &self.nodes[parent]);
        let length = above.map_or(0, |above| above.path.len() + 1) + 2 * name.len();
        self.file.budget.take_all(1, NODE + length, || "its node tree".into())?;
        let (path, mut model_from_node) = match above {
            Some(above) => (
                format!("{}/{name}", above.path),
                above.model_from_node.then_inner(&parent_from_node),
            ),
            None => (name.clone(), parent_from_node),
        };
        if !model_from_node.is_drawable() {
            let text = "with those above it, it stands beyond 1e12 m, or is larger than itself by more; \
                        it stands at its parent's place";
            self.file.remarks.add(format_args!("node `{}`", shown(&path)), text);
            parent_from_node = Affine::IDENTITY;
            model_from_node = above.map_or(Affine::IDENTITY, |above| above.model_from_node);
        }
        let bounds = None;
        let node = Node { name, path, parent, parent_from_node, model_from_node, mesh, bounds };
        self.nodes.push(node);
        Ok(self.nodes.len() - 1)
    }

    /// Where the copies of a node's mesh stand; `None` where it has none and stands for itself.
    fn instances(&self, extension: &Value, node: usize) -> Result<Option<Vec<Affine>>, Error> {
        let file = self.file;
        let what = format!("the instances of node `{}`", shown(&self.nodes[node].path));
        let attribute = |name: &str, width: usize| -> Result<Option<Vec<[f64; 4]>>, Error> {
            let stated = extension.get("attributes").and_then(|all| all.get(name));
            let Some(stated) = stated else { return Ok(None) };
            let at = stated.as_u64().and_then(|at| usize::try_from(at).ok());
            let at = at.ok_or_else(|| {
                let text = shown(&stated.to_string());
                Error::Invalid(format!("{name} is {text}, expected the number of an accessor"))
            })?;
            open(file, at, &what, &[width])?.read(file, &Order::All, |row| row).map(Some)
        };
        let translation = attribute("TRANSLATION", 3)?;
        let rotation = attribute("ROTATION", 4)?;
        let scale = attribute("SCALE", 3)?;
        let all = [&translation, &rotation, &scale];
        let counts = || all.iter().filter_map(|list| list.as_ref().map(Vec::len));
        let Some(count) = counts().min() else { return Ok(None) };
        if counts().max() != Some(count) {
            let text = format!("their attributes differ in length; {count} are drawn");
            file.remarks.add(&what, text);
        }
        file.budget.take_all(count, size_of::<Affine>(), || what.clone())?;
        let row = |list: &Option<Vec<[f64; 4]>>, at: usize| list.as_ref().map(|list| list[at]);
        let mut placed = Vec::with_capacity(count);
        for at in 0..count {
            let [x, y, z, _] = row(&translation, at).unwrap_or_default();
            let [sx, sy, sz, _] = row(&scale, at).unwrap_or([1.0; 4]);
            let rotation = row(&rotation, at).unwrap_or(Trs::IDENTITY.rotation);
            let trs = Trs { translation: [x, y, z], rotation, scale: [sx, sy, sz] };
            let affine = Affine::from_trs(&trs);
            if !affine.is_drawable() {
                let text = "not all of them stand at finite numbers up to 1e12";
                return Err(Error::Invalid(text.into()));
            }
            placed.push(affine);
        }
        Ok(Some(placed))
    }
}
