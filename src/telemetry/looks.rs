//! What a payload that is not what its mapping states looks like instead.

/// What a payload looks like, if it is of a format that is known by its first bytes or its make, or of none that is
/// text; for people.
pub(super) fn looks_like(topic: &str, payload: &[u8]) -> Option<&'static str> {
    const STARTS: [(&[u8], &str); 10] = [
        (&[0x1f, 0x8b], "gzip, which is not unpacked: have the source send it uncompressed"),
        (
            &[0x28, 0xb5, 0x2f, 0xfd],
            "Zstandard, which is not unpacked: have the source send it uncompressed",
        ),
        (
            &[0x04, 0x22, 0x4d, 0x18],
            "LZ4, which is not unpacked: have the source send it uncompressed",
        ),
        (b"BZh", "bzip2, which is not unpacked: have the source send it uncompressed"),
        (b"PK\x03\x04", "a ZIP file: have the source send JSON"),
        (b"Obj\x01", "Avro, which is not read: have the source send JSON"),
        (b"\x89PNG", "a PNG picture"),
        (&[0xff, 0xd8, 0xff], "a JPEG picture"),
        // RFC 8949, 3.4.6: the tag 55799, which says that CBOR follows.
        (&[0xd9, 0xd9, 0xf7], "CBOR, which is not read: have the source send JSON"),
        (b"<", "XML, which is not read: have the source send JSON"),
    ];
    if let Some((_, name)) = STARTS.iter().find(|(start, _)| payload.starts_with(start)) {
        return Some(name);
    }
    let is_text = std::str::from_utf8(payload)
        .is_ok_and(|text| !text.contains(|c: char| c < ' ' && !c.is_whitespace()));
    if is_text {
        return None;
    }
    Some(match payload {
        _ if topic.starts_with("spBv1.0/") => {
            "Sparkplug B (protobuf), which is not read: have the source send JSON"
        }
        // Its two bytes of header are a multiple of 31.
        [first @ (0x58 | 0x78), second, _, ..]
            if (u32::from(*first) * 256 + u32::from(*second)).is_multiple_of(31) =>
        {
            "zlib, which is not unpacked: have the source send it uncompressed"
        }
        // Maps and lists of definite length; those of indefinite length are CBOR's alone, those of 16 and 32 bits
        // MessagePack's.
        [0xbf | 0x9f, ..] => "CBOR, which is not read: have the source send JSON",
        [0xdc..=0xdf, ..] => "MessagePack, which is not read: have the source send JSON",
        [0x81..=0x8f | 0xa1..=0xbb, ..] => {
            "CBOR or MessagePack, which are not read: have the source send JSON"
        }
        _ if is_protobuf(payload) => "protobuf, which is not read: have the source send JSON",
        _ => "binary data, which is not read: have the source send JSON or text",
    })
}

/// Whether all of it reads as fields of protobuf, with the small field numbers that people give.
fn is_protobuf(mut rest: &[u8]) -> bool {
    let mut count = 0;
    while !rest.is_empty() {
        let Some(tag) = varint(&mut rest) else { return false };
        let length = match (tag >> 3, tag & 7) {
            (0 | 1024.., _) => return false,
            (_, 0) => match varint(&mut rest) {
                Some(_) => 0,
                None => return false,
            },
            (_, 1) => 8,
            (_, 2) => match varint(&mut rest) {
                Some(length) => length,
                None => return false,
            },
            (_, 5) => 4,
            _ => return false,
        };
        let Some(after) = usize::try_from(length).ok().and_then(|length| rest.get(length..)) else {
            return false;
        };
        rest = after;
        count += 1;
    }
    count > 0
}

fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for at in 0..10 {
        let byte = *rest.get(at)?;
        value |= u64::from(byte & 0x7f).checked_shl(7 * at as u32)?;
        if byte & 0x80 == 0 {
            *rest = &rest[at + 1..];
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn packed_and_binary_payloads_are_named() {
        let looks = |payload: &[u8]| looks_like("t", payload).unwrap_or("");
        assert!(looks(&[0x1f, 0x8b, 8, 0]).starts_with("gzip"));
        assert!(looks(&[0x78, 0x9c, 0xab, 0x56]).starts_with("zlib"));
        assert!(looks(&[0x28, 0xb5, 0x2f, 0xfd, 4]).starts_with("Zstandard"));
        assert!(looks(b"<m/>").starts_with("XML"));
        assert!(looks(b"\xa1\x61v\x01").starts_with("CBOR"));
        assert!(looks(b"\xdf\0\0\0\x01").starts_with("MessagePack"));
        assert!(looks(b"D\xb9\x10\0").starts_with("binary"));
        // Field 1: 150; field 2: "testing"; field 3: 1.5 as a double.
        let mut message = vec![0x08, 0x96, 0x01, 0x12, 7];
        message.extend(b"testing");
        message.push(0x19);
        message.extend(1.5_f64.to_le_bytes());
        assert!(looks(&message).starts_with("protobuf"));
        assert!(
            looks_like("spBv1.0/g/DDATA/e/d", &message)
                .is_some_and(|name| name.contains("Sparkplug"))
        );
        assert_eq!(looks_like("spBv1.0/g/DDATA/e/d", b"{\"v\": 1"), None);
    }

    proptest! {
        #[test]
        fn text_is_never_taken_for_a_binary_format(text in "[ -;=-NP-~äß€\n]{0,200}") {
            prop_assume!(!text.starts_with("BZh"));
            prop_assert_eq!(looks_like("t", text.as_bytes()), None);
        }

        #[test]
        fn any_bytes_are_looked_at_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            looks_like("t", &bytes);
        }
    }
}
