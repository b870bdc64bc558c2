//! What a command's message says: a bare value, or a value with who sent it and a mark to find the answer by.

use serde::Deserialize;
use serde_json::Value as Json;

use super::{Argument, Takes};
use crate::plant::simulation::wiring::keep;
use crate::twin::nearest;

/// The largest payload of a command, bytes.
pub const LARGEST: usize = 4096;
/// The longest mark and name, characters.
const LONGEST: usize = 64;

/// A command's payload.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wanted {
    /// As it was sent; null when nothing was.
    pub value: Json,
    /// Repeated in the answers.
    pub id: Option<String>,
    /// Who sent it; empty when nobody says so.
    pub by: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    value: Json,
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    by: String,
}

impl Wanted {
    /// Reads a payload.
    ///
    /// # Errors
    /// What is wrong with it, for who sent it.
    pub fn read(payload: &[u8]) -> Result<Self, String> {
        if payload.len() > LARGEST {
            return Err(format!("the payload is too long; a command has at most {LARGEST} bytes"));
        }
        let text = std::str::from_utf8(payload).map_err(|_| "the payload is no UTF-8 text")?.trim();
        if !text.starts_with('{') {
            let bare = || Json::String(text.to_string());
            let value = match serde_json::from_str(text) {
                Ok(value @ (Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Null)) => {
                    value
                }
                _ if text.is_empty() => Json::Null,
                _ => bare(),
            };
            return Ok(Self { value, ..Self::default() });
        }
        let Document { value, id, by } = serde_json::from_str(text).map_err(|error| {
            format!(
                "{error}; expected {{\"value\": …, \"id\": \"…\", \"by\": \"…\"}} or a bare value"
            )
        })?;
        for (name, text) in [("id", id.as_deref().unwrap_or_default()), ("by", &*by)] {
            if !is_short(text) {
                return Err(format!(
                    "{name:?} has at most {LONGEST} characters and no control characters"
                ));
            }
        }
        Ok(Self { value, id, by })
    }

