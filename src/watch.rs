//! `twinscope watch`: mirrors a plant for a while, without a picture, and writes what it knows.
//!
//! Flows in: a twin, the batches of a source, its status. Flows out: each property's state and the
//! counters, as an aligned table for people or as JSON lines for programs.

use std::io::{self, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::prelude::{BASE64_STANDARD, Engine as _};
use crossbeam_channel::{Receiver, RecvTimeoutError};
use serde_json::{Value as Json, json};

use crate::history::{Cursor, Reading, What};
use crate::mirror::{Budget, Mirror, SkewWarning};
use crate::telemetry::{BadMessage, Batch, ConnectionState, Status};
use crate::terminal;
use crate::twin::{PropertyId, Quality, Timestamp, Twin, Value, ValueType};

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
    /// Columns of the terminal, in which the table is to fit; `None`: it may be of any width.
    pub width: Option<usize>,
}

impl Default for WatchOptions {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            span: Some(seconds(5)),
            patience: seconds(5),
            json: false,
            follow: false,
            width: None,
        }
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
    /// The broker sends only a part; what came was written.
    #[error(
        "the broker {broker} refuses to send {}; its access rules must let this user subscribe to that",
        filters.join(", ")
    )]
    Refused {
        /// Its address.
        broker: String,
        /// What it refuses.
        filters: Vec<String>,
    },
    /// Writing failed.
    #[error("cannot write the result: {0}")]
    Write(#[from] io::Error),
}

/// Mirrors a plant as `options` state and writes what is known of it.
///
/// # Errors
/// When the broker was never reached, refused a subscription, or `out` cannot be written to.
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
    write_state(&mirror, status, options, out)?;
    out.flush()?;
    let filters = status.refused_filters();
    if filters.is_empty() {
        return Ok(());
    }
    Err(WatchError::Refused { broker: status.broker().to_owned(), filters })
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
    options: &WatchOptions,
    out: &mut impl Write,
) -> io::Result<()> {
    if options.json {
        for id in mirror.twin().property_ids() {
            writeln!(out, "{}", property_json(mirror, id))?;
        }
        for bad in status.bad.snapshot() {
            writeln!(out, "{}", bad_json(&bad))?;
        }
        for warning in mirror.clock().warnings {
            writeln!(out, "{}", json!({ "clock": clock_json(mirror, &warning) }))?;
        }
        let refused = status.refused_filters();
        if !refused.is_empty() {
            writeln!(out, "{}", json!({ "refused_subscriptions": refused }))?;
        }
        return writeln!(out, "{}", json!({ "counters": counters(mirror, status) }));
    }
    let header = ["PROPERTY", "VALUE", "UNIT", "TIME", "AGE", "QUALITY"].map(String::from);
    let rows = mirror.twin().property_ids().map(|id| row(mirror, id));
    write_table(std::iter::once(header).chain(rows).collect(), options.width, out)?;
    write_unread(mirror, out)?;
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
        let (path, topic) = (terminal::line(path), terminal::line(&topic));
        writeln!(out, "The clock of {path}{topic} is {:.1} s {side}{unit}", warning.seconds.abs())?;
    }
    for filter in status.refused_filters() {
        writeln!(out, "The broker refuses to send {}", terminal::line(&filter))?;
    }
    write_bad(&status.bad.snapshot(), out)
}

/// What came for properties that have had no value yet, and why it is none.
fn write_unread(mirror: &Mirror, out: &mut impl Write) -> io::Result<()> {
    let twin = mirror.twin();
    let unread = || twin.property_ids().filter_map(|id| Some((id, mirror.never_read(id)?)));
    for (id, unread) in unread().take(BAD_SHOWN) {
        let text = format!("{} has no value: {}", twin.property_path(id), unread.reason);
        writeln!(out, "{}", terminal::line(&text))?;
    }
    match unread().count().saturating_sub(BAD_SHOWN) {
        0 => Ok(()),
        more => writeln!(out, "{more} more have no value, which the output of --json explains"),
    }
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
        let text = String::from_utf8_lossy(&bad.payload);
        let payload: String = text.chars().take(PAYLOAD_SHOWN).collect();
        let (payload, topic) = (terminal::line(&payload), terminal::line(&bad.topic));
        let more = if bad.more > 0 { format!(" (and {} more)", bad.more) } else { String::new() };
        writeln!(out, "{}  {}  {}{more}", bad.arrival, bad.fault.name(), topic)?;
        writeln!(out, "    {}", terminal::line(&bad.reason))?;
        if bad.payload_len > 0 {
            writeln!(out, "    {} bytes: {payload}", bad.payload_len)?;
        }
    }
    if shown > 0 {
        writeln!(out, "{shown} older ones are in the output of --json")?;
    }
    Ok(())
}

