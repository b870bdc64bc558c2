//! Goals.

use std::path::Path;

use super::super::diagnostic::Diagnostics;
use super::super::goal::{Goal, KnobSpec, LimitSpec, MaintainSpec, UpkeepSpec, When};
use super::super::tree::Tree;
use super::behaviour::{Expected, named, numbers, only, whole};
use super::read::{At, Cx, Fields};

const GOAL: [&str; 10] =
    ["set", "money", "running", "per", "wear", "life", "failure", "limits", "sure", "maintain"];
const KNOB: [&str; 4] = ["from", "to", "off", "inputs"];
const LIMIT: [&str; 4] = ["of", "at_least", "at_most", "when"];
const MAINTAIN: [&str; 4] = ["every", "windows", "at_once", "parts"];
const UPKEEP: [&str; 4] = ["event", "planned", "failure", "life"];
const WHEN: [(&str, When); 3] =
    [("always", When::Always), ("mean", When::Mean), ("end", When::End)];

const EXPECTED: Expected =
    Expected { what: "goal", written: r#"(set: {…}, running: ["…"], …)"#, fields: &GOAL };

/// Reads the text of a file that holds one goal.
///
/// # Errors
/// All that is wrong with it.
pub fn load_goal(name: &Path, text: &str) -> Result<Goal, Diagnostics> {
    let tree = Tree::parse(text);
    only(name, &tree, &EXPECTED)?;
    whole(name, tree, goal)
}

fn goal<'a>(cx: &Cx<'a>, at: At<'a>) -> Option<Goal> {
    let fields = cx.fields(at, "a goal", &GOAL)?;
    let prices = |name: &str| fields.get(name).map(|at| numbers(cx, at)).unwrap_or_default();
    let entries = |name: &str| fields.get(name).and_then(|at| cx.map(at)).unwrap_or_default();
    let list = |name: &str| fields.get(name).and_then(|at| cx.list(at)).unwrap_or_default();
    let set: Vec<KnobSpec> =
        entries("set").into_iter().filter_map(|entry| knob(cx, entry)).collect();
    let maintain = fields.get("maintain").and_then(|at| maintain(cx, at));
    let sure = fields.get("sure").and_then(|at| {
        let sure = cx.number(at)?;
        if !(0.5..1.0).contains(&sure) {
            cx.error(at, "`sure` is a probability from 0.5 to below 1");
        }
        Some(sure)
    });
    let goal = Goal {
        money: fields.get("money").and_then(|at| cx.text(at)),
        running: list("running").into_iter().filter_map(|at| named(cx, at)).collect(),
        per: fields.get("per").and_then(|at| named(cx, at)),
        wear: prices("wear"),
        life: prices("life"),
        failure: prices("failure"),
        limits: list("limits").into_iter().filter_map(|at| limit(cx, at)).collect(),
        sure: sure.unwrap_or(0.95),
        set,
        maintain,
    };
    let costs = !goal.running.is_empty()
        || [&goal.wear, &goal.life, &goal.failure].iter().any(|prices| !prices.is_empty());
    match (goal.set.is_empty(), goal.maintain.is_none()) {
        (true, true) => cx.error(at, "nothing may be chosen: state `set` or `maintain`"),
        (false, _) if !costs => {
            cx.error(at, "nothing costs anything: state `running`, `wear`, `life` or `failure`")
        }
        _ => {}
    }
    Some(goal)
}

fn knob<'a>(cx: &Cx<'a>, (key, value): (At<'a>, At<'a>)) -> Option<KnobSpec> {
    let name = named(cx, key)?;
    let fields = cx.fields(value, "what may be set", &KNOB)?;
    let number = |name: &str| cx.number(cx.required(&fields, name)?);
    let (from, to) = (number("from"), number("to"));
    let (from, to) = (from?, to?);
    if !(from < to) {
        cx.error(value, format!("`from` ({from}) has to be less than `to` ({to})"));
    }
    Some(KnobSpec {
        name,
        from,
        to,
        off: fields.get("off").and_then(|at| cx.number(at)),
        inputs: fields.get("inputs").map(|at| numbers(cx, at)).unwrap_or_default(),
    })
}

