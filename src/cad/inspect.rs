//! What is in a model, for people and for scripts.

use std::fmt;

use serde::Serialize;

use super::file::File;
use super::remark::{length_text, shown};
use super::{Bounds, Error, Model, Remark};

/// Names of a kind that are listed for people; scripts get all of them.
const MOST_LISTED: usize = 100;

/// Metres below which the size of a model is shown with more decimals.
const SMALL_M: f64 = 0.1;

/// What is in a model.
#[derive(Clone, Debug, Serialize)]
pub struct Inspection {
    /// Program that wrote it.
    pub generator: Option<String>,
    /// Who holds its rights.
    pub copyright: Option<String>,
    /// Extensions that it uses.
    pub extensions_used: Vec<String>,
    /// Extensions without which it cannot be read.
    pub extensions_required: Vec<String>,
    /// Nodes of the default scene, parents first.
    pub nodes: Vec<InspectedNode>,
    /// Number of shapes.
    pub meshes: usize,
    /// Number of surfaces with one material each, over all shapes.
    pub primitives: usize,
    /// Triangles in the file.
    pub triangles: usize,
    /// Triangles on screen: those of a shape count once for each node that has it.
    pub triangles_drawn: usize,
    /// Names of the materials.
    pub materials: Vec<String>,
    /// Number of textures.
    pub textures: usize,
    /// Names and lengths in seconds of the animations.
    pub animations: Vec<(String, f64)>,
    /// The box around everything at rest, in metres.
    pub bounds: Option<Bounds>,
    /// Nodes in the file, whatever is drawn of it.
    pub nodes_in_file: usize,
    /// All that is not drawn as the file has it.
    pub remarks: Vec<Remark>,
    /// Why it cannot be drawn, if so; then only what its JSON says is known.
    pub problem: Option<String>,
}

/// A node in an [`Inspection`].
#[derive(Clone, Debug, Serialize)]
pub struct InspectedNode {
    /// What a binding writes.
    pub path: String,
    /// Own name.
    pub name: String,
    /// Steps below a root.
    pub depth: usize,
    /// Triangles of its own shape.
    pub triangles: usize,
    /// The box around it and all below it, in metres, in the model's frame at rest.
    pub bounds: Option<Bounds>,
    /// Where its origin, the pivot of its movements, is in the model's frame at rest.
    pub pivot: [f64; 3],
}

/// Looks into a GLB or glTF.
///
/// A file that needs what cannot be drawn is told as far as its JSON goes, with the reason in
/// [`Inspection::problem`].
///
/// # Errors
/// When it is no glTF at all.
pub fn inspect(
    bytes: &[u8],
    fetch: &mut dyn FnMut(&str) -> Result<Vec<u8>, String>,
) -> Result<Inspection, Error> {
    let described = File::described(bytes)?;
    let (model, problem) = match Model::parse_with(bytes, fetch) {
        Ok(model) => (model, None),
        Err(error) => {
            // What is wrong with the JSON is often the reason.
            let remarks = described.remarks.all();
            (Model { remarks, ..Model::default() }, Some(error.to_string()))
        }
    };
    let root = described.document.root;
    let triangles_of = |mesh: Option<usize>| {
        let mesh = mesh.and_then(|mesh| model.meshes.get(mesh));
        mesh.map_or(0, |mesh| mesh.primitives.iter().map(super::Primitive::triangles).sum())
    };
    let mut depths: Vec<usize> = Vec::new();
    let mut nodes = Vec::new();
    for node in &model.nodes {
        let depth = node.parent.map_or(0, |parent| depths[parent] + 1);
        depths.push(depth);
        nodes.push(InspectedNode {
            path: node.path.clone(),
            name: node.name.clone(),
            depth,
            triangles: triangles_of(node.mesh),
            bounds: node.bounds,
            pivot: node.model_from_node.origin,
        });
    }
    let names = root.materials.iter().enumerate();
    let names = names.map(|(at, material)| File::name(&material.name, "material", at));
    Ok(Inspection {
        generator: root.asset.generator,
        copyright: root.asset.copyright,
        extensions_used: root.extensions_used,
        extensions_required: root.extensions_required,
        nodes_in_file: root.nodes.len(),
        meshes: root.meshes.len(),
        primitives: root.meshes.iter().map(|mesh| mesh.primitives.len()).sum(),
        // Shapes that hang on joints were added behind those of the file.
        triangles: (0..root.meshes.len()).map(|mesh| triangles_of(Some(mesh))).sum(),
        triangles_drawn: nodes.iter().map(|node| node.triangles).sum(),
        nodes,
        materials: names.collect(),
        textures: root.textures.len(),
        animations: model.animations.iter().map(|a| (a.name.clone(), a.duration_s)).collect(),
        bounds: model.bounds,
        remarks: model.remarks,
        problem,
    })
}

/// A tree for people.
impl fmt::Display for Inspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or_none = |list: &[String]| {
            let names: Vec<_> = list.iter().take(MOST_LISTED).map(|name| shown(name)).collect();
            match list.len() - names.len() {
                0 if list.is_empty() => "none".to_owned(),
                0 => names.join(", "),
                more => format!("{} and {more} more", names.join(", ")),
            }
        };
        let longest = self.bounds.map(|bounds| bounds.size().into_iter().fold(0.0, f64::max));
        // To a millimetre; of a small model to a thousandth of one.
        let decimals = if longest.is_some_and(|longest| longest < SMALL_M) { 6 } else { 3 };
        let point = |p: [f64; 3]| {
            let [x, y, z] = p.map(|length| length_text(length, decimals));
            format!("({x}, {y}, {z})")
        };
        let stated = |text: &Option<String>| text.as_deref().map_or("not stated".into(), shown);
        writeln!(f, "generator   {}", stated(&self.generator))?;
        writeln!(f, "copyright   {}", stated(&self.copyright))?;
        writeln!(f, "extensions  used: {}", or_none(&self.extensions_used))?;
        writeln!(f, "            required: {}", or_none(&self.extensions_required))?;
        writeln!(f, "meshes      {} in {} primitives", self.meshes, self.primitives)?;
        let (held, drawn) = (self.triangles, self.triangles_drawn);
        writeln!(f, "triangles   {held} in the file, {drawn} on screen")?;
        writeln!(f, "materials   {}: {}", self.materials.len(), or_none(&self.materials))?;
        writeln!(f, "textures    {}", self.textures)?;
        let animations = self.animations.iter().map(|(name, s)| format!("{name} ({s:.2} s)"));
        let animations: Vec<String> = animations.collect();
        writeln!(f, "animations  {}", or_none(&animations))?;
        if let Some(bounds) = &self.bounds {
            let [x, y, z] = bounds.size().map(|length| length_text(length, decimals));
            let (from, to) = (point(bounds.min), point(bounds.max));
            writeln!(f, "bounds      {x} × {y} × {z} m, from {from} to {to}")?;
        }
        if let Some(problem) = &self.problem {
            writeln!(f, "problem     it cannot be drawn: {problem}")?;
        }
        for remark in &self.remarks {
            writeln!(f, "remark      {remark}")?;
        }
        let count = if self.problem.is_some() { self.nodes_in_file } else { self.nodes.len() };
        writeln!(f, "nodes       {count}")?;
        for node in &self.nodes {
            let indent = "  ".repeat(node.depth + 1);
            write!(f, "{indent}{}", shown(&node.name))?;
            if node.triangles > 0 {
                write!(f, "  {} triangles", node.triangles)?;
            }
            writeln!(f, "  at {}", point(node.pivot))?;
        }
        Ok(())
    }
}
