//! The records of one pack, resolved (RFC 8428, 4.6).

use serde_json::{Map, Number, Value as Json};

use super::{Times, has_to_be_understood, is_known};
use crate::telemetry::decode::plan::{DocumentPlan, PlanTime};
use crate::terminal::excerpt;
use crate::twin::Timestamp;
use crate::twin::mapping::TimeFormat;

/// Times below this count from now, in seconds (RFC 8428, 4.5.3).
const RELATIVE_S: f64 = 268_435_456.0;
/// The newest version of SenML that is known (RFC 8428, 4.4).
const NEWEST: u64 = 10;

/// How much the records of one document may take over from bases: each may add a long text to every record.
pub(super) struct Room {
    /// In bytes.
    left: usize,
}

impl Default for Room {
    fn default() -> Self {
        Self { left: Self::BYTES }
    }
}

impl Room {
    const BYTES: usize = 16 << 20;
    /// For the members of a record that are added.
    const OF_RECORD: usize = 256;

    fn take(&mut self, bytes: usize) -> Result<(), String> {
        let left = self.left.checked_sub(bytes);
        let told = "its bases make more than 16 MiB of it; have the source send smaller packs";
        self.left = left.ok_or(told)?;
        Ok(())
    }
}

/// The bases that hold for a record.
#[derive(Default)]
struct Bases {
    name: String,
    unit: Option<String>,
    time: Option<Number>,
    value: Option<Number>,
    sum: Option<Number>,
}

impl Bases {
    /// Takes those that a record states. They stay in it, for mappings that read them.
    fn take(&mut self, record: &Map<String, Json>) -> Result<(), String> {
        if let Some(label) = record.keys().find(|label| has_to_be_understood(label)) {
            let label = excerpt(label);
            return Err(format!("`{label}` has to be understood, and is not known"));
        }
        if let Some(label) = record.keys().find(|label| !is_known(label)) {
            return Err(format!("`{}` is no member of its records", excerpt(label)));
        }
        let stated = |label: &str| record.get(label).filter(|base| !base.is_null());
        if let Some(version) = stated("bver")
            && version.as_u64().is_none_or(|version| version > NEWEST)
        {
            let version = shown(version);
            return Err(format!("version {version} is not known, the newest is {NEWEST}"));
        }
        let text = |label: &str| match stated(label) {
            None => Ok(None),
            Some(Json::String(text)) => Ok(Some(text.clone())),
            Some(other) => Err(format!("`{label}` is {}, and no text", shown(other))),
        };
        let number = |label: &str| match stated(label) {
            None => Ok(None),
            Some(Json::Number(number)) => Ok(Some(number.clone())),
            Some(other) => Err(format!("`{label}` is {}, and no number", shown(other))),
        };
        if let Some(name) = text("bn")? {
            self.name = name;
        }
        self.unit = text("bu")?.or(self.unit.take());
        self.time = number("bt")?.or(self.time.take());
        self.value = number("bv")?.or(self.value.take());
        self.sum = number("bs")?.or(self.sum.take());
        Ok(())
    }
}

/// A value for a message, in so many characters at most.
fn shown(json: &Json) -> String {
    excerpt(&json.to_string()).into_owned()
}

