//! SenML (RFC 8428): records that add to bases, such as a time from which those of the records count.
//!
//! A base holds for the record in which it stands and for those after it. Such a pack is read as its resolved records
//! (RFC 8428, 4.6), wherever in the document it stands.

use serde_json::{Map, Number, Value as Json, map::Entry};

use super::plan::DocumentPlan;
use crate::twin::Timestamp;

/// Times below this count from now, in seconds (RFC 8428, 4.5.3).
const RELATIVE_S: f64 = 268_435_456.0;
/// The newest version of SenML that is known (RFC 8428, 4.4).
const NEWEST: u64 = 10;
/// The members of records that state a base.
const BASES: [&str; 6] = ["bn", "bt", "bu", "bv", "bs", "bver"];
/// The other members of records.
const LABELS: [&str; 9] = ["n", "u", "v", "vs", "vb", "vd", "s", "t", "ut"];

/// What a document is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Pack {
    /// No SenML that adds to anything.
    #[default]
    None,
    /// Resolved records.
    Resolved {
        /// Whether all records have the same time.
        has_one_time: bool,
    },
    /// SenML that cannot be resolved, and why.
    Refused(String),
}

/// Whether a payload may have records that add to a base or count from now: it names such a member.
pub(super) fn may_be(payload: &[u8]) -> bool {
    let names_base = payload
        .windows(4)
        .any(|word| matches!(word, b"\"bn\"" | b"\"bt\"" | b"\"bv\"" | b"\"bs\""));
    names_base || payload.windows(3).any(|word| word == b"\"t\"") && payload.contains(&b'-')
}

/// Resolves the records of a document in place. `now` is wall time.
pub(super) fn resolve(document: &mut Json, plan: &DocumentPlan, now: Timestamp) -> Pack {
    match document {
        Json::Array(records) if is_pack(records) => match resolve_records(records, plan, now) {
            Ok(has_one_time) => Pack::Resolved { has_one_time },
            Err(reason) => Pack::Refused(format!("SenML that cannot be resolved: {reason}")),
        },
        Json::Array(all) => of_parts(all.iter_mut(), plan, now),
        Json::Object(all) => of_parts(all.values_mut(), plan, now),
        _ => Pack::None,
    }
}

fn of_parts<'j>(
    parts: impl Iterator<Item = &'j mut Json>,
    plan: &DocumentPlan,
    now: Timestamp,
) -> Pack {
    let mut found = Pack::None;
    for part in parts {
        found = match (found, resolve(part, plan, now)) {
            (found, Pack::None) => found,
            (Pack::None, pack) | (_, pack @ Pack::Refused(_)) => pack,
            (Pack::Resolved { .. }, _) => Pack::Resolved { has_one_time: false },
            (refused, _) => refused,
        };
    }
    found
}

/// Whether a list is SenML in which something has to be added: objects, one of which is called something and has a base;
/// or records alone, with times that count from now.
fn is_pack(records: &[Json]) -> bool {
    let objects = || records.iter().filter_map(Json::as_object);
    if records.is_empty() || objects().count() < records.len() {
        return false;
    }
    let is_named = objects().any(|record| ["bn", "n"].iter().any(|label| is_text(record, label)));
    let adds = |record: &Map<String, Json>| {
        ["bt", "bv", "bs"].iter().any(|label| is_number(record, label))
    };
    let has_name = |record: &Map<String, Json>| is_text(record, "bn");
    let is_past = |record: &Map<String, Json>| {
        record.get("t").and_then(Json::as_f64).is_some_and(|time| time < 0.0)
    };
    is_named
        && (objects().any(adds)
            || objects().all(is_record)
                && objects().any(|record| has_name(record) || is_past(record)))
}

/// Whether an object is nothing but a record of SenML: it has a value, or bases alone.
fn is_record(record: &Map<String, Json>) -> bool {
    let has = |labels: &[&str]| labels.iter().any(|label| record.contains_key(*label));
    record.keys().all(|label| is_known(label) || label.ends_with('_'))
        && (has(&["v", "vs", "vb", "vd", "s", "bv", "bs"]) || !has(&["n", "t"]))
}

fn is_known(label: &str) -> bool {
    LABELS.contains(&label) || BASES.contains(&label)
}

fn is_text(record: &Map<String, Json>, label: &str) -> bool {
    record.get(label).is_some_and(Json::is_string)
}

fn is_number(record: &Map<String, Json>, label: &str) -> bool {
    record.get(label).is_some_and(Json::is_number)
}

/// The bases that hold for a record.
#[derive(Default)]
struct Bases {
    name: String,
    unit: Option<Json>,
    time: Option<Number>,
    value: Option<Number>,
    sum: Option<Number>,
}

