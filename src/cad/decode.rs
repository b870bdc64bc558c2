//! Decoding piece by piece, as a job that threads, slices of a frame or a Web Worker can do.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::file::File;
use super::model::Model;
use super::reading::Reading;
use super::resource::decoded_path;
use super::{Error, Remark};
use crate::worker::{Job, Run, Step};

impl Model {
    /// Reads a GLB, or a glTF whose data is inside it.
    ///
    /// # Errors
    /// When the bytes are damaged, or need what is not supported; says what to do.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        Self::parse_with(bytes, &mut |_| Err("only its bytes were given, not its folder".into()))
    }

    /// Reads a GLB or glTF; `fetch` reads the files beside it that it refers to.
    ///
    /// # Errors
    /// As [`Model::parse`], and when a file cannot be read.
    pub fn parse_with(
        bytes: &[u8],
        fetch: &mut dyn FnMut(&str) -> Result<Vec<u8>, String>,
    ) -> Result<Self, Error> {
        let mut reading = Reading::open(bytes, fetch)?;
        loop {
            if let Some(model) = reading.step()? {
                return Ok(model);
            }
        }
    }

    /// Reads a file, and the files beside it that it refers to.
    ///
    /// # Errors
    /// As [`Model::parse_with`].
    #[cfg(not(target_arch = "wasm32"))]
    pub fn open(path: &std::path::Path) -> Result<Self, Error> {
        let bytes = super::read_regular(path).map_err(Error::Unreadable)?;
        let folder = path.parent().unwrap_or(std::path::Path::new("."));
        let mut remarks = Vec::new();
        let mut model = Self::parse_with(&bytes, &mut |name| {
            let (bytes, other) = super::read_beside(folder, name)?;
            remarks.extend(other.map(|other| Remark::other_case(name, &other)));
            Ok(bytes)
        })?;
        model.remarks.append(&mut remarks);
        Ok(model)
    }
}

/// Decode a GLB, or a glTF with the files that it names.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DecodeModel {
    /// The file.
    #[serde(with = "serde_bytes")]
    pub bytes: Vec<u8>,
    /// What it names beside it, by the names that it uses; see [`needs`].
    pub beside: BTreeMap<String, Result<Vec<u8>, String>>,
    /// What was noticed when they were read.
    pub remarks: Vec<Remark>,
}

/// A model that is being decoded.
pub struct Decoding {
    stage: Stage,
    remarks: Vec<Remark>,
    beside: BTreeMap<String, Result<Vec<u8>, String>>,
}

enum Stage {
    Closed(Vec<u8>),
    Open(Box<Reading>),
    Over,
}

/// Names of the files beside a glTF to which it refers, each once; none for a GLB that is whole.
///
/// # Errors
/// When the bytes are no glTF.
pub fn needs(bytes: &[u8]) -> Result<Vec<String>, Error> {
    let root = File::described(bytes)?.document.root;
    let buffers = root.buffers.iter().filter_map(|buffer| buffer.uri.as_deref());
    let images = root.images.iter().filter_map(|image| image.uri.as_deref());
    let beside = buffers.chain(images).filter(|uri| !uri.starts_with("data:"));
    let names: BTreeSet<String> = beside.map(decoded_path).collect();
    Ok(names.into_iter().collect())
}

impl Decoding {
    fn next(&mut self) -> Result<Step<Model>, Error> {
        let mut fetch = |uri: &str| match self.beside.get(uri) {
            Some(known) => known.clone(),
            None => Err("it was not given with the model".into()),
        };
        match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Closed(bytes) => {
                let reading = Reading::open(&bytes, &mut fetch)?;
                let share = reading.share();
                self.stage = Stage::Open(Box::new(reading));
                Ok(Step::More(share))
            }
            Stage::Open(mut reading) => match reading.step()? {
                Some(mut model) => {
                    model.remarks.append(&mut self.remarks);
                    Ok(Step::Done(Ok(model)))
                }
                None => {
                    let share = reading.share();
                    self.stage = Stage::Open(reading);
                    Ok(Step::More(share))
                }
            },
            Stage::Over => Ok(Step::Done(Err("the model was decoded already".into()))),
        }
    }
}

impl Job for DecodeModel {
    const KIND: &'static str = "decode model";
    type Output = Model;
    type Run = Decoding;

    fn begin(self) -> Decoding {
        let Self { bytes, beside, remarks } = self;
        Decoding { stage: Stage::Closed(bytes), remarks, beside }
    }
}

impl Run for Decoding {
    type Output = Model;

    fn piece(&mut self) -> Step<Model> {
        self.next().unwrap_or_else(|error| Step::Done(Err(error.to_string())))
    }
}