/// Adds to each record what holds for it. Each has its own time where `has_times`, counted from `now`; `None`: what now
/// is in plant time is not known.
pub(super) fn resolve(
    records: &mut [Json],
    plan: &DocumentPlan,
    has_times: bool,
    now: Option<Timestamp>,
    room: &mut Room,
) -> Result<Times, String> {
    let mut bases = Bases::default();
    // Where one device speaks, the twin file may call its records by their own names alone.
    let has_one_name = has_one_name(records);
    let mut first: Option<Option<Json>> = None;
    let mut times = Times { are_read: has_times, ..Times::default() };
    for record in records.iter_mut().filter_map(Json::as_object_mut) {
        bases.take(record)?;
        room.take(Room::OF_RECORD)?;
        take_name(record, &bases.name, has_one_name, plan, room)?;
        if let Some(unit) = &bases.unit {
            for label in ["u", "bu"].into_iter().filter(|label| plan.reads_member(label)) {
                if label == "bu" || !record.contains_key(label) {
                    room.take(unit.len())?;
                    record.insert(label.into(), unit.clone().into());
                }
            }
        }
        let has_other = ["vs", "vb", "vd", "s"].iter().any(|label| record.contains_key(*label));
        if record.contains_key("v") || !has_other {
            add(record, "v", bases.value.as_ref())?;
        }
        add(record, "s", bases.sum.as_ref())?;
        if !has_times {
            continue;
        }
        let time = match own_time(record, bases.time.as_ref(), plan)? {
            Own::Now => None,
            Own::Stated(time) => Some(time),
            Own::FromNow(seconds) => {
                times.count_from_now = true;
                let now = now.ok_or(
                    "its times count from now, and the plant runs by a clock of its own: have the source send \
                     the plant's time, or none",
                )?;
                let seconds = now.0 as f64 * 1e-6 + seconds;
                Some(Json::Number(Number::from_f64(seconds).ok_or("`t` is no time")?))
            }
        };
        record.remove("t");
        record.remove("bt");
        if let Some(time) = &time {
            record.insert("t".into(), time.clone());
            // A mapping that names the base means what it is for.
            record.insert("bt".into(), time.clone());
        }
        times.differ |= *first.get_or_insert_with(|| time.clone()) != time;
    }
    Ok(times)
}

/// Whether one base name holds for all records, or none for any.
fn has_one_name(records: &[Json]) -> bool {
    let mut names = records.iter().filter_map(|record| record["bn"].as_str());
    match names.next() {
        None => true,
        Some(first) => records[0]["bn"].is_string() && names.all(|name| name == first),
    }
}

/// Calls a record by its base name and its own.
fn take_name(
    record: &mut Map<String, Json>,
    base: &str,
    has_one_name: bool,
    plan: &DocumentPlan,
    room: &mut Room,
) -> Result<(), String> {
    let own = match record.get("n") {
        None | Some(Json::Null) => "",
        Some(Json::String(own)) => own,
        Some(other) => return Err(format!("`n` is {}, and no text", shown(other))),
    };
    if base.is_empty() {
        return Ok(());
    }
    room.take(base.len() + own.len())?;
    let whole = format!("{base}{own}");
    if !has_one_name || own.is_empty() || plan.calls_record(&whole) {
        record.insert("n".into(), whole.into());
    }
    if plan.reads_member("bn") {
        room.take(base.len())?;
        record.insert("bn".into(), base.into());
    }
    Ok(())
}

/// The time of a record.
enum Own {
    /// It states none, or that it is now.
    Now,
    /// In seconds from now.
    FromNow(f64),
    /// As it stands there, or as the sum of it and its base.
    Stated(Json),
}

fn own_time(
    record: &mut Map<String, Json>,
    base: Option<&Number>,
    plan: &DocumentPlan,
) -> Result<Own, String> {
    let (PlanTime::Sample(_, format) | PlanTime::Shared(_, format)) = &plan.time else {
        return Ok(Own::Now);
    };
    let is_written = matches!(format, TimeFormat::Iso8601 | TimeFormat::Local { .. });
    match record.get("t") {
        None if base.is_none() => return Ok(Own::Now),
        Some(text @ Json::String(_)) if base.is_none() && is_written => {
            return Ok(Own::Stated(text.clone()));
        }
        _ => {}
    }
    add(record, "t", base)?;
    let time = record.get("t").filter(|time| time.is_number()).ok_or("`t` is no number")?;
    match time.as_f64().ok_or("`t` is no number")? {
        0.0 => Ok(Own::Now),
        seconds if seconds < RELATIVE_S => Ok(Own::FromNow(seconds)),
        _ => Ok(Own::Stated(time.clone())),
    }
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
            let other = shown(other);
            return Err(format!(
                "`{label}` is {other}, and no number to which `b{label}` is added"
            ));
        }
    };
    record.insert(label.into(), Json::Number(sum));
    Ok(())
}