/// A bad message as one object; a payload that is no text is in `base64`.
fn bad_json(bad: &BadMessage) -> Json {
    let mut object = json!({
        "time": bad.arrival.to_string(),
        "topic": bad.topic,
        "fault": bad.fault,
        "reason": bad.reason,
        "bytes": bad.payload_len,
        "more": bad.more,
    });
    match std::str::from_utf8(&bad.payload) {
        Ok(text) => object["payload"] = text.into(),
        // The last character was cut with the payload.
        Err(error) if error.error_len().is_none() && bad.payload_len > bad.payload.len() => {
            object["payload"] = String::from_utf8_lossy(&bad.payload[..error.valid_up_to()]).into();
        }
        Err(_) => object["base64"] = BASE64_STANDARD.encode(&bad.payload).into(),
    }
    json!({ "bad_message": object })
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
    let cells = row(mirror, id);
    let [property, value, unit, time, _, quality] =
        cells.each_ref().map(|cell| terminal::line(cell));
    writeln!(out, "{time}  {property}  {value} {unit}  {quality}")
}

/// One property as one object; numbers are the shortest that read back as the same.
fn property_json(mirror: &Mirror, id: PropertyId) -> Json {
    let property = mirror.twin().property(id);
    let number = property.ty == ValueType::Number;
    let reading = mirror.latest(id);
    let unread = mirror.never_read(id);
    let quality = reading.as_ref().map(|reading| reading.quality);
    let quality = quality.or(unread.map(|_| Quality::Bad));
    let time = reading.as_ref().map(|reading| reading.time);
    let mut object = json!({
        "property": mirror.twin().property_path(id),
        "value": reading.as_ref().map(|reading| value_json(&reading.value, &property.ty)),
        "unit": number.then(|| property.unit.code()),
        "time": time.or(unread.map(|unread| unread.since)).map(|time| time.to_string()),
        "quality": quality.map(Quality::name),
    });
    if let Some(unread) = unread {
        object["reason"] = Json::from(&*unread.reason);
    }
    object
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
        let (time, quality) = match mirror.never_read(id) {
            Some(unread) => (unread.since.to_string(), Quality::Bad.name()),
            None => ("-".into(), "-"),
        };
        return [path, "-".into(), String::new(), time, "-".into(), quality.into()];
    };
    let unit = match property.ty {
        ValueType::Number => property.unit.to_string(),
        _ => String::new(),
    };
    let text = value_text(&value, &property.ty);
    let age = mirror.age_s(id).map_or_else(|| "-".into(), |age| format!("{age:.1} s"));
    [path, text, unit, time.to_string(), age, quality.name().into()]
}

/// A value for people: numbers to six digits, no lists.
fn value_text(value: &Value, ty: &ValueType) -> String {
    match value {
        Value::Number(number) => number_text(*number),
        Value::Pose(pose) => {
            let at = pose.position.map(number_text);
            format!("({})", at.join(", "))
        }
        Value::Items(items) if items.len() == 1 => "1 item".into(),
        Value::Items(items) => format!("{} items", items.len()),
        other => match value_json(other, ty) {
            Json::String(text) => text,
            other => other.to_string(),
        },
    }
}

/// Six significant digits at most, without zeros at the end.
fn number_text(number: f64) -> String {
    terminal::number(number, 6)
}

/// Columns as wide as their widest cell; the values are set against their units. Where that is too wide, the time goes,
/// which the age tells too, then long values and the beginnings of long paths.
fn write_table(
    mut rows: Vec<[String; 6]>,
    limit: Option<usize>,
    out: &mut impl Write,
) -> io::Result<()> {
    for cell in rows.iter_mut().flatten() {
        *cell = terminal::line(cell).into_owned();
    }
    let widths = |rows: &[[String; 6]]| {
        [0, 1, 2, 3, 4, 5].map(|column| {
            rows.iter().map(|row: &[String; 6]| row[column].chars().count()).max().unwrap_or(0)
        })
    };
    // Two blanks between columns, one between a value and its unit.
    let whole = |widths: [usize; 6]| widths.iter().sum::<usize>() + 9;
    let limit = limit.unwrap_or(usize::MAX);
    let is_timed = whole(widths(&rows)) <= limit;
    if !is_timed {
        rows.iter_mut().for_each(|row| row[3].clear());
        for (column, least) in [(1, 16), (0, 16)] {
            let widths = widths(&rows);
            let over = (whole(widths) - 2).saturating_sub(limit);
            let room = widths[column].saturating_sub(over).max(least.min(widths[column]));
            rows.iter_mut().for_each(|row| shorten(&mut row[column], room, column == 0));
        }
    }
    let [path, value, unit, time, age, _] = widths(&rows);
    for [p, v, u, t, a, q] in &rows {
        write!(out, "{p:<path$}  {v:>value$} {u:<unit$}  ")?;
        if is_timed {
            write!(out, "{t:<time$}  ")?;
        }
        writeln!(out, "{a:>age$}  {q}")?;
    }
    Ok(())
}

