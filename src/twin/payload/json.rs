//! JSON (RFC 8259), as text in UTF-8.

use super::PayloadFormat;

pub static FORMAT: PayloadFormat = PayloadFormat {
    name: "Json",
    read: |payload| serde_json::from_slice(payload).map_err(|error| error.to_string()),
    write: |document| Ok(document.to_string().into_bytes()),
};
