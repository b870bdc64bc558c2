//! `twinscope watch`: mirrors a plant for a while, without a picture, and writes what it knows.
//!
//! Flows in: a twin, the batches of a source, its status. Flows out: each property's state and the
//! counters, as an aligned table for people or as JSON lines for programs.

use std::io::{self, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError};
use serde_json::{Value as Json, json};

use crate::history::{Cursor, Reading, What};
use crate::mirror::{Budget, Mirror, SkewWarning};
use crate::telemetry::{BadMessage, Batch, ConnectionState, Status};
use crate::twin::{PropertyId, Timestamp, Twin, Value, ValueType};

/// Bad messages in the table.
const BAD_SHOWN: usize = 10;
/// Characters of a payload in the table.
const PAYLOAD_SHOWN: usize = 100;

/// How to watch.
#[derive(Clone, Debug, PartialEq)]
pub struct WatchOptions {
    /// How long, from when the broker is reached; `None`: until the source ends.
    pub span: Option<Duration>,
    /// How long to wait for the broker.
    pub patience: Duration,
    /// JSON lines instead of a table.
    pub json: bool,
    /// Write each change when it comes, too.
    pub follow: bool,
}

impl Default for WatchOptions {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { span: Some(seconds(5)), patience: seconds(5), json: false, follow: false }
    }
}

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// The environment is wrong: exit code 2.
    #[error(
        "cannot reach the broker {broker}: {reason}\nIs it running? Give another one with --broker mqtt://HOST:PORT."
    )]
    Unreachable {
        /// Its address.
        broker: String,
        /// What happened last.
        reason: String,
    },
    /// Writing failed.
    #[error("cannot write the result: {0}")]
    Write(#[from] io::Error),
}

