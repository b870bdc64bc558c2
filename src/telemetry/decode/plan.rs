//! A mapping, compiled: its JSON pointers become one tree, so that a document is read once, front
//! to back, and what no pointer leads to is skipped.

use std::sync::Arc;

use crate::twin::ValueType;
use crate::twin::mapping::{Field, Payload, QualitySource, Read, TimeFormat, TimeSource};
use crate::twin::payload::PayloadFormat;

/// What is done with the value at a [`Node`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// It is the value of that field.
    Value(u16),
    /// It is the quality of that field.
    FieldQuality(u16),
    /// It is the quality of the sample.
    Quality,
    /// It is the time of the sample.
    Time,
    /// It is the time of all samples of the document.
    SharedTime,
}

/// A place in a document that a pointer leads to or through.
#[derive(Debug, Default)]
pub(super) struct Node {
    /// Member names (or positions, as text) with what is below them; sorted.
    pub children: Vec<(Box<str>, Node)>,
    pub actions: Vec<Action>,
    /// Here is the array of samples, each of which looks like this.
    pub samples: Option<Box<Node>>,
    /// A field reads the value with all that is inside it.
    pub whole: bool,
}

impl Node {
    /// The child with that member name or position.
    pub fn child(&self, name: &str) -> Option<&Node> {
        let at = self.children.binary_search_by(|(known, _)| (**known).cmp(name)).ok()?;
        Some(&self.children[at].1)
    }

    fn at(&mut self, pointer: &str) -> &mut Node {
        let mut node = self;
        // RFC 6901: an empty pointer is the document; `~1` stands for `/` and `~0` for `~`.
        for part in pointer.split('/').skip(1) {
            let name = part.replace("~1", "/").replace("~0", "~");
            let at = match node.children.binary_search_by(|(known, _)| (**known).cmp(&name)) {
                Ok(at) => at,
                Err(at) => {
                    node.children.insert(at, (name.into(), Node::default()));
                    at
                }
            };
            node = &mut node.children[at].1;
        }
        node
    }
}

/// A compiled mapping.
#[derive(Debug)]
pub(super) enum Plan {
    /// The payload is one value.
    Scalar { property: Option<u16>, read: Read, types: Arc<[ValueType]> },
    /// The payload is a document.
    Document(Box<DocumentPlan>),
}

/// A compiled [`Payload::Document`].
#[derive(Debug)]
pub(super) struct DocumentPlan {
    pub format: &'static PayloadFormat,
    pub root: Node,
    pub samples: Option<String>,
    pub fields: Vec<Field>,
    /// Type of each field.
    pub types: Vec<ValueType>,
    pub quality: Option<QualitySource>,
    pub time: PlanTime,
}

/// Where the time of a sample comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PlanTime {
    Arrival,
    Sample(String, TimeFormat),
    Shared(String, TimeFormat),
}

impl Plan {
    /// `types` are those of the properties of the asset.
    pub fn new(payload: &Payload, types: &Arc<[ValueType]>) -> Self {
        match payload {
            Payload::Scalar { property, read, time: _ } => {
                Self::Scalar { property: *property, read: read.clone(), types: types.clone() }
            }
            Payload::Document { format, samples, time, quality, fields } => {
                let time = match time {
                    TimeSource::Arrival => PlanTime::Arrival,
                    TimeSource::Field { pointer, format } => match pointer.strip_prefix('^') {
                        Some(pointer) => PlanTime::Shared(pointer.into(), *format),
                        None => PlanTime::Sample(pointer.clone(), *format),
                    },
                };
                let types: Vec<ValueType> =
                    fields.iter().map(|field| types[field.property as usize].clone()).collect();
                Self::Document(Box::new(DocumentPlan {
                    format,
                    root: root(samples.as_deref(), &time, quality.as_ref(), fields, &types),
                    samples: samples.clone(),
                    fields: fields.clone(),
                    types,
                    quality: quality.clone(),
                    time,
                }))
            }
        }
    }
}

fn root(
    samples: Option<&str>,
    time: &PlanTime,
    quality: Option<&QualitySource>,
    fields: &[Field],
    types: &[ValueType],
) -> Node {
    let mut document = Node::default();
    let mut inner = Node::default();
    let sample = if samples.is_some() { &mut inner } else { &mut document };
    for (at, (field, ty)) in fields.iter().zip(types).enumerate() {
        let node = sample.at(&field.pointer);
        node.actions.push(Action::Value(at as u16));
        node.whole |= matches!(ty, ValueType::Pose | ValueType::Items);
        if let Some(quality) = &field.quality {
            quality_at(sample, quality, Action::FieldQuality(at as u16));
        }
    }
    if let Some(quality) = quality {
        quality_at(sample, quality, Action::Quality);
    }
    if let PlanTime::Sample(pointer, _) = time {
        sample.at(pointer).actions.push(Action::Time);
    }
    if let PlanTime::Shared(pointer, _) = time {
        document.at(pointer).actions.push(Action::SharedTime);
    }
    if let Some(pointer) = samples {
        document.at(pointer).samples = Some(Box::new(inner));
    }
    document
}

/// A quality stands at its pointer, or in a status of OPC UA (`{"Code": …, "Symbol": …}`) there.
fn quality_at(sample: &mut Node, quality: &QualitySource, action: Action) {
    sample.at(&quality.pointer).actions.push(action);
    sample.at(&format!("{}/Code", quality.pointer)).actions.push(action);
}