/// Cuts a text to so many characters, at its end or, where that says most, at its beginning.
fn shorten(text: &mut String, room: usize, keeps_end: bool) {
    let count = text.chars().count();
    if count <= room {
        return;
    }
    let kept = room.saturating_sub(1);
    *text = if keeps_end {
        std::iter::once('…').chain(text.chars().skip(count - kept)).collect()
    } else {
        text.chars().take(kept).chain(std::iter::once('…')).collect()
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mirror::motors;
    use crate::telemetry::{Fault, PresenceChange, Update};

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
            let options = WatchOptions { json, ..WatchOptions::default() };
            write_state(&mirror, &status, &options, &mut out).expect("memory");
            String::from_utf8(out).expect("the output is text")
        };
        let table = written(false);
        assert!(table.contains("malformed  plant/11\n    expected a number at /v\n"), "{table}");
        assert!(table.contains("11 bytes: {\"v\":\\u000a\"x\u{fffd}\"}"), "{table}");
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
        assert_eq!(bad[0]["base64"], BASE64_STANDARD.encode(b"{\"v\":\n\"x\xff\"}"));
    }

    #[test]
    fn a_payload_that_is_text_stands_in_json_to_the_character() {
        let status = Status::new("test");
        let payload = b"{\"v\":1}\0\n";
        status.bad.push(Fault::Malformed, "t", payload, Timestamp(0), String::new);
        let json = bad_json(&status.bad.snapshot()[0]);
        assert_eq!(json["bad_message"]["payload"], "{\"v\":1}\0\n");
    }

    #[test]
    fn a_forged_line_in_a_topic_or_a_text_stays_in_its_line() {
        let status = Status::new("test");
        let topic = "a\nM-9.speed  5 1/min  good\u{1b}[2J";
        status.bad.push(Fault::Malformed, topic, b"x\r\ny", Timestamp(0), || "b\u{202e}c".into());
        let mut out = Vec::new();
        write_bad(&status.bad.snapshot(), &mut out).expect("memory");
        let text = String::from_utf8(out).expect("text");
        assert_eq!(text.lines().count(), 5, "{text}");
        assert!(text.chars().all(|c| c == '\n' || !c.is_control() && c != '\u{202e}'), "{text:?}");
    }

    #[test]
    fn the_table_fits_the_terminal_and_keeps_what_says_most() {
        let long = "hall/line-7/filling/valve-block-12/pressure_before_the_filter";
        let rows = vec![
            ["PROPERTY", "VALUE", "UNIT", "TIME", "AGE", "QUALITY"].map(String::from),
            [long, "123.457", "bar", "2026-03-01T12:00:00.250000Z", "12.5 s", "uncertain"]
                .map(String::from),
        ];
        for width in [60, 80, 200] {
            let mut out = Vec::new();
            write_table(rows.clone(), Some(width), &mut out).expect("memory");
            let text = String::from_utf8(out).expect("text");
            assert!(text.lines().all(|line| line.chars().count() <= width), "{text}");
            assert!(text.contains("before_the_filter") && text.contains("123.457"), "{text}");
            assert!(text.contains("uncertain"), "{text}");
        }
    }

    #[test]
    fn numbers_have_six_digits_and_no_zeros_behind_them() {
        for (number, text) in [
            (0.1 + 0.2, "0.3"),
            (12.5, "12.5"),
            (-1234.56789, "-1234.57"),
            (1_234_567.8, "1234568"),
            (0.000_123_456_7, "0.000123457"),
            (1.5e-9, "1.5e-9"),
            (2.0e20, "2e20"),
            (0.0, "0"),
            (999_999.96, "1000000"),
        ] {
            assert_eq!(number_text(number), text);
        }
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
