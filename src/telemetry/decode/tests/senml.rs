//! SenML (RFC 8428): bases, times that count from now, and what is refused.

use super::*;

/// The same instant in seconds since 1970.
const ARRIVAL_S: i64 = 1_772_366_400;

/// Reads the speed there, and its time at that pointer in seconds.
fn at(speed: &str, time: Option<&str>) -> Decoder {
    decoder(payload(speed, time, None))
}

/// The same of each record that is called so.
fn each(name: &str, time: &str) -> Decoder {
    decoder(payload("/v", Some(time), Some(name)))
}

fn payload(speed: &str, time: Option<&str>, name: Option<&str>) -> Payload {
    let mut payload = document(vec![field(SPEED, speed)]);
    if let Payload::Document { samples, requires, time: source, .. } = &mut payload {
        if let Some(pointer) = time {
            let format = TimeFormat::EpochSeconds;
            *source = TimeSource::Field { pointer: pointer.into(), format };
        }
        if let Some(name) = name {
            *samples = Some(String::new());
            requires.push(Requirement { pointer: "/n".into(), value: name.into() });
        }
    }
    payload
}

/// Values, and their times in seconds before the message arrived.
fn read(decoder: &Decoder, text: &str) -> Vec<(f64, Option<f64>)> {
    let (updates, decoded) = decode(decoder, text);
    assert_eq!(decoded.fault, None, "{text}: {}", decoded.reason());
    let before = |time: Timestamp| ARRIVAL.seconds_since(time);
    updates.iter().map(|one| (number(one).expect(text), one.time.map(before))).collect()
}

fn refused(decoder: &Decoder, text: &str) -> String {
    let (updates, decoded) = decode(decoder, text);
    assert!(!updates.is_empty() && updates.iter().all(|one| one.quality == Quality::Bad), "{text}");
    assert!(values(&updates).is_empty(), "{text}");
    decoded.reason()
}

#[test]
fn bases_hold_from_the_record_in_which_they_stand() {
    let of = |records: &str| {
        let decoder = at("/[n=speed]/v", Some("/0/t"));
        read(&decoder, &format!("[{}]", records.replace("NOW", &ARRIVAL_S.to_string())))
    };
    let first = r#"{"bn":"p:","bt":NOW,"bv":20,"n":"speed","v":5,"t":-5}"#;
    assert_eq!(of(first), [(25.0, Some(5.0))]);
    let later = r#"{"n":"other","v":1,"t":NOW},{"bt":NOW,"bv":20},{"n":"speed","v":5,"t":-5}"#;
    assert_eq!(of(later), [(25.0, Some(5.0))]);
    let behind = r#"{"n":"speed","v":5,"t":NOW},{"n":"other","bv":20,"v":1}"#;
    assert_eq!(of(behind), [(5.0, Some(0.0))], "a base holds for no record before it");
    let other = r#"{"n":"a","bv":20,"v":1},{"n":"speed","bv":30,"v":5}"#;
    assert_eq!(of(other), [(35.0, Some(0.0))], "the later one holds");
    let alone = r#"{"n":"speed","bv":30}"#;
    assert_eq!(of(alone), [(30.0, Some(0.0))], "what is not stated is 0");
}

