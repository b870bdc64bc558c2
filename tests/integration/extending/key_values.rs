//! A payload format as a file of its own: pairs such as `speed=1450;state=running`, which small
//! devices send. A value that reads as a JSON number is one; all else is text.

use serde_json::{Map, Value as Json};
use twinscope::twin::payload::PayloadFormat;

pub static FORMAT: PayloadFormat = PayloadFormat { name: "KeyValues", read, write };

fn read(payload: &[u8]) -> Result<Json, String> {
    let text = std::str::from_utf8(payload)
        .map_err(|error| format!("byte {} is no text in UTF-8", error.valid_up_to()))?;
    let mut document = Map::new();
    for (at, pair) in text.trim().split(';').enumerate() {
        let Some((name, value)) = pair.split_once('=') else {
            return Err(format!("pair {} has no `=`: expected name=value;name=value", at + 1));
        };
        document.insert(name.trim().to_owned(), value_of(value.trim()));
    }
    Ok(Json::Object(document))
}

fn value_of(text: &str) -> Json {
    match serde_json::from_str(text) {
        Ok(number @ Json::Number(_)) => number,
        _ => text.into(),
    }
}

fn write(document: &Json) -> Result<Vec<u8>, String> {
    let members = document.as_object().ok_or("key-value pairs hold names with values alone")?;
    let mut pairs = Vec::new();
    for (name, value) in members {
        let text = match value {
            Json::Number(number) => number.to_string(),
            Json::String(text) => text.clone(),
            _ => return Err(format!("key-value pairs cannot hold what is at /{name}")),
        };
        if text.contains(';') || name.contains(['=', ';']) || value_of(&text) != *value {
            return Err(format!("{text:?} at /{name} would be read as something else"));
        }
        pairs.push(format!("{name}={text}"));
    }
    Ok(pairs.join(";").into_bytes())
}
