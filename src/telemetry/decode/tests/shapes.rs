//! Shapes of documents: lists by name and by place, messages that say whose they are, JSON in other clothes, and stamps
//! that cannot be read.

use super::*;

fn optional(property: u16, pointer: &str) -> Field {
    Field { optional: true, ..field(property, pointer) }
}

/// The decoder of a document with this changed.
fn with(
    fields: Vec<Field>,
    change: impl FnOnce(&mut Option<String>, &mut Vec<Requirement>, &mut TimeSource),
) -> Decoder {
    let mut payload = document(fields);
    let Payload::Document { samples, requires, time, .. } = &mut payload else {
        panic!("a document")
    };
    change(samples, requires, time);
    decoder(payload)
}

fn numbers(updates: &[Update]) -> Vec<Option<f64>> {
    updates.iter().map(number).collect()
}

#[test]
fn an_element_of_a_list_is_found_by_a_member_wherever_it_stands() {
    let decoder = decoder(document(vec![
        field(SPEED, "/m/[name=Motor~1Speed]/v"),
        optional(STATE, "/m/[id=7]/v"),
    ]));
    for text in [
        r#"{"m":[{"name":"Temp","v":70},{"id":7,"v":"running"},{"v":5,"name":"Motor/Speed"}]}"#,
        r#"{"m":[{"v":5,"name":"Motor/Speed"},{"v":"running","id":"7"},{"name":"Temp","v":70}]}"#,
    ] {
        let (mut updates, decoded) = decode(&decoder, text);
        updates.sort_by_key(|update| update.property);
        let expected = [(0, Value::Number(5.0)), (1, Value::Enumeration(1))];
        assert_eq!((values(&updates).as_slice(), decoded.fault), (&expected[..], None), "{text}");
    }
    let (updates, decoded) = decode(&decoder, r#"{"m":[{"name":"Temp","v":70}]}"#);
    assert!(updates.is_empty());
    assert_eq!(decoded.reason(), "/m/[name=Motor~1Speed]/v: the field is absent");
}

#[test]
fn an_element_that_is_read_by_its_place_is_not_taken_for_another_that_says_its_name() {
    for member in ["name", "tag", "id", "NodeId", "path", "idShort", "n"] {
        let decoder = decoder(document(vec![field(SPEED, "/0/v"), optional(STATE, "/1/v")]));
        let list = |names: [&str; 2], values: [&str; 2]| {
            let element =
                |at: usize| format!(r#"{{"{member}":"{}","v":{}}}"#, names[at], values[at]);
            format!("[{},{}]", element(0), element(1))
        };
        let (updates, decoded) = decode(&decoder, list(["speed", "state"], ["5", "\"running\""]));
        assert_eq!((values(&updates).len(), decoded.fault), (2, None), "{member}");
        let (updates, decoded) = decode(&decoder, list(["state", "speed"], ["1", "2"]));
        assert_eq!((values(&updates), lost(&updates)), (vec![], vec![0]), "{member}");
        let way_out = format!("write `[{member}=speed]` for `0` in the pointer, or `[0]`");
        assert!(decoded.reason().contains(&way_out), "{}", decoded.reason());
        let (updates, decoded) = decode(&decoder, list(["speed", "state"], ["6", "\"stopped\""]));
        assert_eq!((values(&updates).len(), decoded.fault), (2, None), "{member}");
    }
}

#[test]
fn an_element_that_is_called_like_another_property_is_not_taken_even_in_the_first_message() {
    let places = vec![field(SPEED, "/0/l/0/v"), optional(STATE, "/0/l/1/v")];
    let decoder = decoder(document(places));
    let list = |first: &str, second: &str| {
        format!(r#"[{{"n":"Motor","l":[{{"n":"{first}","v":1}},{{"n":"{second}","v":0}}]}}]"#)
    };
    let (updates, decoded) = decode(&decoder, list("Motor.State", "Motor.Speed"));
    assert_eq!((values(&updates), lost(&updates)), (vec![], vec![0]));
    assert!(decoded.reason().contains("looks like `state`"), "{}", decoded.reason());
    // Within a list that has moved nothing is taken, whatever it is called itself.
    let decoder = super::decoder(document(vec![field(SPEED, "/0/l/0/v")]));
    assert_eq!(numbers(&decode(&decoder, list("Speed", "x")).0), [Some(1.0)]);
    let (updates, _) = decode(&decoder, list("Speed", "x").replace("Motor", "Fan"));
    assert_eq!(lost(&updates), [0]);
}

#[test]
fn a_place_is_read_whatever_stands_there_where_the_pointer_says_so_or_nothing_has_a_name() {
    let anything = decoder(document(vec![field(SPEED, "/[0]/v")]));
    for name in ["speed", "temperature"] {
        let (updates, decoded) = decode(&anything, format!(r#"[{{"name":"{name}","v":5}}]"#));
        assert_eq!((numbers(&updates), decoded.fault), (vec![Some(5.0)], None), "{name}");
    }
    let by_place = decoder(document(vec![field(SPEED, "/1")]));
    for (text, expected) in [("[1,2]", 2.0), ("[3,4]", 4.0)] {
        assert_eq!(numbers(&decode(&by_place, text).0), [Some(expected)]);
    }
    // What the first of a queue is called, and how many there are.
    let queue = decoder(document(vec![field(NOTE, "/0/name"), field(SPEED, "/0/[0]")]));
    for name in ["first", "second"] {
        let (updates, _) = decode(&queue, format!(r#"[{{"name":"{name}"}}]"#));
        assert_eq!(values(&updates), [(2, Value::Text(name.into()))]);
    }
    let counted = decoder(document(vec![field(SPEED, "/0/v")]));
    for id in ["5", "\"6\"", "\"8f14e45f-ceea-467f-a8f0-6b6f7c1f2d3a\""] {
        assert_eq!(
            numbers(&decode(&counted, format!(r#"[{{"id":{id},"v":1}}]"#)).0),
            [Some(1.0)],
            "{id}"
        );
    }
}

#[test]
fn a_message_that_says_whose_it_is_is_taken_by_that_asset_alone() {
    let mut payload = document(vec![field(SPEED, "/v")]);
    let Payload::Document { requires, .. } = &mut payload else { panic!("a document") };
    requires.push(Requirement { pointer: "/dev".into(), value: "{asset}".into() });
    let twin = twin(3, mapping("all", payload));
    let decoder = Decoder::new(&twin);
    let decode = |text: &str| {
        let mut batch = Batch::default();
        let decoded = decoder.decode("all", text.as_bytes(), ARRIVAL, &mut batch);
        let owners = batch
            .updates
            .iter()
            .map(|update| twin.asset(twin.owner(update.property)).name.to_string());
        (owners.collect::<Vec<_>>(), decoded.fault)
    };
    for name in ["P-0", "P-1", "P-2"] {
        let own = (vec![name.to_owned()], None);
        assert_eq!(decode(&format!(r#"{{"dev":"{name}","v":5}}"#)), own);
        assert_eq!(decode(&format!(r#"{{"v":5,"dev":"{name}"}}"#)), own);
        // What is wrong with it is that asset's alone, and said once.
        assert_eq!(
            decode(&format!(r#"{{"dev":"{name}","v":"fast"}}"#)),
            (vec![name.to_owned()], Some(Fault::Malformed))
        );
    }
    for text in [r#"{"dev":"P-9","v":5}"#, r#"{"v":5}"#] {
        assert_eq!(decode(text), (vec![], Some(Fault::Unmapped)), "{text}");
    }
    assert_eq!(decode(""), (vec![], Some(Fault::Malformed)), "nobody is said to have no value");
}

#[test]
fn samples_of_several_devices_in_one_list_are_told_apart() {
    let both = |pointer: &str| {
        with(vec![field(SPEED, "/v")], |samples, requires, _| {
            *samples = Some("/s".into());
            requires.push(Requirement { pointer: pointer.into(), value: "7".into() });
        })
    };
    let (updates, decoded) =
        decode(&both("/dev"), r#"{"s":[{"dev":7,"v":1},{"dev":8,"v":"x"},{"v":3,"dev":"7"}]}"#);
    assert_eq!((numbers(&updates), decoded.fault), (vec![Some(1.0), Some(3.0)], None));
    let decoder = both("^/dev");
    assert_eq!(
        numbers(&decode(&decoder, r#"{"s":[{"v":1},{"v":2}],"dev":7}"#).0),
        [Some(1.0), Some(2.0)]
    );
    let (updates, decoded) = decode(&decoder, r#"{"s":[{"v":1},{"v":2}],"dev":8}"#);
    assert_eq!((updates, decoded.fault), (vec![], Some(Fault::Unmapped)));
}

#[test]
fn json_is_read_as_a_text_in_lines_and_in_other_encodings() {
    let decoder = decoder(document(vec![field(SPEED, "/v")]));
    let wide: Vec<u8> = "\u{feff}{\"v\":5}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let payloads: [&[u8]; 5] = [
        br#""{\"v\": 5}""#,
        "\u{feff}{\"v\":5}".as_bytes(),
        b"{\"v\":5}\0",
        &wide,
        b"{\"v\":1}\r\n{\"v\":5}\n",
    ];
    for payload in payloads {
        let (updates, decoded) = decode(&decoder, payload);
        assert_eq!(decoded.fault, None, "{}", decoded.reason());
        assert_eq!(numbers(&updates).last(), Some(&Some(5.0)), "{payload:?}");
    }
    let (updates, decoded) = decode(&decoder, "{\"v\":1}\n{\"v\":2\n");
    assert_eq!((updates, decoded.fault), (vec![], Some(Fault::Malformed)));
}

#[test]
fn a_word_in_place_of_a_document_takes_all_its_values() {
    let decoder = decoder(document(vec![field(SPEED, "/v"), optional(STATE, "/s")]));
    for payload in ["UNAVAILABLE", "\"unavailable\"", "offline", "NaN", "null", "\"\"", ""] {
        let (updates, decoded) = decode(&decoder, payload);
        assert_eq!((lost(&updates), decoded.fault), (vec![0, 1], None), "{payload:?}");
    }
}

#[test]
fn a_field_that_may_be_absent_and_is_null_has_lost_its_value() {
    let decoder = decoder(document(vec![optional(SPEED, "/v"), optional(POSE, "/p")]));
    let (updates, decoded) = decode(&decoder, r#"{"v":null,"p":null}"#);
    assert_eq!((lost(&updates), decoded.fault), (vec![0, 3], None));
    let (updates, decoded) = decode(&decoder, "{}");
    assert_eq!((updates, decoded.fault), (vec![], None));
}

#[test]
fn a_value_whose_stamp_cannot_be_read_is_doubtful_and_those_of_a_list_are_lost() {
    let stamped = |list: bool| {
        with(vec![field(SPEED, "/v"), optional(STATE, "/s")], |samples, _, time| {
            *samples = list.then(String::new);
            *time = TimeSource::Field { pointer: "/t".into(), format: TimeFormat::Iso8601 };
        })
    };
    for stamp in ["\"yesterday\"", "null", "{}", "12", "1772366400000"] {
        let text = format!(r#"{{"v":5,"t":{stamp}}}"#);
        let (updates, decoded) = decode(&stamped(false), &text);
        assert_eq!((updates[0].time, updates[0].quality), (None, Quality::Uncertain), "{stamp}");
        assert!(decoded.fault.is_some(), "{stamp}");
        let (updates, decoded) = decode(&stamped(true), format!("[{text},{text}]"));
        assert_eq!(lost(&updates), [0], "{stamp}");
        assert!(decoded.fault.is_some(), "{stamp}");
    }
    // A message without any of the fields needs no time.
    let all_optional = with(vec![optional(SPEED, "/v")], |_, _, time| {
        *time = TimeSource::Field { pointer: "/t".into(), format: TimeFormat::Iso8601 };
    });
    assert_eq!(decode(&all_optional, r#"{"other":1}"#).1.fault, None);
}

#[test]
fn one_of_two_mappings_for_two_forms_of_a_message_is_enough() {
    let plain = document(vec![field(SPEED, "/v")]);
    let mut list = plain.clone();
    let Payload::Document { samples, .. } = &mut list else { panic!("a document") };
    *samples = Some(String::new());
    let mut twin = with_topic("plant/{asset}", plain);
    twin.classes[0].mappings.push(mapping("plant/{asset}", list));
    let decoder = Decoder::new(&twin);
    for (text, expected) in
        [(r#"{"v":1}"#, vec![Some(1.0)]), (r#"[{"v":1},{"v":2}]"#, vec![Some(1.0), Some(2.0)])]
    {
        let (updates, decoded) = decode(&decoder, text);
        assert_eq!((numbers(&updates), decoded.fault), (expected, None), "{}", decoded.reason());
    }
    assert_eq!(decode(&decoder, r#"{"w":1}"#).1.fault, Some(Fault::Malformed), "neither has it");
}

/// A decoder of states by these codes.
fn by_codes(names: Vec<(Json, u16)>, others: Option<u16>) -> Decoder {
    let read = Read { names, others, ..Read::default() };
    decoder(Payload::Scalar { property: Some(STATE), read, time: TimeSource::Arrival })
}

#[test]
fn what_a_mapping_lists_is_a_value_whatever_the_word_and_the_others_have_theirs_if_it_says_so() {
    let listed =
        by_codes(vec![("offline".into(), 0), ("Unknown".into(), 1), ("null".into(), 2)], None);
    for (text, index) in [("offline", 0), ("UNKNOWN", 1), ("null", 2)] {
        assert_eq!(values(&decode(&listed, text).0), [(1, Value::Enumeration(index))], "{text}");
    }
    assert_eq!(lost(&decode(&listed, "unavailable").0), [1]);
    let others = by_codes(vec![(0.into(), 0), (2.into(), 1)], Some(2));
    for (text, index) in [("0", 0), ("2", 1), ("1", 2), ("17", 2), ("moving", 2)] {
        assert_eq!(values(&decode(&others, text).0), [(1, Value::Enumeration(index))], "{text}");
    }
    assert_eq!(lost(&decode(&others, "null").0), [1], "no value is none of the others");
    let own = by_codes(vec![], Some(2));
    for (text, index) in [("running", 1), ("1", 1), ("17", 2), ("moving", 2)] {
        assert_eq!(values(&decode(&own, text).0), [(1, Value::Enumeration(index))], "{text}");
    }
}

#[test]
fn a_number_is_kept_to_its_last_digit_as_a_text_or_refused() {
    let decoder = decoder(document(vec![field(NOTE, "/v")]));
    for digits in ["18446744073709551615", "-9223372036854775808", "9007199254740993"] {
        let (updates, _) = decode(&decoder, format!(r#"{{"v":{digits}}}"#));
        assert_eq!(values(&updates), [(2, Value::Text(digits.into()))]);
    }
    let (updates, decoded) = decode(&decoder, r#"{"v":123456789012345678901234567890}"#);
    assert_eq!(lost(&updates), [2]);
    assert!(decoded.reason().contains("more digits than are kept"), "{}", decoded.reason());
    let codes = by_codes(vec![(9_007_199_254_740_993_i64.into(), 1)], None);
    assert_eq!(lost(&super::decode(&codes, "9007199254740992").0), [1]);
    assert_eq!(values(&super::decode(&codes, "9007199254740993").0), [(1, Value::Enumeration(1))]);
}

proptest! {
    #[test]
    fn a_code_is_the_state_that_the_mapping_lists_for_it_and_no_other(
        listed in proptest::collection::btree_map(-20..300_i64, 0..3_u16, 1..8),
        sent in proptest::collection::vec(-30..310_i64, 1..40),
    ) {
        let names = listed.iter().map(|(code, index)| (Json::from(*code), *index)).collect();
        let decoder = by_codes(names, None);
        for code in listed.keys().chain(&sent) {
            for text in [code.to_string(), format!("{code}.0"), format!("\"{code}\""), format!("\" {code} \"")] {
                let (updates, decoded) = decode(&decoder, &text);
                match listed.get(code) {
                    Some(index) => {
                        prop_assert_eq!(values(&updates), [(1, Value::Enumeration(*index))], "{}", text);
                        prop_assert_eq!(decoded.fault, None);
                    }
                    None => {
                        prop_assert_eq!((values(&updates), lost(&updates)), (vec![], vec![1]), "{}", text);
                        prop_assert_eq!(decoded.fault, Some(Fault::Malformed));
                    }
                }
            }
        }
    }

    #[test]
    fn a_value_is_stored_in_the_unit_of_its_property_whatever_the_message_s(
        sent in -1e4..1e4_f64, scale in 0.01..10.0_f64, offset in -100.0..100.0_f64, at in 0..6_usize,
    ) {
        let (unit, of, factor, shift) = [
            ("L/h", "m3/h", 1e-3, 0.0), ("W", "kW", 1e-3, 0.0), ("Pa", "bar", 1e-5, 0.0), ("s", "h", 1.0 / 3600.0, 0.0),
            ("K", "Cel", 1.0, -273.15), ("[degF]", "Cel", 5.0 / 9.0, -32.0 * 5.0 / 9.0),
        ][at];
        let text = format!(
            "Twin(schema: 2, name: \"x\", classes: {{\"M\": (properties: {{\"v\": (unit: \"{of}\")}}, mappings: [Json(topic: \"{TOPIC}\", values: {{\"v\": (pointer: \"/v\", unit: \"{unit}\", scale: {scale:?}, offset: {offset:?})}})])}}, assets: [(name: \"a\", class: \"M\")])"
        );
        let loaded = crate::twin::load_text(std::path::Path::new("x.ron"), &text, &crate::twin::NoFiles);
        let decoder = Decoder::new(&loaded.unwrap_or_else(|errors| panic!("{errors}")).twin);
        let (updates, _) = decode(&decoder, format!(r#"{{"v":{sent:?}}}"#));
        let (stored, expected) = (number(&updates[0]).unwrap_or(f64::NAN), (sent * scale + offset) * factor + shift);
        prop_assert!((stored - expected).abs() <= 1e-9 * expected.abs().max(1.0), "{} {} {}", unit, stored, expected);
    }

    #[test]
    fn a_list_is_read_the_same_in_whatever_order_it_comes(order in Just(vec![0, 1, 2, 3]).prop_shuffle()) {
        let decoder = decoder(document(vec![field(SPEED, "/[n=a]/v"), field(STATE, "/[n=b]/v"), field(NOTE, "/[n=c]/v")]));
        let elements = [r#"{"n":"a","v":5}"#, r#"{"v":"running","n":"b"}"#, r#"{"n":"c","v":"x"}"#, r#"{"n":"d","v":9}"#];
        let list: Vec<&str> = order.iter().map(|at: &usize| elements[*at]).collect();
        let (mut updates, decoded) = decode(&decoder, format!("[{}]", list.join(",")));
        updates.sort_by_key(|update| update.property);
        prop_assert_eq!(decoded.fault, None);
        let expected = [(0, Value::Number(5.0)), (1, Value::Enumeration(1)), (2, Value::Text("x".into()))];
        prop_assert_eq!(values(&updates), expected);
    }
}
