//! How messages become samples: topics and payloads, as the twin file states them.

use std::borrow::Cow;
use std::time::Duration;

use serde_json::Value as Json;

use super::payload::PayloadFormat;
use super::{AssetId, Twin, pointer};

/// One kind of message and the properties that it carries. It belongs to a class, and its topic is
/// a template which each instance fills in.
#[derive(Clone, Debug, PartialEq)]
pub struct Mapping {
    /// Topic with placeholders.
    pub topic: TopicTemplate,
    /// What the payload looks like.
    pub payload: Payload,
    /// MQTT quality of service asked for, 0 to 2.
    pub qos: u8,
}

/// A topic such as `plant/{area}/{asset}/+/telemetry`, level by level.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TopicTemplate {
    /// As written.
    pub text: String,
    /// The levels between the slashes.
    pub levels: Vec<TopicLevel>,
}

impl TopicTemplate {
    /// The topic of an asset's messages, about a property of that name where the template has `{property}`; `None`
    /// where a word has no value, or a wildcard stands for many topics.
    pub fn topic(&self, twin: &Twin, asset: AssetId, property: &str) -> Option<String> {
        let mut topic = String::new();
        for (at, level) in self.levels.iter().enumerate() {
            if at > 0 {
                topic.push('/');
            }
            match level {
                TopicLevel::Any | TopicLevel::Rest => return None,
                TopicLevel::Property => topic.push_str(property),
                TopicLevel::Text(parts) => {
                    for part in parts {
                        topic.push_str(match part {
                            TopicPart::Literal(literal) => literal,
                            TopicPart::Placeholder(word) => twin.word(asset, word)?,
                        });
                    }
                }
            }
        }
        Some(topic)
    }
}

/// Where and how a setpoint is written to the plant.
#[derive(Clone, Debug, PartialEq)]
pub struct Write {
    /// Topic of the message; it has no wildcards.
    pub topic: TopicTemplate,
    /// JSON pointer to the value in the message; `None`: the value is the whole message, as text.
    pub value: Option<String>,
    /// Where the plant answers whether it takes the value; it has no wildcards.
    pub answer: Option<TopicTemplate>,
    /// MQTT quality of service, 0 to 2.
    pub qos: u8,
}

/// What a level of a [`TopicTemplate`] matches.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TopicLevel {
    /// Text with placeholders replaced per asset: alternating parts.
    Text(Vec<TopicPart>),
    /// `+`: any one level.
    Any,
    /// `#`, last: any number of levels.
    Rest,
    /// `{property}`: one level that names a property of the asset.
    Property,
}

/// A piece of a topic level.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TopicPart {
    /// As it stands.
    Literal(String),
    /// `{asset}`, `{area}`, `{line}`, `{cell}`, `{site}`, `{path}`, `{twin}`, or one of the asset's
    /// variables.
    Placeholder(String),
}

/// What a message's payload looks like.
#[derive(Clone, Debug, PartialEq)]
pub enum Payload {
    /// The whole payload is one value as text (`21.5`, `"running"`, `true`). With `property` absent,
    /// the topic's `{property}` level names it.
    Scalar {
        /// Position of the property in the class.
        property: Option<u16>,
        /// How the value is read.
        read: Read,
        /// When it was measured.
        time: TimeSource,
    },
    /// A document.
    Document {
        /// How it stands in the payload.
        format: &'static PayloadFormat,
        /// JSON pointer to an array of samples, each an object of its own with its own time;
        /// `None`: the document is the one sample.
        samples: Option<String>,
        /// What else has to stand there for a sample to be meant: that of another device is passed over.
        requires: Vec<Requirement>,
        /// When it was measured; pointers count from the sample.
        time: TimeSource,
        /// Quality of all the fields of the sample.
        quality: Option<QualitySource>,
        /// The properties that a sample carries.
        fields: Vec<Field>,
    },
}

impl Payload {
    /// Positions of the properties whose samples have a stamp of the source.
    pub fn stamped(&self) -> Vec<u16> {
        match self {
            Self::Document { time: TimeSource::Field { .. }, fields, .. } => {
                fields.iter().map(|field| field.property).collect()
            }
            Self::Scalar { property: Some(property), time: TimeSource::Field { .. }, .. } => {
                vec![*property]
            }
            _ => Vec::new(),
        }
    }

    /// Whether a pointer has `{words}` that stand for something else in each asset.
    pub fn has_placeholders(&self) -> bool {
        let Self::Document { samples, requires, time, quality, fields, .. } = self else {
            return false;
        };
        let is_template = |pointer: &str| pointer.contains(['{', '}']);
        let is_required =
            |required: &Requirement| is_template(&required.pointer) || is_template(&required.value);
        let is_quality = |source: &Option<QualitySource>| {
            source.as_ref().is_some_and(|source| is_template(&source.pointer))
        };
        let is_time = matches!(time, TimeSource::Field { pointer, .. } if is_template(pointer));
        let is_field = |field: &Field| is_template(&field.pointer) || is_quality(&field.quality);
        is_time
            || requires.iter().any(is_required)
            || samples.as_deref().is_some_and(is_template)
            || is_quality(quality)
            || fields.iter().any(is_field)
    }

    /// The same with the words of its pointers filled in for an asset.
    pub fn filled(&self, twin: &Twin, asset: AssetId) -> Cow<'_, Self> {
        if !self.has_placeholders() {
            return Cow::Borrowed(self);
        }
        let mut filled = self.clone();
        if let Self::Document { samples, requires, time, quality, fields, .. } = &mut filled {
            for Requirement { pointer, value } in requires {
                *pointer = fill(pointer, twin, asset, pointer::escaped);
                *value = fill(value, twin, asset, str::to_owned);
            }
            let time = match time {
                TimeSource::Field { pointer, .. } => Some(pointer),
                TimeSource::Arrival => None,
            };
            let own =
                samples.iter_mut().chain(time).chain(quality.iter_mut().map(|q| &mut q.pointer));
            let of_fields = fields.iter_mut().flat_map(|field| {
                [
                    Some(&mut field.pointer),
                    field.quality.as_mut().map(|quality| &mut quality.pointer),
                ]
            });
            for pointer in own.chain(of_fields.flatten()) {
                *pointer = fill(pointer, twin, asset, pointer::escaped);
            }
        }
        Cow::Owned(filled)
    }
}

