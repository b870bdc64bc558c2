//! The sparkline of a property: its last two minutes on a scale that is stated beside it.
//!
//! The scale comes from the definition, not from the values alone: the noise of a machine that stands
//! still stays as small as it is.

use bevy_egui::egui::{self, Align2, Color32, FontId, Pos2, Rect, Stroke, pos2};

use super::data::PanelData;
use crate::history::{Bucket, Span};
use crate::twin::{Limits, Property, PropertyId, Timestamp, ValueType};
use crate::viewer::base::Palette;

/// Span of time.
const SPAN_MICROS: i64 = 120_000_000;
const BUCKETS: usize = 96;
/// Share of the range, or of the span of the limits, that is shown at least.
const LEAST_SHARE: f64 = 0.25;
/// Last digits of the number as people read it that are shown at least.
const LEAST_DIGITS: f64 = 20.0;
/// Share of a number without a range and without limits that is shown at least.
const LEAST_OF_VALUE: f64 = 0.1;
/// Width that the numbers of the scale have.
const SCALE_WIDTH: f32 = 40.0;

/// The ends of the scale for values between `low` and `high`, in the property's unit.
pub fn scale(property: &Property, low: f64, high: f64) -> (f64, f64) {
    if let ValueType::Enumeration(names) = &property.ty {
        return (0.0, (names.len().max(2) - 1) as f64);
    }
    let limits = property.limits;
    let stated = [limits.low_alarm, limits.low_warning, limits.high_warning, limits.high_alarm];
    let stated = stated.into_iter().flatten();
    let of_limits =
        stated.clone().fold(f64::NEG_INFINITY, f64::max) - stated.fold(f64::INFINITY, f64::min);
    let middle = 0.5 * low + 0.5 * high;
    let least = match property.range {
        Some((from, to)) => (to - from).abs() * LEAST_SHARE,
        None if of_limits.is_finite() && of_limits > 0.0 => of_limits * LEAST_SHARE,
        None => {
            let digit = 10_f64.powi(-(property.shown_decimals() as i32));
            let per_unit = (property.to_display(1.0) - property.to_display(0.0)).abs();
            let digits = if per_unit > 0.0 { LEAST_DIGITS * digit / per_unit } else { 0.0 };
            digits.max(middle.abs() * LEAST_OF_VALUE)
        }
    };
    let half = 0.5 * (high - low).max(least).max(f64::MIN_POSITIVE);
    let (mut from, mut to) = (middle - half, middle + half);
    // What lies within the range has a scale within it.
    if let Some((least, most)) = property.range {
        if from < least && low >= least {
            (from, to) = (least, (to + (least - from)).min(most.max(high)));
        } else if to > most && high <= most {
            (from, to) = ((from - (to - most)).max(least.min(low)), most);
        }
    }
    // Rounding leaves no value out.
    (from.min(low), to.max(high))
}

