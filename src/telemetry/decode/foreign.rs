//! Formats that are not read, known by their first bytes: whoever sends one is told so.

/// The format of a payload and what to do about it, for people; `None`: it is not known.
pub(super) fn format_of(payload: &[u8]) -> Option<&'static str> {
    Some(match payload {
        [0x1F, 0x8B, ..] => "gzip: have the source send it uncompressed",
        [0x78, 0x01 | 0x5E | 0x9C | 0xDA, ..] => "zlib: have the source send it uncompressed",
        [0x28, 0xB5, 0x2F, 0xFD, ..] => "zstd: have the source send it uncompressed",
        [b'P', b'K', 3, 4, ..] => "a ZIP archive: have the source send JSON",
        [b'<', ..] => "XML: have the source send JSON",
        // RFC 8949, 3.4.6: the tag 55799 in front; else a map or a list of definite or indefinite length.
        [0xD9, 0xD9, 0xF7, ..] => "CBOR: have the source send JSON",
        [0xA1..=0xBB | 0xBF | 0x81..=0x8F | 0x9F, ..] if is_binary(payload) => {
            "CBOR or MessagePack: have the source send JSON"
        }
        [0xDC..=0xDF, ..] if is_binary(payload) => "MessagePack: have the source send JSON",
        // The field 1 of a Sparkplug B payload is its time as a number, the field 2 a metric.
        [0x08 | 0x0A | 0x12, ..] if is_binary(payload) => {
            "Protobuf, as Sparkplug B sends it: have the source send JSON"
        }
        _ if is_binary(payload) => "binary data: have the source send JSON or text",
        _ => return None,
    })
}

fn is_binary(payload: &[u8]) -> bool {
    let is_control = |byte: &u8| byte.is_ascii_control() && !byte.is_ascii_whitespace();
    std::str::from_utf8(payload).is_err() || payload.iter().any(is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_products_send_in_another_format_is_called_by_its_name() {
        let cases: [(&[u8], &str); 7] = [
            (b"\x1f\x8b\x08\0", "gzip"),
            (b"\x78\x9c\xab", "zlib"),
            (b"<m/>", "XML"),
            (b"\xa1\x61v\x01", "CBOR"),
            (b"\x83\xa1v\xc0", "MessagePack"),
            (b"\x08\xd1\x81\x9f", "Protobuf"),
            (b"D\xb9\x10\0", "binary"),
        ];
        for (payload, name) in cases {
            assert!(format_of(payload).is_some_and(|format| format.contains(name)), "{name}");
        }
        for text in ["speed 5", "{\"v\": 1", "1480,5;71,25", "größer", ""] {
            assert_eq!(format_of(text.as_bytes()), None, "{text}");
        }
    }
}