/// A text with its `{words}` replaced, each escaped that way; `{{` and `}}` are braces. The loader has checked the
/// words.
fn fill(pointer: &str, twin: &Twin, asset: AssetId, escape: fn(&str) -> String) -> String {
    let mut filled = String::with_capacity(pointer.len());
    let mut rest = pointer;
    while let Some(at) = rest.find(['{', '}']) {
        filled.push_str(&rest[..at]);
        let brace = &rest[at..=at];
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix(brace) {
            filled.push_str(brace);
            rest = after;
        } else if let Some(end) = rest.find('}') {
            let word = twin.word(asset, &rest[..end]).unwrap_or_default();
            filled.push_str(&escape(word));
            rest = &rest[end + 1..];
        }
    }
    filled + rest
}

/// What a document, or a sample in it, states about itself when it is meant, as `/tags/asset` is `P-101`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// Pointer from the sample, or from the document where it starts with `^`.
    pub pointer: String,
    /// The value that has to stand there, as text; a number or boolean is meant as well.
    pub value: String,
}

/// One property inside a document's sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Position of the property in the class.
    pub property: u16,
    /// JSON pointer (RFC 6901) from the sample; `{words}` in it are filled in by [`Payload::filled`].
    pub pointer: String,
    /// How the value is read.
    pub read: Read,
    /// Quality of this field, before that of the sample.
    pub quality: Option<QualitySource>,
    /// An absent field is no error.
    pub optional: bool,
}

/// From the value in the payload to the value of the property.
#[derive(Clone, Debug, PartialEq)]
pub struct Read {
    /// Stored number = payload × `scale` + `offset`.
    pub scale: f64,
    /// Added after scaling, in the property's unit.
    pub offset: f64,
    /// Payload values (text, number or boolean) and the enumeration index that each stands for. Where there are
    /// some, only they count; else the names of the enumeration, and their places from 0.
    pub names: Vec<(Json, u16)>,
    /// Index of the enumeration for a value that stands for none of its names; `None`: that is no value.
    pub others: Option<u16>,
}

impl Default for Read {
    fn default() -> Self {
        Self { scale: 1.0, offset: 0.0, names: Vec::new(), others: None }
    }
}

/// Where a sample's time comes from.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum TimeSource {
    /// The moment at which the message arrived.
    #[default]
    Arrival,
    /// In the payload.
    Field {
        /// JSON pointer from the sample (or from the document, when it starts with `^`, for a stamp
        /// shared by all samples of a batch).
        pointer: String,
        /// How it is written.
        format: TimeFormat,
    },
}

/// How a time is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimeFormat {
    /// `2026-03-01T12:00:00.25Z`, or with an offset; without one it is in UTC.
    #[default]
    Iso8601,
    /// The same, where a time without an offset is that of a clock which is ahead of UTC.
    Local {
        /// By how many seconds; negative: it is behind.
        offset_s: i32,
    },
    /// Seconds since 1970, possibly with a fraction.
    EpochSeconds,
    /// Milliseconds since 1970.
    EpochMillis,
    /// Microseconds since 1970.
    EpochMicros,
    /// Nanoseconds since 1970.
    EpochNanos,
}

/// Where a sample's quality comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct QualitySource {
    /// JSON pointer from the sample.
    pub pointer: String,
    /// How a value is understood that no list has.
    pub standard: QualityStandard,
    /// Payload values that mean good, however they are written (3, 3.0, "3"); where there are some, nothing else
    /// is good.
    pub good: Vec<Json>,
    /// Payload values that mean uncertain; where there are some, nothing else is uncertain.
    pub uncertain: Vec<Json>,
}

/// The standard by which a source states quality. Words count in each: what begins with good or uncertain is that,
/// `true` is good, all else is bad.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum QualityStandard {
    /// Codes above 65535 are status codes of OPC UA, the others qualities of OPC Classic.
    #[default]
    Any,
    /// OPC Classic (DA): 192 to 255 are good, 64 to 127 uncertain.
    OpcDa,
    /// OPC UA: the two highest of 32 bits are 0 for good and 1 for uncertain.
    OpcUa,
}

/// A topic that reports by a retained message (and the device's last will) whether assets are online.
#[derive(Clone, Debug, PartialEq)]
pub struct Presence {
    /// The topic, without placeholders or wildcards.
    pub topic: String,
    /// JSON pointer to the value; empty: the whole payload is the value, as text.
    pub pointer: String,
    /// The value that means online.
    pub online: String,
    /// The value that means offline.
    pub offline: String,
    /// The assets whose source this is, with all that is below them; sorted, without duplicates.
    pub assets: Vec<AssetId>,
}

/// A topic on which the plant publishes its own time, for plants that do not run on wall time.
#[derive(Clone, Debug, PartialEq)]
pub struct ClockSource {
    /// The topic, without placeholders or wildcards.
    pub topic: String,
    /// JSON pointer to the plant's present time.
    pub time: String,
    /// How that time is written.
    pub format: TimeFormat,
    /// JSON pointer to the plant seconds that pass in one second; `None`: 1.
    pub rate: Option<String>,
    /// Without such a message for this long (wall time), plant time is no longer known.
    pub interval: Duration,
}
