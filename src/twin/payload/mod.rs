//! Payload formats: from the bytes of a message to a document, and back. One file a format.
//!
//! What a document's values mean (which is which property, in which unit, with which time and
//! quality) a mapping states by JSON pointers, and no format needs to know. Flows in: a payload.
//! Flows out: its document as a JSON value, or what is wrong with it. [`super::mapping`] names the
//! format, `telemetry` reads by it, and the simulated plant writes by it.

mod json;

use std::fmt;

use serde_json::Value as Json;

/// All formats; a twin file's mapping begins with the name of one.
pub static FORMATS: &[&PayloadFormat] = &[&json::FORMAT];

/// How a document stands in the bytes of a payload.
pub struct PayloadFormat {
    /// Its name in twin files, as in `Json(…)`.
    pub name: &'static str,
    /// The document that a payload holds. The error says for people what was expected and what was
    /// found; it must not fail in another way whatever the bytes are.
    pub read: fn(&[u8]) -> Result<Json, String>,
    /// The payload of a document: what `read` makes into that document again. The error says for
    /// people what the format cannot hold.
    pub write: fn(&Json) -> Result<Vec<u8>, String>,
}

impl PayloadFormat {
    /// JSON, which is read without making the whole document.
    pub const JSON: &'static Self = &json::FORMAT;

    /// The format of that name.
    pub fn find(name: &str) -> Option<&'static Self> {
        FORMATS.iter().find(|format| format.name == name).copied()
    }
}

/// By their names, which differ.
impl PartialEq for PayloadFormat {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl fmt::Debug for PayloadFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_has_a_name_of_its_own_and_none_that_a_mapping_has_otherwise() {
        let names: Vec<&str> = FORMATS.iter().map(|format| format.name).collect();
        for (at, name) in names.iter().enumerate() {
            assert!(*name != "Scalar" && !names[..at].contains(name), "{name}");
            assert_eq!(PayloadFormat::find(name).map(|format| format.name), Some(*name));
        }
    }

    #[test]
    fn every_format_reads_what_it_wrote() {
        let document = serde_json::json!({"speed": 1450.5, "state": "running", "count": 7});
        for format in FORMATS {
            let payload = (format.write)(&document).expect(format.name);
            assert_eq!((format.read)(&payload).as_ref(), Ok(&document), "{format:?}");
        }
    }
}
