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
    assert_eq!(of(other), [(35.0, None)], "the later one holds");
    let alone = r#"{"n":"speed","bv":30}"#;
    assert_eq!(of(alone), [(30.0, None)], "what is not stated is 0");
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
    assert_eq!(of(r#"[{"bn":"p:","n":"speed","v":5}]"#), [(5.0, None)], "at arrival");
    assert_eq!(of(r#"[{"bt":-10,"n":"speed","v":5,"t":10}]"#), [(5.0, None)], "at arrival");
    assert_eq!(of(r#"[{"bt":-10,"n":"speed","v":5,"t":4}]"#), [(5.0, Some(6.0))]);
    let absolute = format!(r#"[{{"n":"speed","v":5,"t":{ARRIVAL_S}}}]"#);
    assert_eq!(of(&absolute), [(5.0, Some(0.0))]);
}

#[test]
fn records_are_called_by_their_own_names_where_one_device_speaks_and_by_both_where_several_do() {
    let one = r#"[{"bn":"p:","n":"a","v":1},{"n":"speed","v":5}]"#;
    for name in ["speed", "p:speed"] {
        assert_eq!(read(&at(&format!("/[n={name}]/v"), None), one), [(5.0, None)]);
        assert_eq!(read(&each(name, "/t"), one), [(5.0, None)]);
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
        (r#"[{"n":"a","bv":"20","v":1},{"n":"speed","v":5}]"#, "`bv` is \"20\", and no number"),
        (r#"[{"bt":"2026-03-01T12:00:00Z","n":"speed","v":5}]"#, "and no number"),
        (r#"[{"bver":11,"n":"speed","v":5}]"#, "version 11 is not known"),
        (r#"[{"bver":"10","n":"speed","v":5}]"#, "version \"10\" is not known"),
        (r#"[{"n":"speed","v":5,"x_":1}]"#, "`x_` has to be understood"),
        (r#"[{"\u0062v":"20","n":"speed","v":5}]"#, "`bv` is \"20\", and no number"),
        (r#"[{"bn":"p:","bu":1,"n":"speed","v":5}]"#, "`bu` is 1, and no text"),
        (r#"[{"bn":5,"bv":1,"n":"speed","v":5}]"#, "`bn` is 5, and no text"),
        (r#"[{"bn":"p:","n":"speed","v":5},{"n":7,"v":6}]"#, "`n` is 7, and no text"),
    ] {
        let reason = refused(&decoder, text);
        assert!(reason.contains(told) && reason.contains("resolved records"), "{reason}");
    }
}

#[test]
fn a_refused_pack_of_another_device_changes_nothing_here() {
    let mut payload = payload("/e/[n=speed]/v", None, None);
    if let Payload::Document { requires, .. } = &mut payload {
        requires.push(Requirement { pointer: "/device".into(), value: "mine".into() });
    }
    let decoder = decoder(payload);
    // The base value is no number: whoever reads it refuses the pack.
    let of = |device: &str| {
        format!(r#"{{"e":[{{"bn":"p:","bv":"20","n":"speed","v":5}}],"device":"{device}"}}"#)
    };
    let (updates, decoded) = decode(&decoder, of("another"));
    assert!(updates.is_empty(), "{}", decoded.reason());
    assert!(decoded.reason().contains("no asset has"), "{}", decoded.reason());
    assert!(refused(&decoder, &of("mine")).contains("and no number"));
}

#[test]
fn a_record_without_a_time_was_measured_at_arrival_and_not_at_the_time_of_another() {
    let text =
        format!(r#"[{{"bn":"p:","n":"a","v":1,"t":{}}},{{"n":"speed","v":5}}]"#, ARRIVAL_S - 9);
    for (value, expected) in
        [("/0/v", (1.0, Some(9.0))), ("/1/v", (5.0, None)), ("/[1]/v", (5.0, None))]
    {
        assert_eq!(read(&at(value, Some("/0/t")), &text), [expected], "{value}");
    }
    assert_eq!(read(&each("speed", "/t"), &text), [(5.0, None)]);
}

#[test]
fn the_time_of_the_document_is_no_record_s() {
    let text =
        format!(r#"{{"t":{},"e":[{{"bn":"p:","n":"speed","v":5,"t":-3}}]}}"#, ARRIVAL_S - 60);
    for value in ["/e/0/v", "/e/[n=speed]/v", "/e/[0]/v"] {
        assert_eq!(read(&at(value, Some("/t")), &text), [(5.0, Some(60.0))], "{value}");
    }
    let batch = format!(r#"{{"bt":{},"e":[{{"bn":"p:","n":"speed","v":5}}]}}"#, ARRIVAL_S - 60);
    let mut payload = payload("/v", Some("^/bt"), Some("speed"));
    if let Payload::Document { samples, .. } = &mut payload {
        *samples = Some("/e".into());
    }
    assert_eq!(read(&decoder(payload), &batch), [(5.0, Some(60.0))]);
}

#[test]
fn the_times_of_records_are_not_those_of_another_list() {
    let text = format!(
        r#"{{"e":[{{"bn":"p:","n":"a","v":1,"t":{}}}],"x":[{{"id":"speed","v":5,"t":21.5}}]}}"#,
        ARRIVAL_S - 9
    );
    assert_eq!(read(&at("/x/[id=speed]/v", Some("/e/0/t")), &text), [(5.0, Some(9.0))]);
}

#[test]
fn lists_that_the_mapping_does_not_read_are_left_alone() {
    let text = r#"{"values":[{"id":"speed","v":5}],
        "alarms":[{"n":"E12","bt":1772366400,"text":"door"}, [{"n":"E13","bv":"x","v":1}]]}"#;
    for value in ["/values/[id=speed]/v", "/values/0/v", "/values/[0]/v"] {
        assert_eq!(read(&at(value, None), text), [(5.0, None)], "{value}");
    }
}

#[test]
fn a_list_is_resolved_once_by_however_many_pointers_it_is_read() {
    let text = r#"{"e":[[{"bn":"p:","bv":20,"n":"speed","v":5},{"bn":"q:","n":"speed","v":6}]]}"#;
    let fields = vec![field(SPEED, "/e/0/[n=p:speed]/v"), field(NOTE, "/e/[0]/1/v")];
    let (updates, decoded) = decode(&decoder(document(fields)), text);
    assert_eq!(decoded.fault, None, "{}", decoded.reason());
    let expected = [(0, Value::Number(25.0)), (2, Value::Text("26".into()))];
    assert_eq!(values(&updates), expected);
}

#[test]
fn base_names_and_units_can_be_asked_for_in_each_record() {
    let text = r#"[{"bn":"urn:dev:1:","bu":"Cel","n":"speed","v":5},{"n":"b","v":6}]"#;
    for at in [0, 1] {
        let note =
            |label: &str| values(&decode(&decoder_of_text(&format!("/{at}/{label}")), text).0);
        assert_eq!(note("bn"), [(2, Value::Text("urn:dev:1:".into()))]);
        assert_eq!(note("bu"), [(2, Value::Text("Cel".into()))]);
        assert_eq!(note("u"), [(2, Value::Text("Cel".into()))]);
    }
    for (wanted, is_meant) in [("urn:dev:1:", true), ("urn:dev:2:", false)] {
        let mut payload = payload("/0/v", None, None);
        if let Payload::Document { requires, .. } = &mut payload {
            requires.push(Requirement { pointer: "/0/bn".into(), value: wanted.into() });
        }
        let (updates, decoded) = decode(&decoder(payload), text);
        assert_eq!((updates.len(), decoded.fault.is_none()), (usize::from(is_meant), is_meant));
    }
}

#[test]
fn a_written_time_is_a_stamp_where_no_base_is_added_to_it() {
    let written = |time: &str| {
        let mut payload = payload("/0/v", Some(time), None);
        if let Payload::Document { time: TimeSource::Field { format, .. }, .. } = &mut payload {
            *format = TimeFormat::Iso8601;
        }
        decoder(payload)
    };
    let text = r#"[{"bn":"p:","n":"speed","v":5,"t":"2026-03-01T11:59:50Z"}]"#;
    assert_eq!(read(&written("/0/t"), text), [(5.0, Some(10.0))]);
    let both = text.replace("\"t\"", "\"bt\":1772366400,\"t\"");
    assert!(refused(&written("/0/t"), &both).contains("no number to which `bt` is added"));
}

#[test]
fn where_the_plant_has_its_own_clock_times_that_count_from_wall_time_are_refused() {
    let mut twin = with_topic("plant/{asset}", payload("/0/v", Some("/0/t"), None));
    let interval = std::time::Duration::from_secs(1);
    let (time, format) = ("/time".into(), TimeFormat::EpochSeconds);
    twin.clock = Some(ClockSource { topic: "clock".into(), time, format, rate: None, interval });
    let decoder = Decoder::new(&twin);
    assert_eq!(read(&decoder, r#"[{"bn":"p:","n":"speed","v":5}]"#), [(5.0, None)]);
    let absolute = format!(r#"[{{"bn":"p:","n":"speed","v":5,"t":{ARRIVAL_S}}}]"#);
    assert_eq!(read(&decoder, &absolute), [(5.0, Some(0.0))]);
    let told = refused(&decoder, r#"[{"bn":"p:","n":"speed","v":5,"t":-5}]"#);
    assert!(told.contains("the plant runs by a clock of its own"), "{told}");
}

#[test]
fn it_is_told_whether_a_time_was_counted_from_the_arrival() {
    let counts = |text: &str| decode(&at("/0/v", Some("/0/t")), text).1.counts_from_now;
    assert!(counts(r#"[{"n":"speed","v":5,"t":-10}]"#));
    assert!(!counts(r#"[{"bn":"p:","n":"speed","v":5}]"#));
    assert!(!counts(&format!(r#"[{{"bn":"p:","n":"speed","v":5,"t":{ARRIVAL_S}}}]"#)));
}

#[test]
fn a_pack_takes_no_more_time_or_room_than_its_bases_are_worth() {
    let decoder = at("/[n=speed]/v", Some("/0/t"));
    let begin = std::time::Instant::now();
    let name = "p".repeat(500_000);
    let empty = "{},".repeat(170_000);
    let long = r#"{"n":"speed","v":1},"#.repeat(20_000);
    for text in [
        format!(r#"[{{"bn":"{name}","bv":1}},{empty}{{"n":"speed","v":5}}]"#),
        format!(r#"[{{"bn":"{name}","bv":1}},{long}{{"n":"speed","v":5}}]"#),
        format!(r#"[{{"bn":"p:","bv":1}},{empty}{{"n":"speed","v":5}}]"#),
    ] {
        assert!(refused(&decoder, &text).contains("16 MiB"));
    }
    let unit = format!(r#"[{{"bn":"p:","bu":"{name}","n":"a","v":1}},{long}{{"n":"b","v":1}}]"#);
    assert!(refused(&decoder_of_text("/[n=p:b]/u"), &unit).contains("16 MiB"));
    // Many base names behind many records without one.
    let (first, named) = (r#"{"v":1},"#.repeat(40_000), r#"{"bn":"a"},"#.repeat(20_000));
    let text = format!(r#"[{first}{named}{{"n":"speed","v":5}}]"#);
    decode(&decoder, text);
    assert!(begin.elapsed().as_secs() < 60, "{:?}", begin.elapsed());
}

#[test]
fn reasons_quote_the_beginning_of_what_is_long() {
    let long = "x".repeat(300_000);
    for text in [
        format!(r#"[{{"n":"speed","bv":"{long}","v":5}}]"#),
        format!(r#"[{{"n":"speed","bver":"{long}","v":5}}]"#),
        format!(r#"[{{"n":"speed","bv":1,"v":"{long}"}}]"#),
        format!(r#"[{{"n":"speed","bv":1,"v":5,"{long}":1}}]"#),
        format!(r#"[{{"n":"speed","v":5,"{long}_":1}}]"#),
    ] {
        assert!(refused(&at("/0/v", None), &text).len() < 600);
    }
}

/// A record as it is sent: base name, base time, base value, base sum, base unit; name, time, value, sum, unit.
type Sent = (
    (Option<&'static str>, Option<i64>, Option<i32>, Option<i32>, Option<&'static str>),
    (Option<&'static str>, Option<i64>, Option<i32>, Option<i32>, Option<&'static str>),
);

fn sent() -> impl Strategy<Value = Sent> {
    let text = |of: &'static [&'static str]| proptest::option::of(prop::sample::select(of));
    let number = || proptest::option::of(-50..50_i32);
    let base_time = prop::sample::select(vec![ARRIVAL_S, ARRIVAL_S - 100, 0, -7]);
    let time = prop_oneof![-9..9_i64, Just(ARRIVAL_S - 3)];
    (
        (
            text(&["p:", "q:", ""]),
            proptest::option::of(base_time),
            number(),
            number(),
            text(&["K", "Cel"]),
        ),
        (
            text(&["a", "b", "c"]),
            proptest::option::of(time),
            number(),
            number(),
            text(&["Pa", "bar"]),
        ),
    )
}

fn json_of((base, own): &Sent) -> Json {
    let mut record = serde_json::Map::new();
    let mut set = |label: &str, value: Option<Json>| {
        value.into_iter().for_each(|value| drop(record.insert(label.into(), value)));
    };
    for (labels, (name, time, value, sum, unit)) in
        [(["bn", "bt", "bv", "bs", "bu"], base), (["n", "t", "v", "s", "u"], own)]
    {
        set(labels[0], name.map(Json::from));
        set(labels[1], time.map(Json::from));
        set(labels[2], value.map(Json::from));
        set(labels[3], sum.map(Json::from));
        set(labels[4], unit.map(Json::from));
    }
    Json::Object(record)
}

/// RFC 8428, 4.6, word for word: of each record its name, unit, value, sum and seconds before now; of a time that is
/// now nothing.
type Resolved = (String, Option<&'static str>, Option<i32>, Option<i32>, Option<i64>);

fn resolved(pack: &[Sent]) -> Vec<Resolved> {
    let mut all = Vec::new();
    for at in 0..pack.len() {
        // The last base in the record or before it.
        let upto = || pack[..=at].iter().rev();
        let own = pack[at].1;
        let name =
            upto().find_map(|record| record.0.0).unwrap_or("").to_owned() + own.0.unwrap_or("");
        let unit = own.4.or(upto().find_map(|record| record.0.4));
        let sum_of = |own: Option<i32>, base: Option<i32>| {
            (own.is_some() || base.is_some()).then(|| own.unwrap_or(0) + base.unwrap_or(0))
        };
        let sum = sum_of(own.3, upto().find_map(|record| record.0.3));
        let value = sum_of(own.2, upto().find_map(|record| record.0.2));
        // A record may state its sum alone.
        let value = value.filter(|_| own.2.is_some() || own.3.is_none());
        let time = own.1.unwrap_or(0) + upto().find_map(|record| record.0.1).unwrap_or(0);
        let before = if time < 1 << 28 { -time } else { ARRIVAL_S - time };
        all.push((name, unit, value, sum, (time != 0).then_some(before)));
    }
    all
}

/// Whether one base name holds for all records, so that they may be called by their own names.
fn is_one_device(pack: &[Sent]) -> bool {
    let names: Vec<_> = pack.iter().filter_map(|record| record.0.0).collect();
    names.is_empty() || pack[0].0.0.is_some() && names.iter().all(|name| *name == names[0])
}

proptest! {
    #[test]
    fn packs_are_resolved_as_the_standard_says(
        mut pack in prop::collection::vec(sent(), 1..7), wanted in prop::sample::select(vec!["p:a", "q:b", "p:", "a", "c"]),
    ) {
        // By this it is a pack, whatever else it has.
        pack[0].0.2.get_or_insert(1);
        pack[0].1.0.get_or_insert("a");
        let expected = resolved(&pack);
        let text = Json::from(pack.iter().map(json_of).collect::<Vec<_>>()).to_string();
        let near = |time: Option<Timestamp>| time.map(|time| ARRIVAL.seconds_since(time).round() as i64);
        let whole = |name: &str| expected.iter().any(|record| record.0 == name);
        prop_assume!(!is_one_device(&pack) || whole(wanted));
        // What each record of that name states in two of its members.
        let of = |pointer: &str, text_of: &str| {
            let mut payload = payload(pointer, Some("/t"), Some(wanted));
            if let Payload::Document { fields, .. } = &mut payload {
                fields.push(field(NOTE, text_of));
                fields.iter_mut().for_each(|field| field.optional = true);
            }
            let (updates, decoded) = decode(&decoder(payload), &text);
            (updates, decoded.reason())
        };
        for (pointer, is_sum) in [("/v", false), ("/s", true)] {
            let (updates, reason) = of(pointer, "/u");
            let (mut numbers, mut units) = (Vec::new(), Vec::new());
            for record in expected.iter().filter(|record| record.0 == wanted) {
                let value = if is_sum { record.3 } else { record.2 };
                numbers.extend(value.map(|value| (f64::from(value), record.4)));
                units.extend(record.1.map(|unit| (Value::Text(unit.into()), record.4)));
            }
            let read: Vec<_> = updates.iter().filter_map(|one| Some((number(one)?, near(one.time)))).collect();
            prop_assert_eq!(read, numbers, "{} {}", &text, &reason);
            let texts = updates.iter().filter(|one| one.property.0 == u32::from(NOTE));
            let texts: Vec<_> = texts.filter_map(|one| Some((one.value.clone()?, near(one.time)))).collect();
            prop_assert_eq!(texts, units, "{} {}", &text, &reason);
        }
        // By places, each record has its own time as well.
        for (place, (_, _, value, _, before)) in expected.iter().enumerate() {
            let (updates, _) = decode(&at(&format!("/[{place}]/v"), Some("/0/t")), &text);
            let read: Vec<_> = updates.iter().filter_map(|one| Some((number(one)?, near(one.time)))).collect();
            let stated: Vec<_> = value.iter().map(|value| (f64::from(*value), *before)).collect();
            prop_assert_eq!(read, stated, "{} of {}", place, &text);
        }
    }

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