#[test]
fn a_sum_has_its_base_as_well_and_whole_numbers_keep_their_digits() {
    let decoder = at("/[n=speed]/s", None);
    assert_eq!(read(&decoder, r#"[{"n":"a","bs":1000,"v":1},{"n":"speed","s":5}]"#)[0].0, 1005.0);
    let count = decoder_of_text("/0/v");
    let text = r#"[{"n":"x","bv":9007199254740992,"v":1}]"#;
    assert_eq!(values(&decode(&count, text).0), [(2, Value::Text("9007199254740993".into()))]);
}

fn decoder_of_text(pointer: &str) -> Decoder {
    decoder(document(vec![field(NOTE, pointer)]))
}

#[test]
fn each_record_has_its_own_time_whichever_the_mapping_names() {
    let text = format!(
        r#"[{{"bn":"p:","bt":{ARRIVAL_S},"n":"a","v":1,"t":-7}},{{"n":"speed","v":5,"t":-3}}]"#
    );
    for time in ["/0/bt", "/0/t", "/1/t", "/[n=speed]/t"] {
        assert_eq!(read(&at("/1/v", Some(time)), &text), [(5.0, Some(3.0))], "{time}");
        assert_eq!(read(&at("/[n=speed]/v", Some(time)), &text), [(5.0, Some(3.0))], "{time}");
        assert_eq!(read(&at("/[1]/v", Some(time)), &text), [(5.0, Some(3.0))], "{time}");
    }
    for time in ["/t", "/bt"] {
        assert_eq!(read(&each("speed", time), &text), [(5.0, Some(3.0))], "{time}");
    }
    assert!(refused(&each("speed", "^/0/bt"), &text).contains("a time of its own"));
    assert_eq!(read(&at("/1/v", None), &text), [(5.0, None)], "the mapping says: at arrival");
}

#[test]
fn times_below_2_to_the_28_count_from_now() {
    let of = |text: &str| read(&at("/0/v", Some("/0/t")), text);
    assert_eq!(of(r#"[{"n":"speed","v":5,"t":-10}]"#), [(5.0, Some(10.0))]);
    assert_eq!(of(r#"[{"bn":"p:","n":"speed","v":5}]"#), [(5.0, Some(0.0))]);
    assert_eq!(of(r#"[{"bt":-10,"n":"speed","v":5,"t":4}]"#), [(5.0, Some(6.0))]);
    let absolute = format!(r#"[{{"n":"speed","v":5,"t":{ARRIVAL_S}}}]"#);
    assert_eq!(of(&absolute), [(5.0, Some(0.0))]);
}

#[test]
fn records_are_called_by_their_own_names_where_one_device_speaks_and_by_both_where_several_do() {
    let one = r#"[{"bn":"p:","n":"a","v":1},{"n":"speed","v":5}]"#;
    for name in ["speed", "p:speed"] {
        assert_eq!(read(&at(&format!("/[n={name}]/v"), None), one), [(5.0, None)]);
        assert_eq!(read(&each(name, "/t"), one), [(5.0, Some(0.0))]);
    }
    let two = r#"[{"bn":"p:","n":"speed","v":5},{"bn":"q:","n":"speed","v":6}]"#;
    assert_eq!(read(&at("/[n=q:speed]/v", None), two), [(6.0, None)]);
    let (updates, decoded) = decode(&at("/[n=speed]/v", None), two);
    assert!(values(&updates).is_empty() && decoded.fault.is_some(), "it may be either");
}

#[test]
fn a_pack_may_stand_anywhere_in_a_document() {
    let text = r#"{"device":"x","e":[{"n":"a","bv":20,"v":1},{"n":"speed","v":5}]}"#;
    assert_eq!(read(&at("/e/[n=speed]/v", None), text), [(25.0, None)]);
}

#[test]
fn what_only_has_a_member_of_that_name_is_read_as_it_stands() {
    for (pointer, text, expected) in [
        ("/0/t", r#"[{"bn":"batch 7","t":21.5,"p":3}]"#, 21.5),
        ("/0/t", r#"[{"bn":"batch 7","t":21.5}]"#, 21.5),
        ("/0/t", r#"[{"n":"room","v":1,"t":-5}]"#, -5.0),
        ("/0/v", r#"[{"bt":7,"v":5}]"#, 5.0),
    ] {
        assert_eq!(read(&at(pointer, None), text), [(expected, None)], "{text}");
    }
}

#[test]
fn what_cannot_be_resolved_is_refused_by_name() {
    let decoder = at("/[n=speed]/v", Some("/0/t"));
    for (text, told) in [
        (r#"[{"bver":11,"bn":"p:","n":"speed","v":5}]"#, "version 11 is not known"),
        (r#"[{"bn":"p:","n":"speed","v":5,"x_":1}]"#, "`x_` has to be understood"),
        (r#"[{"bn":"p:","bv":"20","n":"speed","v":5}]"#, "`bv` is \"20\", and no number"),
        (r#"[{"bn":"p:","bv":20,"n":"speed","v":"5"}]"#, "`v` is \"5\", and no number"),
        (r#"[{"bn":"p:","bt":5,"n":"speed","v":5,"x":1}]"#, "`x` is no member"),
        (r#"[{"bn":"p:","n":"speed","v":5,"t":"now"}]"#, "`t` is no number"),
    ] {
        let reason = refused(&decoder, text);
        assert!(reason.contains(told) && reason.contains("resolved records"), "{reason}");
    }
}

proptest! {
    #[test]
    fn a_value_is_the_sum_of_its_own_and_of_the_last_base_before_it(
        records in proptest::collection::vec((proptest::option::of(-50..50_i64), -50..50_i64), 1..8),
    ) {
        let (mut base, mut sum, mut text) = (0, 0, Vec::new());
        for (at, (own_base, value)) in records.iter().enumerate() {
            let stated = own_base.map_or(String::new(), |base| format!(r#""bv":{base},"#));
            let name = if at + 1 == records.len() { "speed" } else { "other" };
            base = own_base.unwrap_or(base);
            sum = base + value;
            text.push(format!(r#"{{{stated}"n":"{name}","v":{value}}}"#));
        }
        let text = format!("[{}]", text.join(","));
        prop_assert_eq!(read(&at("/[n=speed]/v", None), &text), [(sum as f64, None)]);
    }

    #[test]
    fn no_pack_makes_it_fail(text in "[\\[\\]{}\",:a-z0-9_.-]{0,60}", member in "(bn|bt|bv|bs|bu|bver|t|v|n)", value in "(-?[0-9]{1,20}|\"x\"|null|\\[\\])") {
        decode(&at("/0/v", Some("/0/t")), &text);
        decode(&at("/0/v", Some("/0/t")), format!(r#"[{{"n":"a","bn":"b","v":1,"{member}":{value}}}]"#));
    }
}