/// Draws it, with the ends of its scale on its left where there is room.
pub fn paint(
    painter: &egui::Painter,
    data: &PanelData,
    id: PropertyId,
    property: &Property,
    area: Rect,
) {
    let to = data.playhead.time;
    let from = to.plus_micros(-SPAN_MICROS);
    let buckets = data.state.series(data.view_of(id), id, Span { from, to }, BUCKETS);
    let (least, most) = extent(&buckets);
    if !(least.is_finite() && most.is_finite()) {
        return;
    }
    let (low, high) = scale(property, least, most);
    let palette = data.palette;
    let mut area = area;
    if property.ty == ValueType::Number && area.width() > SCALE_WIDTH + 40.0 {
        area.min.x += SCALE_WIDTH;
        let font = FontId::proportional(9.0);
        for (value, y) in [(high, area.min.y + 3.0), (low, area.max.y - 3.0)] {
            let at = pos2(area.min.x - 4.0, y);
            let text = property.format_number(value);
            painter.text(at, Align2::RIGHT_CENTER, text, font.clone(), palette.text_faint);
        }
        let edge = Stroke::new(0.5, palette.line);
        painter.hline(area.x_range(), area.min.y, edge);
        painter.hline(area.x_range(), area.max.y, edge);
    }
    let y_of = |value: f64| {
        let share = ((value - low) / (high - low)).clamp(0.0, 1.0) as f32;
        area.max.y - share * area.height()
    };
    for (limit, color) in limits_between(&property.limits, low, high, palette) {
        let thin = Stroke::new(0.7, color.gamma_multiply(0.7));
        painter.hline(area.x_range(), y_of(limit), thin);
    }
    let place = |time: Timestamp, value: f64| -> Pos2 {
        let x = time.seconds_since(from) as f32 / (SPAN_MICROS as f32 * 1e-6);
        pos2(area.min.x + x * area.width(), y_of(value))
    };
    let mut line: Vec<Pos2> = Vec::with_capacity(4 * buckets.len() + 1);
    for bucket in &buckets {
        // Up and down again, so that a peak of one sample is seen.
        let swing = [bucket.first, bucket.min, bucket.max, bucket.last];
        line.extend(swing.map(|value| place(bucket.time, value)));
    }
    let Some(&end) = line.last() else { return };
    line.push(pos2(area.max.x, end.y));
    let color = palette.series[0];
    painter.add(egui::Shape::line(line, Stroke::new(1.3, color.gamma_multiply(0.9))));
    painter.circle_filled(pos2(area.max.x, end.y), 1.8, color);
}

fn extent(buckets: &[Bucket]) -> (f64, f64) {
    buckets.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), bucket| {
        (low.min(bucket.min), high.max(bucket.max))
    })
}

/// The limits between two values, each with its colour.
pub(super) fn limits_between(
    limits: &Limits,
    low: f64,
    high: f64,
    palette: &Palette,
) -> impl Iterator<Item = (f64, Color32)> {
    let marks = [
        (limits.low_alarm, palette.alarm),
        (limits.low_warning, palette.warning),
        (limits.high_warning, palette.warning),
        (limits.high_alarm, palette.alarm),
    ];
    marks.into_iter().filter_map(move |(limit, color)| {
        Some((limit.filter(|limit| *limit > low && *limit < high)?, color))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::twin::{NoFiles, load_text};

    fn property(fields: &str) -> std::sync::Arc<Property> {
        let text = format!(
            r#"Twin(schema: 2, name: "t", classes: {{"C": (properties: {{"p": ({fields})}})}},
            assets: [(name: "a", class: "C")])"#
        );
        let loaded = load_text("t.ron".as_ref(), &text, &NoFiles);
        loaded.unwrap_or_else(|wrong| panic!("{wrong}")).twin.property(PropertyId(0)).clone()
    }

    proptest! {
        #[test]
        fn every_value_is_on_its_scale_and_noise_is_small_on_it(
            middle in -1e3..1e3_f64, half in 0.0..200.0_f64,
        ) {
            let (low, high) = (middle - half, middle + half);
            for fields in ["range: (0, 100)", "high_warning: 10, high_alarm: 90", "decimals: 1"] {
                let property = property(fields);
                let (from, to) = scale(&property, low, high);
                prop_assert!(from <= low && high <= to && from < to, "{fields}: {from} to {to}");
                let noise = scale(&property, middle - 0.01, middle + 0.01);
                prop_assert!(noise.1 - noise.0 >= 0.2, "{fields}: {noise:?}");
            }
        }
    }

    #[test]
    fn the_scale_stays_within_the_range_where_the_values_do() {
        let flow = property("range: (0, 30)");
        let (from, to) = scale(&flow, 0.0, 0.06);
        assert!(from == 0.0 && (to - 7.5).abs() < 1e-9, "{from} to {to}");
        assert_eq!(scale(&flow, 30.0, 30.0), (22.5, 30.0));
        assert_eq!(scale(&flow, 0.0, 30.0), (0.0, 30.0));
        assert_eq!(scale(&flow, 0.0, 60.0), (0.0, 60.0));
        let state = property(r#"type: enumeration(["a", "b", "c"])"#);
        assert_eq!(scale(&state, 1.0, 1.0), (0.0, 2.0));
    }
}