/// Mirrors a plant as `options` state and writes what is known of it.
///
/// # Errors
/// When the broker was never reached, or `out` cannot be written to.
pub fn run(
    twin: Arc<Twin>,
    link: &Receiver<Batch>,
    status: &Status,
    options: &WatchOptions,
    out: &mut impl Write,
) -> Result<(), WatchError> {
    let mut mirror = Mirror::new(twin, Budget::default());
    let mut followed = Followed::new(&mirror);
    let begin = Instant::now();
    let mut reached: Option<Instant> = None;
    loop {
        let connection = status.connection();
        if reached.is_none() && (connection == ConnectionState::Connected || !link.is_empty()) {
            reached = Some(Instant::now());
        }
        let time_is_up = match reached {
            Some(since) => options.span.is_some_and(|span| since.elapsed() >= span),
            None => begin.elapsed() >= options.patience,
        };
        if time_is_up {
            break;
        }
        match link.recv_timeout(Duration::from_millis(20)) {
            Ok(batch) => {
                reached.get_or_insert_with(Instant::now);
                mirror.apply(batch);
                mirror.tick(Timestamp::now());
                if options.follow {
                    for id in followed.changed(&mirror) {
                        write_property(&mirror, id, options.json, out)?;
                    }
                    out.flush()?;
                }
            }
            Err(RecvTimeoutError::Timeout) => mirror.tick(Timestamp::now()),
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    if reached.is_none() {
        return Err(unreachable(status));
    }
    mirror.tick(Timestamp::now());
    write_state(&mirror, status, options.json, out)?;
    Ok(out.flush()?)
}

/// A reader of the change log that wants each property that changed once.
struct Followed {
    cursor: Cursor,
    /// Of each property whether it is among the changed ones.
    is_changed: Vec<bool>,
    /// Of each presence group the same.
    is_group_changed: Vec<bool>,
}

impl Followed {
    fn new(mirror: &Mirror) -> Self {
        let is_changed = vec![false; mirror.twin().property_count()];
        let is_group_changed = vec![false; mirror.twin().presence.len()];
        Self { cursor: mirror.changes().end(), is_changed, is_group_changed }
    }

    /// The properties with changes since the last call, in the order of their first one; all of them
    /// after more changes than the log keeps, when the plant's time was turned back, and when a source's
    /// clock is believed to be ahead by another span.
    fn changed(&mut self, mirror: &Mirror) -> Vec<PropertyId> {
        let twin = mirror.twin();
        let unread = mirror.changes().read(&mut self.cursor);
        let mut all = unread.is_behind();
        let mut changed = Vec::new();
        let mut add = |id: PropertyId| {
            if !std::mem::replace(&mut self.is_changed[id.0 as usize], true) {
                changed.push(id);
            }
        };
        for change in unread {
            match change.what {
                What::TurnedBack | What::Skew => all = true,
                What::Presence(group) => {
                    if !std::mem::replace(&mut self.is_group_changed[group as usize], true) {
                        let assets = twin.presence[group as usize].assets.iter();
                        assets.flat_map(|asset| twin.properties_of(*asset)).for_each(&mut add);
                    }
                }
                what => what.property().into_iter().for_each(&mut add),
            }
        }
        changed.iter().for_each(|id| self.is_changed[id.0 as usize] = false);
        self.is_group_changed.fill(false);
        if all { twin.property_ids().collect() } else { changed }
    }
}

fn unreachable(status: &Status) -> WatchError {
    let reason = match status.connection() {
        ConnectionState::Disconnected { reason, .. } | ConnectionState::Rejected { reason, .. } => {
            reason
        }
        other => format!("still {} when time was up", other.name()),
    };
    WatchError::Unreachable { broker: status.broker().to_owned(), reason }
}

/// The state of every property, then the counters.
///
/// # Errors
/// When `out` cannot be written to.
pub fn write_state(
    mirror: &Mirror,
    status: &Status,
    json: bool,
    out: &mut impl Write,
) -> io::Result<()> {
    if json {
        for id in mirror.twin().property_ids() {
            writeln!(out, "{}", property_json(mirror, id))?;
        }
        for bad in status.bad.snapshot() {
            writeln!(out, "{}", bad_json(&bad))?;
        }
        for warning in mirror.clock().warnings {
            writeln!(out, "{}", json!({ "clock": clock_json(mirror, &warning) }))?;
        }
        return writeln!(out, "{}", json!({ "counters": counters(mirror, status) }));
    }
    let header = ["PROPERTY", "VALUE", "UNIT", "TIME", "AGE", "QUALITY"].map(String::from);
    let rows = mirror.twin().property_ids().map(|id| row(mirror, id));
    write_table(std::iter::once(header).chain(rows).collect(), out)?;
    let all = counters(mirror, status);
    writeln!(out)?;
    for (name, count) in all.as_object().into_iter().flatten() {
        writeln!(out, "{name:<18} {:>12}", count.to_string())?;
    }
    for warning in mirror.clock().warnings {
        let path = &mirror.twin().asset(warning.asset).path;
        let topic = topic_of_warning(mirror, &warning).map(|topic| format!(" (topic {topic})"));
        let topic = topic.unwrap_or_default();
        let side = if warning.seconds > 0.0 { "ahead" } else { "behind" };
        let unit = if warning.looks_like_another_unit() {
            "; are its stamps written in the unit that the twin file says?"
        } else {
            ""
        };
        writeln!(out, "The clock of {path}{topic} is {:.1} s {side}{unit}", warning.seconds.abs())?;
    }
    write_bad(&status.bad.snapshot(), out)
}

/// A source whose clock is off, as one object.
fn clock_json(mirror: &Mirror, warning: &SkewWarning) -> Json {
    json!({
        "asset": mirror.twin().asset(warning.asset).path,
        "topic": topic_of_warning(mirror, warning),
        "ahead_s": warning.seconds,
    })
}

/// The topic, with its placeholders, of the mapping whose stamps are off.
fn topic_of_warning<'a>(mirror: &'a Mirror, warning: &SkewWarning) -> Option<&'a str> {
    let class = mirror.twin().class_of(warning.asset)?;
    let mapping = class.mappings.get(usize::from(warning.mapping?))?;
    Some(&mapping.topic.text)
}

/// The last bad messages, for people.
fn write_bad(bad: &[BadMessage], out: &mut impl Write) -> io::Result<()> {
    if bad.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nThe last bad messages:")?;
    let shown = bad.len().saturating_sub(BAD_SHOWN);
    for bad in &bad[shown..] {
        let payload: String = printable(&bad.payload).chars().take(PAYLOAD_SHOWN).collect();
        let more = if bad.more > 0 { format!(" (and {} more)", bad.more) } else { String::new() };
        writeln!(out, "{}  {}  {}{more}", bad.arrival, bad.fault.name(), bad.topic)?;
        writeln!(out, "    {}", bad.reason)?;
        if bad.payload_len > 0 {
            writeln!(out, "    {} bytes: {payload}", bad.payload_len)?;
        }
    }
    if shown > 0 {
        writeln!(out, "{shown} older ones are in the output of --json")?;
    }
    Ok(())
}

/// A bad message as one object.
fn bad_json(bad: &BadMessage) -> Json {
    json!({ "bad_message": {
        "time": bad.arrival.to_string(),
        "topic": bad.topic,
        "fault": bad.fault,
        "reason": bad.reason,
        "payload": printable(&bad.payload),
        "bytes": bad.payload_len,
        "more": bad.more,
    } })
}

