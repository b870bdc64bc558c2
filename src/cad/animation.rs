//! Animations as curves that can be asked for any instant.

use std::collections::HashMap;

use gltf::json;
use gltf::json::animation::{Interpolation as Curving, Property};
use gltf::json::validation::Checked;
use serde::{Deserialize, Serialize};

use super::Error;
use super::accessor::{Order, open};
use super::affine::{FARTHEST_M, unit_quaternion};
use super::file::File;
use super::remark::shown;
use crate::twin::slerp;

/// A named movement of nodes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Animation {
    /// Name in the file, or `animation N`.
    pub name: String,
    /// What moves.
    pub channels: Vec<Channel>,
    /// Time of the last key, in seconds.
    pub duration_s: f64,
}

/// One movement of one node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Channel {
    /// Index in [`super::Model::nodes`].
    pub node: usize,
    /// What of it.
    pub target: Target,
    /// The values over time.
    pub curve: Curve,
}

/// What of a node a channel drives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Target {
    /// Three numbers, metres.
    Translation,
    /// A quaternion.
    Rotation,
    /// Three factors.
    Scale,
}

/// How keys become a curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Interpolation {
    Linear,
    Step,
    Cubic,
}

/// Keys over time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    times: Vec<f64>,
    /// `width` numbers for each key; for cubic curves in-tangent, value and out-tangent.
    values: Vec<f64>,
    width: usize,
    interpolation: Interpolation,
}

/// What an animation says of one node at one instant; `None`: as in the file.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct NodePose {
    /// Index in [`super::Model::nodes`].
    pub node: usize,
    /// Metres.
    pub translation: Option<[f64; 3]>,
    /// Unit quaternion.
    pub rotation: Option<[f64; 4]>,
    /// Factors.
    pub scale: Option<[f64; 3]>,
}

impl Animation {
    /// The nodes' local transforms that many seconds into it; before the first and after the last
    /// key the end values hold.
    pub fn sample(&self, time_s: f64) -> Vec<NodePose> {
        let mut poses: Vec<NodePose> = Vec::new();
        let mut places = HashMap::new();
        for channel in &self.channels {
            let value = channel.curve.at(time_s);
            let at = *places.entry(channel.node).or_insert_with(|| {
                poses.push(NodePose { node: channel.node, ..NodePose::default() });
                poses.len() - 1
            });
            let three = [value[0], value[1], value[2]];
            match channel.target {
                Target::Translation => poses[at].translation = Some(three),
                Target::Rotation => poses[at].rotation = Some(unit_quaternion(value)),
                Target::Scale => poses[at].scale = Some(three),
            }
        }
        poses
    }
}

impl Curve {
    /// The value that many seconds into it; unused numbers are 0.
    pub fn at(&self, time_s: f64) -> [f64; 4] {
        let after = self.times.partition_point(|time| *time <= time_s);
        let last = self.times.len() - 1;
        if after == 0 || time_s.is_nan() {
            return self.key(0, 1);
        }
        if after > last || self.interpolation == Interpolation::Step {
            return self.key(after - 1, 1);
        }
        let (from, to) = (after - 1, after);
        let span = self.times[to] - self.times[from];
        let t = if span > 0.0 { (time_s - self.times[from]) / span } else { 1.0 };
        let (a, b) = (self.key(from, 1), self.key(to, 1));
        match self.interpolation {
            Interpolation::Cubic => {
                let (out, into) = (self.key(from, 2), self.key(to, 0));
                let (t2, t3) = (t * t, t * t * t);
                std::array::from_fn(|i| {
                    (2.0 * t3 - 3.0 * t2 + 1.0) * a[i]
                        + span * (t3 - 2.0 * t2 + t) * out[i]
                        + (3.0 * t2 - 2.0 * t3) * b[i]
                        + span * (t3 - t2) * into[i]
                })
            }
            _ if self.width == 4 => slerp(a, b, t),
            _ => std::array::from_fn(|i| a[i] + (b[i] - a[i]) * t),
        }
    }

    /// Part 0 to 2 (in-tangent, value, out-tangent) of a key; others than cubic have the value only.
    fn key(&self, at: usize, part: usize) -> [f64; 4] {
        let row = if self.interpolation == Interpolation::Cubic { at * 3 + part } else { at }
            * self.width;
        std::array::from_fn(|i| if i < self.width { self.values[row + i] } else { 0.0 })
    }
}