impl Bases {
    /// Takes those that a record states out of it.
    fn take(&mut self, record: &mut Map<String, Json>) -> Result<(), String> {
        if let Some(label) = record.keys().find(|label| label.ends_with('_')) {
            return Err(format!("`{label}` has to be understood, and is not known"));
        }
        if let Some(label) = record.keys().find(|label| !is_known(label)) {
            return Err(format!("`{label}` is no member of its records"));
        }
        let mut taken = BASES.map(|label| record.remove(label));
        let [name, time, unit, value, sum, version] = &mut taken;
        if let Some(version) = version.take()
            && version.as_u64().is_none_or(|version| version > NEWEST)
        {
            return Err(format!("version {version} is not known, the newest is {NEWEST}"));
        }
        if let Some(name) = name.take() {
            let text = name.as_str().ok_or_else(|| format!("`bn` is {name}, and no text"))?;
            self.name = text.to_owned();
        }
        self.unit = unit.take().or(self.unit.take());
        for (label, stated, base) in [
            ("bt", time, &mut self.time),
            ("bv", value, &mut self.value),
            ("bs", sum, &mut self.sum),
        ] {
            match stated.take() {
                None => {}
                Some(Json::Number(number)) => *base = Some(number),
                Some(other) => return Err(format!("`{label}` is {other}, and no number")),
            }
        }
        Ok(())
    }
}

/// Adds to each record what holds for it. Whether all have the same time.
fn resolve_records(
    records: &mut [Json],
    plan: &DocumentPlan,
    now: Timestamp,
) -> Result<bool, String> {
    let mut bases = Bases::default();
    let base_names = records.iter().filter_map(|record| record["bn"].as_str());
    let has_one_name = base_names.clone().all(|name| Some(name) == base_names.clone().next())
        && (records[0]["bn"].is_string() || base_names.clone().next().is_none());
    let mut first: Option<Number> = None;
    let mut has_one_time = true;
    for record in records.iter_mut().filter_map(Json::as_object_mut) {
        bases.take(record)?;
        let own = record.get("n").and_then(Json::as_str).unwrap_or_default();
        let whole = format!("{}{own}", bases.name);
        // Where one device speaks, the twin file may call its records by their own names alone.
        if !has_one_name || own.is_empty() || wants(plan, &whole) {
            record.insert("n".into(), whole.into());
        }
        if let (Some(unit), Entry::Vacant(place)) = (&bases.unit, record.entry("u")) {
            place.insert(unit.clone());
        }
        let has_other = ["vs", "vb", "vd", "s"].iter().any(|label| record.contains_key(*label));
        if record.contains_key("v") || !has_other {
            add(record, "v", bases.value.as_ref())?;
        }
        add(record, "s", bases.sum.as_ref())?;
        if !plan.reads_record_time() {
            continue;
        }
        add(record, "t", bases.time.as_ref())?;
        let seconds = record.get("t").map_or(Some(0.0), Json::as_f64).ok_or("`t` is no number")?;
        let mut time = record.get("t").and_then(|time| time.as_number().cloned());
        if seconds < RELATIVE_S {
            time = Number::from_f64(now.0 as f64 * 1e-6 + seconds);
        }
        let time = time.ok_or("`t` is no time")?;
        has_one_time &= *first.get_or_insert_with(|| time.clone()) == time;
        record.insert("t".into(), Json::Number(time.clone()));
        // A mapping that names the base means what it is for.
        record.insert("bt".into(), Json::Number(time));
    }
    Ok(has_one_time)
}

/// Whether a mapping calls a record so.
fn wants(plan: &DocumentPlan, name: &str) -> bool {
    plan.requires.iter().any(|required| required.pointer == "/n" && required.value == name)
        || plan.root.names_element("n", name)
}

/// Adds a base to a member; what only one of them states is that (RFC 8428, 4.5.4).
fn add(record: &mut Map<String, Json>, label: &str, base: Option<&Number>) -> Result<(), String> {
    let Some(base) = base else { return Ok(()) };
    let sum = match record.get(label) {
        None => base.clone(),
        Some(Json::Number(own)) => match (own.as_i64(), base.as_i64()) {
            (Some(own), Some(base)) => match own.checked_add(base) {
                Some(sum) => sum.into(),
                None => return Err(format!("`{label}` is too large")),
            },
            _ => {
                let sum = own.as_f64().zip(base.as_f64()).map(|(own, base)| own + base);
                sum.and_then(Number::from_f64).ok_or_else(|| format!("`{label}` is too large"))?
            }
        },
        Some(Json::Null) => return Ok(()),
        Some(other) => {
            return Err(format!(
                "`{label}` is {other}, and no number to which `b{label}` is added"
            ));
        }
    };
    record.insert(label.into(), Json::Number(sum));
    Ok(())
}