/// A payload on one line; bytes that are no text are written as `\u{fffd}`.
fn printable(payload: &[u8]) -> String {
    let text = String::from_utf8_lossy(payload);
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// All that was counted, from the broker to the history.
fn counters(mirror: &Mirror, status: &Status) -> Json {
    // The counts of the source come first; no name is counted by both.
    let mut all = json!(status.counters.snapshot());
    let mut own = json!(mirror.counters());
    own["stale"] = mirror.stale_count().into();
    if let (Some(all), Some(own)) = (all.as_object_mut(), own.as_object_mut()) {
        all.append(own);
    }
    all
}

fn write_property(
    mirror: &Mirror,
    id: PropertyId,
    json: bool,
    out: &mut impl Write,
) -> io::Result<()> {
    if json {
        return writeln!(out, "{}", property_json(mirror, id));
    }
    let [property, value, unit, time, _, quality] = row(mirror, id);
    writeln!(out, "{time}  {property}  {value} {unit}  {quality}")
}

/// One property as one object; numbers are the shortest that read back as the same.
fn property_json(mirror: &Mirror, id: PropertyId) -> Json {
    let property = mirror.twin().property(id);
    let number = property.ty == ValueType::Number;
    let reading = mirror.latest(id);
    json!({
        "property": mirror.twin().property_path(id),
        "value": reading.as_ref().map(|reading| value_json(&reading.value, &property.ty)),
        "unit": number.then(|| property.unit.code()),
        "time": reading.as_ref().map(|reading| reading.time.to_string()),
        "quality": reading.as_ref().map(|reading| reading.quality.name()),
    })
}

fn value_json(value: &Value, ty: &ValueType) -> Json {
    match value {
        Value::Number(number) => json!(number),
        Value::Enumeration(index) => match ty {
            ValueType::Enumeration(names) => json!(names.get(usize::from(*index))),
            _ => json!(index),
        },
        Value::Text(text) => json!(**text),
        Value::Pose(pose) => json!(pose),
        Value::Items(items) => json!(**items),
    }
}

fn row(mirror: &Mirror, id: PropertyId) -> [String; 6] {
    let property = mirror.twin().property(id);
    let path = mirror.twin().property_path(id);
    let Some(Reading { value, time, quality }) = mirror.latest(id) else {
        return [path, "-".into(), String::new(), "-".into(), "-".into(), "-".into()];
    };
    let (text, unit) = match value_json(&value, &property.ty) {
        Json::String(text) => (text, String::new()),
        other if property.ty == ValueType::Number => (other.to_string(), property.unit.to_string()),
        other => (other.to_string(), String::new()),
    };
    let age = mirror.age_s(id).map_or_else(|| "-".into(), |age| format!("{age:.1} s"));
    [path, text, unit, time.to_string(), age, quality.name().into()]
}

/// Columns as wide as their widest cell; the values are set against their units.
fn write_table(rows: Vec<[String; 6]>, out: &mut impl Write) -> io::Result<()> {
    let width =
        |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let [path, value, unit, time, age] = [0, 1, 2, 3, 4].map(width);
    for [p, v, u, t, a, q] in &rows {
        writeln!(out, "{p:<path$}  {v:>value$} {u:<unit$}  {t:<time$}  {a:>age$}  {q}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mirror::motors;
    use crate::telemetry::{Fault, PresenceChange, Update};
    use crate::twin::Quality;

    fn watched(options: &WatchOptions, updates: Vec<Update>) -> Result<String, WatchError> {
        let (sender, link) = crossbeam_channel::bounded(4);
        if !updates.is_empty() {
            let batch = Batch { arrival: Timestamp::now(), updates, ..Batch::default() };
            sender.send(batch).expect("the channel has room");
            drop(sender);
        }
        let mut out = Vec::new();
        let status = Status::new("mqtt://localhost:1");
        run(Arc::new(motors()), &link, &status, options, &mut out)?;
        Ok(String::from_utf8(out).expect("the output is text"))
    }

    fn update(property: u32, time: i64, value: Value) -> Update {
        let (property, time) = (PropertyId(property), Some(Timestamp(time)));
        Update { property, time, value: Some(value), quality: Quality::Uncertain }
    }

    #[test]
    fn json_lines_hold_each_value_exactly_with_its_time_and_quality() {
        let updates = vec![
            update(0, 1_772_366_400_250_000, Value::Number(0.1 + 0.2)),
            update(2, 1_772_366_400_000_001, Value::Enumeration(1)),
        ];
        let options = WatchOptions { json: true, ..WatchOptions::default() };
        let text = watched(&options, updates).expect("a batch came");
        let lines: Vec<Json> =
            text.lines().map(|line| serde_json::from_str(line).expect("it is JSON")).collect();
        assert_eq!(lines.len(), 7);
        assert!(text.contains("0.30000000000000004"));
        // The stamps are months old and the interval is a second.
        assert_eq!(
            lines[0],
            json!({"property": "M-1.speed", "value": 0.1 + 0.2, "unit": "1",
                "time": "2026-03-01T12:00:00.250000Z", "quality": "stale"})
        );
        assert_eq!(lines[2]["value"], "on");
        assert_eq!(lines[2]["time"], "2026-03-01T12:00:00.000001Z");
        assert_eq!(lines[3]["value"], Json::Null);
        assert_eq!(lines[6]["counters"]["applied"], 2);
    }

    #[test]
    fn the_table_aligns_its_columns() {
        let updates = vec![update(0, 1_772_366_400_250_000, Value::Number(12.5))];
        let text = watched(&WatchOptions::default(), updates).expect("a batch came");
        let lines: Vec<_> = text.lines().collect();
        assert!(lines[0].starts_with("PROPERTY   VALUE"), "{text}");
        assert!(lines[1].starts_with("M-1.speed   12.5"), "{text}");
        assert!(text.contains("applied                       1"), "{text}");
    }

    #[test]
    fn bad_messages_are_written_with_topic_reason_and_payload() {
        let mirror = Mirror::new(Arc::new(motors()), Budget::default());
        let status = Status::new("mqtt://localhost:1");
        for number in 0..12 {
            let topic = format!("plant/{number}");
            let reason = || "expected a number at /v".to_owned();
            status.bad.push(Fault::Malformed, &topic, b"{\"v\":\n\"x\xff\"}", Timestamp(0), reason);
        }
        let written = |json| {
            let mut out = Vec::new();
            write_state(&mirror, &status, json, &mut out).expect("memory");
            String::from_utf8(out).expect("the output is text")
        };
        let table = written(false);
        assert!(table.contains("malformed  plant/11\n    expected a number at /v\n"), "{table}");
        assert!(table.contains("11 bytes: {\"v\": \"x\u{fffd}\"}"), "{table}");
        assert!(!table.contains("plant/1\n") && table.contains("2 older ones"), "{table}");
        let json = written(true);
        let bad: Vec<Json> = json
            .lines()
            .filter_map(|line| {
                serde_json::from_str::<Json>(line).expect("it is JSON").get("bad_message").cloned()
            })
            .collect();
        assert_eq!((bad.len(), &bad[11]["fault"]), (12, &json!("malformed")));
        assert_eq!((&bad[0]["topic"], &bad[0]["bytes"]), (&json!("plant/0"), &json!(11)));
    }

    #[test]
    fn changes_are_written_when_they_come() {
        let updates = vec![update(0, 1_772_366_400_250_000, Value::Number(12.5))];
        let options = WatchOptions { json: true, follow: true, ..WatchOptions::default() };
        let text = watched(&options, updates).expect("a batch came");
        assert_eq!(text.matches("M-1.speed").count(), 2);
    }

    #[test]
    fn what_hangs_on_a_device_is_written_once_when_its_presence_changes_often() {
        let mut mirror = Mirror::new(Arc::new(motors()), Budget::default());
        let mut followed = Followed::new(&mirror);
        let presence = |second: i64, online| Batch {
            arrival: Timestamp(second * 1_000_000),
            presence: vec![PresenceChange { presence: 0, online }],
            ..Batch::default()
        };
        for second in 1..20 {
            mirror.apply(presence(second, second % 2 == 0));
        }
        let all: Vec<_> = mirror.twin().property_ids().collect();
        assert_eq!(followed.changed(&mirror), all);
        assert_eq!(followed.changed(&mirror), []);
        mirror.apply(presence(20, true));
        assert_eq!(followed.changed(&mirror), all, "again at the next change");
    }

    #[test]
    fn a_broker_that_is_not_there_is_reported_with_its_address() {
        let options = WatchOptions { patience: Duration::ZERO, ..WatchOptions::default() };
        let (_sender, link) = crossbeam_channel::bounded(1);
        let status = Status::new("mqtt://localhost:1");
        let reason = "connection refused".to_owned();
        let retry_in = Duration::ZERO;
        status.set_connection(ConnectionState::Disconnected { reason, retry_in });
        let error = run(Arc::new(motors()), &link, &status, &options, &mut Vec::new());
        let text = error.expect_err("nothing is there").to_string();
        assert!(text.contains("mqtt://localhost:1: connection refused"), "{text}");
    }
}