impl Channel {
    /// The same movement in a parent's frame that has been shifted.
    pub(super) fn shift(&mut self, by: [f64; 3]) {
        if self.target == Target::Translation {
            let parts = if self.curve.interpolation == Interpolation::Cubic { 3 } else { 1 };
            for (row, values) in self.curve.values.chunks_exact_mut(3).enumerate() {
                // Tangents are differences, which a shift leaves alone.
                if parts == 1 || row % 3 == 1 {
                    (0..3).for_each(|at| values[at] += by[at]);
                }
            }
        }
    }
}

/// Reads an animation; its channels still name the nodes of the file.
///
/// # Errors
/// [`Error::TooLarge`] concerns the whole model, any other this animation alone.
pub(super) fn animation(
    file: &File,
    source: &json::Animation,
    at: usize,
) -> Result<Animation, Error> {
    let name = File::name(&source.name, "animation", at);
    let what = format!("animation `{}`", shown(&name));
    let mut channels = Vec::new();
    for channel in &source.channels {
        let target = match channel.target.path {
            Checked::Valid(Property::Translation) => Target::Translation,
            Checked::Valid(Property::Rotation) => Target::Rotation,
            Checked::Valid(Property::Scale) => Target::Scale,
            Checked::Valid(Property::MorphTargetWeights) => {
                file.remarks.add(&what, "what it does to morph targets is passed over");
                continue;
            }
            Checked::Invalid => {
                let text = "it moves what is neither translation, rotation, scale nor weights";
                return Err(Error::Invalid(format!("{what}: {text}")));
            }
        };
        let (node, count) = (channel.target.node.value(), file.nodes().len());
        if node >= count {
            return Err(Error::Index { what, kind: "node", index: node, count });
        }
        let sampler = channel.sampler.value();
        let sampler = source.samplers.get(sampler).ok_or_else(|| Error::Index {
            what: what.clone(),
            kind: "sampler",
            index: sampler,
            count: source.samplers.len(),
        })?;
        let curve = curve(file, sampler, target, &what)?;
        channels.push(Channel { node, target, curve });
    }
    let ends = channels.iter().filter_map(|channel| channel.curve.times.last());
    let duration_s = ends.copied().fold(0.0, f64::max);
    Ok(Animation { name, channels, duration_s })
}

fn curve(
    file: &File,
    sampler: &json::animation::Sampler,
    target: Target,
    what: &str,
) -> Result<Curve, Error> {
    let width = if target == Target::Rotation { 4 } else { 3 };
    let interpolation = match sampler.interpolation {
        Checked::Valid(Curving::Linear) => Interpolation::Linear,
        Checked::Valid(Curving::Step) => Interpolation::Step,
        Checked::Valid(Curving::CubicSpline) => Interpolation::Cubic,
        Checked::Invalid => {
            return Err(Error::Invalid(format!(
                "{what} has an interpolation that glTF does not know, expected LINEAR, STEP or CUBICSPLINE"
            )));
        }
    };
    let times = open(file, sampler.input.value(), what, &[1])?;
    let times = times.read(file, &Order::All, |[time]: [f64; 1]| time)?;
    let rows = open(file, sampler.output.value(), what, &[width])?;
    file.budget.take_all(rows.count, 32, || what.to_owned())?;
    let rows = rows.read(file, &Order::All, |row: [f64; 4]| row)?;
    let values: Vec<f64> = rows.iter().flat_map(|row| &row[..width]).copied().collect();
    let rows = times.len() * if interpolation == Interpolation::Cubic { 3 } else { 1 };
    if times.is_empty() || values.len() != rows * width {
        return Err(Error::Invalid(format!(
            "{what} has {} times and {} values",
            times.len(),
            values.len() / width
        )));
    }
    if let Some(far) = values.iter().find(|entry| entry.is_finite() && entry.abs() > FARTHEST_M) {
        return Err(Error::Invalid(format!("{what} moves to {far:.1e}, and 1e12 is the most")));
    }
    let ordered = times.windows(2).all(|pair| pair[0] <= pair[1]);
    if !ordered || times.iter().chain(&values).any(|entry| !entry.is_finite()) {
        return Err(Error::Invalid(format!(
            "{what} has times that do not ascend, or what is no finite number"
        )));
    }
    Ok(Curve { times, values, width, interpolation })
}
