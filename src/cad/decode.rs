//! Decoding piece by piece, as a job that threads, slices of a frame or a Web Worker can do.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::container::{File, open};
use super::model::{Model, finish, mesh};
use super::{Error, Mesh};
use crate::worker::{Job, Run, Step};

/// Decode a GLB, or a glTF with the files that it names.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DecodeModel {
    /// The file.
    #[serde(with = "serde_bytes")]
    pub bytes: Vec<u8>,
    /// What it names beside it, by the names that it uses; see [`needs`].
    pub beside: BTreeMap<String, Result<Vec<u8>, String>>,
}

/// A model that is being decoded.
pub struct Decoding {
    stage: Stage,
    beside: BTreeMap<String, Result<Vec<u8>, String>>,
}

enum Stage {
    Closed(Vec<u8>),
    Open(Box<File>, Vec<Mesh>),
    Over,
}

/// Names of the files beside a glTF without which it cannot be read; none for a GLB that is whole.
///
/// # Errors
/// When the bytes are no glTF.
pub fn needs(bytes: &[u8]) -> Result<Vec<String>, Error> {
    let document = super::container::parse_json(bytes)?;
    let buffers = document.buffers.iter().filter_map(|buffer| buffer.uri.as_deref());
    let images = document.images.iter().filter_map(|image| image.uri.as_deref());
    let beside = buffers.chain(images).filter(|uri| !uri.starts_with("data:"));
    Ok(beside.map(super::container::decoded_path).collect())
}

impl Decoding {
    fn next(&mut self) -> Result<Step<Model>, Error> {
        let mut fetch = |uri: &str| match self.beside.get(uri) {
            Some(known) => known.clone(),
            None => Err("it was not given with the model".into()),
        };
        match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Closed(bytes) => {
                let file = open(&bytes, &mut fetch)?;
                self.stage = Stage::Open(Box::new(file), Vec::new());
                Ok(Step::More(0.1))
            }
            Stage::Open(file, mut meshes) if meshes.len() < file.document.meshes.len() => {
                let at = meshes.len();
                meshes.push(mesh(&file, at)?);
                let share = meshes.len() as f32 / file.document.meshes.len() as f32;
                self.stage = Stage::Open(file, meshes);
                Ok(Step::More(0.1 + 0.8 * share))
            }
            Stage::Open(file, meshes) => finish(&file, meshes, &mut fetch).map(Ok).map(Step::Done),
            Stage::Over => Ok(Step::Done(Err("the model was decoded already".into()))),
        }
    }
}

impl Job for DecodeModel {
    const KIND: &'static str = "decode model";
    type Output = Model;
    type Run = Decoding;

    fn begin(self) -> Decoding {
        Decoding { stage: Stage::Closed(self.bytes), beside: self.beside }
    }
}

impl Run for Decoding {
    type Output = Model;

    fn piece(&mut self) -> Step<Model> {
        self.next().unwrap_or_else(|error| Step::Done(Err(error.to_string())))
    }
}