fn limit<'a>(cx: &Cx<'a>, at: At<'a>) -> Option<LimitSpec> {
    let fields = cx.fields(at, "a limit", &LIMIT)?;
    let number = |name: &str| fields.get(name).and_then(|at| cx.number(at));
    let (at_least, at_most) = (number("at_least"), number("at_most"));
    if at_least.is_none() && at_most.is_none() {
        cx.error(at, "a limit needs `at_least` or `at_most`");
    }
    Some(LimitSpec {
        of: named(cx, cx.required(&fields, "of")?)?,
        at_least,
        at_most,
        when: fields.get("when").and_then(|at| cx.choice(at, "when", &WHEN)).unwrap_or_default(),
    })
}

fn maintain<'a>(cx: &Cx<'a>, at: At<'a>) -> Option<MaintainSpec> {
    let fields = cx.fields(at, "a maintenance plan", &MAINTAIN)?;
    let parts = cx.map(cx.required(&fields, "parts")?)?;
    Some(MaintainSpec {
        every_s: span(cx, &fields, "every")?,
        windows: cx.whole(cx.required(&fields, "windows")?, 1, 1_000)?,
        at_once: fields.get("at_once").map_or(Some(1), |at| cx.whole(at, 1, 100))?,
        parts: parts.into_iter().filter_map(|entry| upkeep(cx, entry)).collect(),
    })
}

fn upkeep<'a>(cx: &Cx<'a>, (key, value): (At<'a>, At<'a>)) -> Option<UpkeepSpec> {
    let name = named(cx, key)?;
    let fields = cx.fields(value, "a part that may be maintained", &UPKEEP)?;
    let price = |name: &str| {
        let at = cx.required(&fields, name)?;
        let price = cx.number(at)?;
        if !(price > 0.0) {
            cx.error(at, format!("`{name}` has to be above 0"));
        }
        Some(price)
    };
    Some(UpkeepSpec {
        name,
        event: named(cx, cx.required(&fields, "event")?)?,
        planned: price("planned")?,
        failure: price("failure")?,
        life_s: span(cx, &fields, "life")?,
    })
}

fn span<'a>(cx: &Cx<'a>, fields: &Fields<'a>, name: &str) -> Option<f64> {
    let at = cx.required(fields, name)?;
    let seconds = cx.duration(at)?.as_secs_f64();
    if !(seconds > 0.0) {
        cx.error(at, format!("`{name}` has to be above 0"));
    }
    Some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_is_read_with_its_places() {
        let text = r#"(
            set: {"speed": (from: 200, to: 400, off: 0, inputs: {"wsync": 1, "V": 1.25})},
            running: ["4e-8 * P"], per: "Qout", wear: {"Worn": 900},
            limits: [(of: "Qout", at_least: 0.1, when: mean)],
            maintain: (every: "8h", windows: 21, parts: {
                "impeller": (event: "Worn", planned: 900, failure: 9000, life: "4000h"),
            }),
        )"#;
        let goal = load_goal(Path::new("g.ron"), text).expect("it is right");
        assert_eq!(goal.set[0].inputs[1].1, 1.25);
        assert_eq!((goal.limits[0].when, goal.sure), (When::Mean, 0.95));
        let maintain = goal.maintain.expect("a plan");
        assert_eq!((maintain.every_s, maintain.at_once), (28_800.0, 1));
        assert_eq!(maintain.parts[0].life_s, 1.44e7);
    }

    #[test]
    fn all_that_is_wrong_is_reported_at_once() {
        let wrong =
            |text: &str| load_goal(Path::new("g.ron"), text).expect_err("wrong").to_string();
        let text = wrong("(set: {\"a\": (from: 2, to: 1)}, limits: [(of: \"b\")], sure: 2)");
        for part in ["less than `to`", "`at_least` or `at_most`", "below 1", "nothing costs"] {
            assert!(text.contains(part), "{text}");
        }
        assert!(wrong("()").contains("nothing may be chosen"));
    }
}
