//! Reads a document along a plan: once, front to back, keeping only what the plan names. JSON is
//! read from the payload itself, other formats from the document that they make of it.

use serde::de::{DeserializeSeed, Deserializer};

use super::plain;
use super::senml::{self, Pack};
use super::sink::{Message, Sink};
use super::value::{LONGEST_WORD, stands_for_none};
use super::walk::Walk;
use crate::telemetry::Update;
use crate::twin::payload::PayloadFormat;
use crate::twin::{PropertyId, Quality};

impl Message<'_> {
    /// Decodes a payload; the samples of its good fields are appended to the batch. Whether the asset is meant by it:
    /// what the mapping requires stands there.
    pub(super) fn decode(&mut self, payload: &[u8]) -> bool {
        let start = self.out.updates.len();
        if payload.trim_ascii().is_empty() {
            return self.no_value();
        }
        if self.plan.format == PayloadFormat::JSON {
            return self.json(payload);
        }
        let reason = match (self.plan.format.read)(payload) {
            Ok(document) => match self.run(&document, Pack::None) {
                Ok(is_meant) => return is_meant,
                Err(error) => error.to_string(),
            },
            Err(reason) => reason,
        };
        self.refuse(start, format!("not {}: {reason}", self.plan.format.name))
    }

    /// The source has nothing to say of all that the message would carry.
    fn no_value(&mut self) -> bool {
        // Whose it would be is not said either.
        if !self.plan.requires.is_empty() {
            self.problems.add(
                None,
                "",
                "the message has no value, and does not say whose it would be",
            );
            return true;
        }
        let none = |property: u16| Update {
            property: PropertyId(self.first_property + u32::from(property)),
            time: None,
            value: None,
            quality: Quality::Bad,
        };
        self.out.updates.extend(self.plan.fields.iter().map(|field| none(field.property)));
        true
    }

    fn refuse(&mut self, start: usize, reason: String) -> bool {
        self.out.updates.truncate(start);
        self.problems.clear();
        self.problems.add(None, "", reason);
        true
    }

    /// JSON; also as a text in JSON, in lines, and with the numbers that JSON does not know.
    fn json(&mut self, payload: &[u8]) -> bool {
        let root = &self.plan.root;
        let text = match payload.trim_ascii() {
            [b'"', ..] if root.actions.is_empty() && root.samples.is_none() => {
                serde_json::from_slice::<String>(payload).ok()
            }
            bare if bare.len() <= LONGEST_WORD => std::str::from_utf8(bare)
                .ok()
                .filter(|text| stands_for_none(text))
                .map(str::to_owned),
            _ => None,
        };
        match text {
            Some(text) if stands_for_none(&text) => return self.no_value(),
            Some(text) => return self.json_text(text.as_bytes()),
            None => {}
        }
        self.json_text(payload)
    }

    fn json_text(&mut self, payload: &[u8]) -> bool {
        let start = self.out.updates.len();
        let error = match self.documents(payload, start) {
            Ok(is_meant) => return is_meant,
            Err(error) => error,
        };
        // Many devices write NaN, Infinity or 1e999, which JSON does not know. The other fields of
        // such a message are still good.
        if let Some(quoted) = plain::with_quoted_numbers(payload)
            && let Ok(is_meant) = self.documents(&quoted, start)
        {
            if is_meant && self.problems.is_empty() {
                self.problems.add(None, "", "a number that JSON does not know (NaN, Infinity)");
            }
            return is_meant;
        }
        self.refuse(start, format!("not JSON: {error}"))
    }

    /// One document, or one on each line; on an error nothing of it is kept.
    fn documents(&mut self, payload: &[u8], start: usize) -> Result<bool, serde_json::Error> {
        let error = match self.one(payload, start) {
            Ok(is_meant) => return Ok(is_meant),
            Err(error) => error,
        };
        let lines = payload.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
        let lines = lines.filter(|line| !line.is_empty());
        if lines.clone().count() < 2 || !lines.clone().all(|line| line.starts_with(b"{")) {
            return Err(error);
        }
        let mut is_meant = false;
        for line in lines {
            match self.one(line, start) {
                Ok(line_is_meant) => is_meant |= line_is_meant,
                Err(_) => return Err(error),
            }
        }
        Ok(is_meant)
    }

    fn one(&mut self, payload: &[u8], start: usize) -> Result<bool, serde_json::Error> {
        let read = self.read(payload);
        if read.is_err() {
            self.out.updates.truncate(start);
            self.problems.clear();
        }
        read
    }

    /// JSON text, with nothing behind it.
    fn read(&mut self, payload: &[u8]) -> Result<bool, serde_json::Error> {
        if self.plan.reads_lists && senml::may_be(payload) {
            let mut document = serde_json::from_slice(payload)?;
            let now = (!self.has_clock).then_some(self.arrival);
            let pack = senml::resolve(&mut document, self.plan, now);
            self.counts_from_now |= matches!(pack, Pack::Resolved(times) if times.count_from_now);
            if pack != Pack::None {
                return self.run(&document, pack);
            }
        }
        let mut deserializer = serde_json::Deserializer::from_slice(payload);
        let is_meant = self.run(&mut deserializer, Pack::None)?;
        deserializer.end()?;
        Ok(is_meant)
    }

    fn run<'de, D: Deserializer<'de>>(
        &mut self,
        document: D,
        pack: Pack,
    ) -> Result<bool, D::Error> {
        let root = &self.plan.root;
        let mut sink = Sink::new(self, pack);
        Walk { node: root, sink: &mut sink }.deserialize(document)?;
        Ok(sink.end_document())
    }
}
