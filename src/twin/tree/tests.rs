use proptest::prelude::*;

use super::*;

fn messages(text: &str) -> Vec<(Span, String)> {
    Tree::parse(text).errors.iter().map(|e| (e.span.clone(), e.message.clone())).collect()
}

/// The same value as the `ron` crate understands it; `None` where the two cannot be compared.
fn same(node: &Node, value: &ron::Value) -> bool {
    use ron::Value;
    match (&node.kind, value) {
        (Kind::Bool(a), Value::Bool(b)) => a == b,
        (Kind::Char(a), Value::Char(b)) => a == b,
        (Kind::Text(a), Value::String(b)) => a == b,
        (Kind::Bytes(a), Value::Bytes(b)) => a == b,
        (Kind::Number(a), Value::Number(b)) => *a == b.into_f64(),
        (Kind::List(a) | Kind::Tuple(_, a), Value::Seq(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Kind::Tuple(_, a), Value::Unit) => a.is_empty(),
        (Kind::Map(a), Value::Map(b)) => {
            a.len() == b.len()
                && a.iter().zip(b.iter()).all(|((ka, va), (kb, vb))| same(ka, kb) && same(va, vb))
        }
        (Kind::Struct(_, a), Value::Map(b)) => {
            a.len() == b.len()
                && a.iter().zip(b.iter()).all(|((name, va), (key, vb))| {
                    matches!(key, Value::String(key) if *key == name.text) && same(va, vb)
                })
        }
        _ => false,
    }
}

fn ron_value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(|b| b.to_string()),
        any::<i64>().prop_map(|n| n.to_string()),
        any::<u32>().prop_map(|n| format!("{n:#x}")),
        (-1e9..1e9f64).prop_map(|n| format!("{n:?}")),
        "[ -~]{0,8}".prop_map(|text| format!("{text:?}")),
        "[a-z äß\\n]{0,8}".prop_map(|text| format!("r#\"{text}\"#")),
        "[a-z]".prop_map(|c| format!("'{c}'")),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5)
                .prop_map(|v| format!("[{}]", v.join(" , // c\n"))),
            prop::collection::vec(inner.clone(), 2..4)
                .prop_map(|v| format!("({},)", v.join(", /* a /* b */ */ "))),
            prop::collection::btree_map("k[a-z]{1,4}", inner.clone(), 1..4).prop_map(|m| {
                let fields: Vec<_> = m.iter().map(|(k, v)| format!("{k}: {v}")).collect();
                format!("({})", fields.join(", "))
            }),
            prop::collection::btree_map("[a-z]{1,5}", inner, 0..4).prop_map(|m| {
                let fields: Vec<_> = m.iter().map(|(k, v)| format!("{k:?}: {v}")).collect();
                format!("{{{}}}", fields.join(",\n"))
            }),
        ]
    })
}

#[test]
fn a_text_goes_on_over_the_ends_of_lines_of_every_system() {
    for end in ["\n", "\r\n"] {
        let text = format!("\"a long \\{end}   title\"");
        let tree = Tree::parse(&text);
        assert_eq!(
            tree.root().kind,
            Kind::Text("a long title".into()),
            "{text:?}: {:?}",
            tree.errors
        );
    }
}

proptest! {
    #[test]
    fn any_text_prints_as_it_was_read(text in "\\PC{0,200}") {
        prop_assert_eq!(Tree::parse(&text).to_string(), text);
    }

    #[test]
    fn text_made_of_rons_own_signs_prints_as_it_was_read(
        text in "[\\(\\)\\[\\]\\{\\}:,a\"'r#/\\*\\\\ \n0-9.xbe+-]{0,120}"
    ) {
        prop_assert_eq!(Tree::parse(&text).to_string(), text);
    }

    #[test]
    fn generated_ron_means_what_the_ron_crate_says(text in ron_value()) {
        let tree = Tree::parse(&text);
        prop_assert_eq!(tree.errors(), &[]);
        let value: ron::Value = ron::from_str(&text).map_err(|e| TestCaseError::fail(e.to_string()))?;
        prop_assert!(same(tree.root(), &value), "{:?} is not {:?}", tree.root(), value);
    }
}

#[test]
fn a_missing_comma_is_reported_just_behind_the_value_before_it() {
    assert_eq!(messages("(a: 1 b: 2)"), [(5..5, "expected `,` or `)`".into())]);
}

#[test]
fn all_errors_of_a_text_are_reported_and_the_rest_is_read() {
    let text = "(a: ], b: 0x, c: 'ab', d: 1)";
    assert_eq!(messages(text).len(), 3, "{:?}", messages(text));
    let Kind::Struct(_, fields) = &Tree::parse(text).root().kind.clone() else {
        panic!("no struct")
    };
    assert_eq!(
        fields.last().map(|(name, node)| (&*name.text, &node.kind)),
        Some(("d", &Kind::Number(1.0)))
    );
}

#[test]
fn nesting_without_end_is_refused_without_exhausting_the_stack() {
    for open in ["[", "(", "{", "a(", "Some("] {
        assert!(!Tree::parse(&open.repeat(100_000)).errors().is_empty());
    }
}

#[test]
fn an_open_text_costs_its_line_only() {
    assert_eq!(messages("(a: \"x,\n b: 1)")[0], (4..7, "this text has no closing `\"`".into()));
}

#[test]
fn an_edit_keeps_comments_and_order() {
    let mut tree = Tree::parse("( // head\n  a: 1, // one\n  b: [2, 3], // two\n)");
    let key = |k: &str| Step::Key(k.into());
    tree.replace(&[key("a")], "10").expect("a");
    tree.insert(&[key("b")], "", "4").expect("b");
    tree.insert(&[], "c", "\"new\"").expect("c");
    assert_eq!(
        tree.to_string(),
        "( // head\n  a: 10, // one\n  b: [2, 3, 4], // two\n  c: \"new\",\n)"
    );
    assert!(tree.replace(&[key("a")], "]").is_err());
    assert_eq!(tree.get(&[key("z")]), Err(EditError::NoSuchValue(0)));
}

#[test]
fn an_insertion_leaves_the_comments_of_the_line_before_where_they_are() {
    let key = |key: &str| Step::Key(key.to_owned());
    let text = "(\n  a: [\n    1, // one\n    2, // two, and last\n  ],\n  b: [\n    3 /* x, */ // three\n  ],\n  c: [4], // four\n)";
    let mut tree = Tree::parse(text);
    tree.insert(&[key("a")], "", "9").expect("a");
    tree.insert(&[key("b")], "", "9").expect("b");
    tree.insert(&[key("c")], "", "9").expect("c");
    tree.insert(&[], "d", "9").expect("the whole");
    assert_eq!(
        tree.text(),
        "(\n  a: [\n    1, // one\n    2, // two, and last\n    9,\n  ],\n  b: [\n    3, /* x, */ // three\n    9\n  ],\n  c: [4, 9], // four\n  d: 9,\n)"
    );
}