    /// The value as a command takes it.
    ///
    /// # Errors
    /// What was expected instead.
    pub fn argument(&self, takes: Takes, parts: &[&'static str]) -> Result<Argument, String> {
        let found = || match &self.value {
            Json::Null => "nothing".to_string(),
            other => other.to_string(),
        };
        match (takes, &self.value) {
            (Takes::Nothing, Json::Null | Json::Bool(true)) => Ok(Argument::Nothing),
            (Takes::Nothing, _) => {
                Err(format!("it takes no value, found {}; send an empty message", found()))
            }
            (Takes::Switch, Json::Bool(on)) => Ok(Argument::Switch(*on)),
            (Takes::Switch, Json::Number(number)) if number.as_f64() == Some(1.0) => {
                Ok(Argument::Switch(true))
            }
            (Takes::Switch, Json::Number(number)) if number.as_f64() == Some(0.0) => {
                Ok(Argument::Switch(false))
            }
            (Takes::Switch, Json::String(word)) if word == "on" || word == "off" => {
                Ok(Argument::Switch(word == "on"))
            }
            (Takes::Switch, _) => Err(format!("expected true or false, found {}", found())),
            (Takes::Number { unit, low, high }, value) => {
                let unit = if unit == "1" { String::new() } else { format!(" {unit}") };
                let expected = || format!("expected a number from {low} to {high}{unit}");
                let Some(number) = value.as_f64().filter(|number| number.is_finite()) else {
                    return Err(format!("{}, found {}", expected(), found()));
                };
                if (low..=high).contains(&number) {
                    Ok(Argument::Number(number))
                } else {
                    Err(format!("{}, found {number}", expected()))
                }
            }
            (Takes::Word(words), value) => one_of(words, value.as_str(), &found()),
            (Takes::Part, value) => one_of(parts, value.as_str(), &found()),
        }
    }
}

/// The mark of a payload, even of one that is no command otherwise.
pub fn id_of(payload: &[u8]) -> Option<String> {
    let is_small = payload.len() <= LARGEST;
    let json: Json = is_small.then(|| serde_json::from_slice(payload).ok())??;
    json.get("id")?.as_str().filter(|id| is_short(id)).map(str::to_string)
}

fn is_short(text: &str) -> bool {
    text.chars().count() <= LONGEST && !text.chars().any(char::is_control)
}

fn one_of(words: &[&'static str], word: Option<&str>, found: &str) -> Result<Argument, String> {
    if let Some(known) = word.and_then(|word| words.iter().find(|known| **known == word)) {
        return Ok(Argument::Word(keep(known)));
    }
    let near = word.and_then(|word| nearest(word, words.iter().copied()));
    let near = near.map(|near| format!("; nearest: {near:?}")).unwrap_or_default();
    let all: Vec<_> = words.iter().take(12).copied().collect();
    Err(format!("expected one of {}, found {found}{near}", all.join(", ")))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SPEED: Takes = Takes::Number { unit: "{rev}/min", low: 0.0, high: 2900.0 };

    fn read(takes: Takes, payload: &str) -> Result<Argument, String> {
        Wanted::read(payload.as_bytes())?.argument(takes, &["bearing", "impeller"])
    }

    #[test]
    fn values_come_bare_or_in_a_document() {
        assert_eq!(read(SPEED, "2600"), Ok(Argument::Number(2600.0)));
        assert_eq!(read(SPEED, " 2.6e3\n"), Ok(Argument::Number(2600.0)));
        assert_eq!(read(SPEED, r#"{"value": 2600, "by": "eva"}"#), Ok(Argument::Number(2600.0)));
        assert_eq!(read(Takes::Switch, "true"), Ok(Argument::Switch(true)));
        assert_eq!(read(Takes::Switch, "off"), Ok(Argument::Switch(false)));
        assert_eq!(read(Takes::Switch, "1"), Ok(Argument::Switch(true)));
        assert_eq!(read(Takes::Nothing, ""), Ok(Argument::Nothing));
        assert_eq!(read(Takes::Nothing, r#"{"by": "eva"}"#), Ok(Argument::Nothing));
        let modes = Takes::Word(&["automatic", "manual"]);
        assert_eq!(read(modes, "manual"), Ok(Argument::Word("manual")));
        assert_eq!(read(modes, "\"manual\""), Ok(Argument::Word("manual")));
        assert_eq!(read(Takes::Part, "bearing"), Ok(Argument::Word("bearing")));
        let wanted = Wanted::read(br#"{"value": true, "id": "c17", "by": "eva"}"#);
        let (id, by) = (Some("c17".into()), "eva".into());
        assert_eq!(wanted, Ok(Wanted { value: Json::Bool(true), id, by }));
    }

    #[test]
    fn what_is_no_command_otherwise_has_its_mark() {
        assert_eq!(id_of(br#"{"valeu": 1, "id": "c17"}"#), Some("c17".into()));
        for none in ["2600", "", r#"{"id": 17}"#, r#"{"id": "a\nb"}"#, r#"{"id": "c17""#] {
            assert_eq!(id_of(none.as_bytes()), None, "{none}");
        }
    }

    #[test]
    fn refusals_name_what_was_expected_and_the_nearest_name() {
        for (takes, payload, expected) in [
            (SPEED, "2901", "from 0 to 2900 {rev}/min, found 2901"),
            (SPEED, "-1", "found -1"),
            (SPEED, "26,5", "found \"26,5\""),
            (SPEED, "", "found nothing"),
            (SPEED, "NaN", "found \"NaN\""),
            (SPEED, r#"{"value": "2600"}"#, "found \"2600\""),
            (SPEED, r#"{"valu": 2600}"#, "unknown field `valu`"),
            (SPEED, r#"{"value": 2600"#, "expected"),
            (Takes::Switch, "yes", "expected true or false, found \"yes\""),
            (Takes::Nothing, "7", "takes no value, found 7"),
            (Takes::Word(&["automatic", "manual"]), "manuel", "nearest: \"manual\""),
            (Takes::Part, "bering", "expected one of bearing, impeller, found \"bering\"; nearest"),
        ] {
            let said = read(takes, payload).expect_err(payload);
            assert!(said.contains(expected), "{payload}: {said}");
        }
        assert!(
            Wanted::read(&[b'1'; LARGEST + 1]).expect_err("it is refused").contains("at most 4096")
        );
        assert!(Wanted::read(&[0xFF]).expect_err("it is refused").contains("UTF-8"));
        let long = format!(r#"{{"by": "{}"}}"#, "x".repeat(65));
        assert!(Wanted::read(long.as_bytes()).expect_err("it is refused").contains("\"by\""));
    }

    proptest! {
        #[test]
        fn no_payload_is_more_than_refused(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            if let Ok(wanted) = Wanted::read(&bytes)
                && let Ok(Argument::Number(number)) = wanted.argument(SPEED, &[])
            {
                prop_assert!((0.0..=2900.0).contains(&number));
            }
        }
    }
}
