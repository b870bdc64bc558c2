//! A forecast as a page with plots, whole in one file.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use plotters::prelude::*;
use twinscope::estimate::Filter;
use twinscope::forecast::{Band, EventForecast, Forecast, LEVELS};
use twinscope::model::About;

use super::forecast_text::{by, competing, meant, note, remaining, undetermined};
use super::plot::{histogram, span};

/// Width and height of a plot.
const SIZE: (u32, u32) = (560, 260);
/// Bars of a histogram.
const BARS: usize = 40;
/// Places in [`LEVELS`] of the bounds of bands that hold 98, 90 and 50 % of the members.
const BANDS: [(usize, usize, f64); 3] = [(0, 12, 0.15), (2, 10, 0.25), (4, 8, 0.4)];
const MIDDLE: usize = 6;
/// What any failure is.
const FIRST: &str = "the first of the events that end a course";
const INK: RGBColor = RGBColor(38, 50, 56);
const BLUE: RGBColor = RGBColor(25, 103, 180);
const ORANGE: RGBColor = RGBColor(205, 92, 20);
const STYLE: &str = "body{font:15px/1.45 system-ui,sans-serif;color:#263238;background:#f3f5f6;margin:0}\
main{max-width:1180px;margin:0 auto;padding:24px}h1{font-size:24px;margin:0 0 4px}h2{font-size:17px;margin:28px 0 10px}\
p{margin:4px 0}.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(440px,1fr));gap:16px}\
figure{margin:0;background:#fff;border:1px solid #dde3e6;border-radius:8px;padding:12px}figcaption{font-weight:600;margin:0 0 4px}\
figcaption small{font-weight:400;color:#607078}svg{width:100%;height:auto;display:block}table{border-collapse:collapse;background:#fff;\
border:1px solid #dde3e6;border-radius:8px}td,th{text-align:left;padding:6px 14px;border-bottom:1px solid #eceff1}\
td.n{text-align:right;font-variant-numeric:tabular-nums}small,.note{color:#607078}";

/// The page.
///
/// # Errors
/// When a plot cannot be drawn.
pub fn page(
    name: &str,
    about: &About,
    forecast: &Forecast,
    filter: Option<&Filter>,
) -> Result<String, String> {
    let axis = Axis::of(forecast);
    let happening: Vec<&EventForecast> =
        forecast.events.iter().filter(|event| !event.times_s.is_empty()).collect();
    let mut events = Vec::new();
    if let Some(failure) = competing(forecast).filter(|failure| !failure.times_s.is_empty()) {
        events.push(figure("any failure", FIRST, event_plot(failure, &axis)?));
    }
    for event in happening {
        events.push(figure(&event.name, &meaning(about, &event.name), event_plot(event, &axis)?));
    }
    let mut courses = Vec::new();
    for (at, band) in forecast.bands.iter().enumerate() {
        if let Some(plot) = fan(forecast, band, at, &axis)? {
            courses.push(figure(&band.name, &meaning(about, &band.name), plot));
        }
    }
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Forecast: " (name) }
                style { (PreEscaped(STYLE)) }
            }
            body { main {
                h1 { (name) }
                p { (about.title) ", from " (forecast.begin_s) " s on, " (span(forecast.horizon_s)) " ahead, "
                    (by(forecast)) "." }
                @for note in &forecast.notes { p { (note) } }
                @if !forecast.diverged.is_empty() {
                    p { (forecast.diverged.len()) " members diverged and are left out." }
                }
                h2 { "What happens, and when" }
                (event_table(about, forecast))
                @if let Some(note) = undetermined(forecast) { p.note { (note) } }
                @if let Some(note) = note(forecast) { p.note { (note) } }
                @if !events.is_empty() { h2 { "When" } div.grid { @for event in &events { (event) } } }
                h2 { "Courses" }
                p.note { (legend(forecast)) }
                div.grid { @for course in &courses { (course) } }
                @if let Some(filter) = filter { h2 { "What is known now" } (estimates(filter)) }
            } }
        }
    };
    Ok(page.into_string())
}

/// What the plots of courses show.
fn legend(forecast: &Forecast) -> &'static str {
    if forecast.is_unscented {
        "Shaded: 98, 90 and 50 %, as of a normal distribution with the points' mean and deviation, as \
         long as all of them run; what comes and goes within the course is averaged in it. Blue: the \
         median. Orange: the course from the mean of the belief."
    } else {
        "Shaded: 98, 90 and 50 % of the members that still run. Blue: the median. Orange: the member in the \
         middle of all, one course that the model takes."
    }
}

fn figure(name: &str, meaning: &str, svg: String) -> Markup {
    html! { figure { figcaption { (name) " " small { (meaning) } } (PreEscaped(svg)) } }
}

/// Meaning and unit of an output, or the meaning of an event.
fn meaning(about: &About, name: &str) -> String {
    let output = about.outputs.iter().find(|output| output.name == name);
    let event = || about.events.iter().find(|event| event.name == name);
    let of_event = || event().map(|event| event.meaning.clone()).unwrap_or_default();
    output.map_or_else(of_event, |output| format!("{}, {}", output.meaning, output.unit))
}

fn event_table(about: &About, forecast: &Forecast) -> Markup {
    html! { table {
        tr { th { "event" } th { "what it is" } th { "probability" } th { "of what" } th { "remaining (90 %)" } }
        @if let Some(failure) = competing(forecast) {
            (event_row("any failure", FIRST, "happens within that time", failure))
        }
        @for event in &forecast.events {
            (event_row(&event.name, &meaning(about, &event.name), meant(event, forecast), event))
        }
    } }
}

fn event_row(name: &str, meaning: &str, meant: &str, event: &EventForecast) -> Markup {
    html! { tr {
        td { (name) } td { (meaning) }
        td.n { (format!("{:.1} %", 100.0 * event.probability_before(f64::INFINITY))) } td { (meant) }
        td.n { @if event.times_s.is_empty() { "–" } @else { (remaining(event)) } }
    } }
}

fn estimates(filter: &Filter) -> Markup {
    let setup = filter.setup();
    html! { table {
        tr { th { "estimated" } th { "value" } th { "95 %" } }
        @for at in 0..setup.estimated.len() {
            @let (mean, deviation) = filter.estimate(at);
            @let value = |on: f64| four(setup.estimated[at].scale.to_value(on));
            tr {
                td { (setup.name(at)) } td.n { (value(mean)) }
                td.n { (value(mean - 1.96 * deviation)) " to " (value(mean + 1.96 * deviation)) }
            }
        }
    } }
}

/// Time in a unit that fits, from when the forecast was made.
struct Axis {
    begin_s: f64,
    unit_s: f64,
    name: &'static str,
    end: f64,
}

impl Axis {
    /// As far as anything still runs.
    fn of(forecast: &Forecast) -> Self {
        let last = forecast.going.iter().rposition(|share| *share > 0.0);
        let last_s =
            last.and_then(|at| forecast.instants_s.get(at + 1).or(forecast.instants_s.get(at)));
        let reach_s = last_s.map_or(forecast.horizon_s, |last_s| last_s - forecast.begin_s);
        let (unit_s, name) = match reach_s {
            s if s < 300.0 => (1.0, "seconds"),
            s if s < 10_800.0 => (60.0, "minutes"),
            s if s < 259_200.0 => (3_600.0, "hours"),
            _ => (86_400.0, "days"),
        };
        Self { begin_s: forecast.begin_s, unit_s, name, end: (reach_s / unit_s).max(1e-9) }
    }

    fn at(&self, time_s: f64) -> f64 {
        (time_s - self.begin_s) / self.unit_s
    }
}

fn text() -> TextStyle<'static> {
    ("sans-serif", 13).into_font().color(&INK)
}

/// How probable the event is in each part of the time, and before each time.
fn event_plot(event: &EventForecast, axis: &Axis) -> Result<String, String> {
    let times: Vec<f64> = event.times_s.iter().map(|time_s| axis.at(*time_s)).collect();
    let counts = histogram(&times, 0.0, axis.end, BARS);
    let most = counts.iter().copied().max().unwrap_or(0).max(1) as f64;
    let members = event.members.max(1) as f64;
    let width = axis.end / BARS as f64;
    let before = std::iter::once((0.0, 0.0))
        .chain(times.iter().enumerate().map(|(at, time)| (*time, (at + 1) as f64 / members)));
    let end = (axis.end, times.len() as f64 / members);
    let before: Vec<(f64, f64)> = before.chain([end]).collect();
    draw(|area| {
        let mut chart = ChartBuilder::on(area)
            .margin(6)
            .x_label_area_size(34)
            .y_label_area_size(52)
            .build_cartesian_2d(0.0..axis.end, 0.0..1.0)?;
        mesh(&mut chart, &format!("{} from now", axis.name), "probability before", 0.2)?;
        // The highest bar is half as high as the plot: the curve has the numbers.
        chart.draw_series(counts.iter().enumerate().filter(|(_, count)| **count > 0).map(
            |(at, count)| {
                let left = at as f64 * width;
                let height = 0.5 * *count as f64 / most;
                Rectangle::new(
                    [(left, 0.0), (left + 0.92 * width, height)],
                    BLUE.mix(0.35).filled(),
                )
            },
        ))?;
        chart.draw_series(LineSeries::new(before, BLUE.stroke_width(2)))?;
        Ok(())
    })
}

/// Bands, the median and the medoid of a variable; `None` where it does not vary or is no number.
fn fan(forecast: &Forecast, band: &Band, at: usize, axis: &Axis) -> Result<Option<String>, String> {
    let rows = || forecast.instants_s.iter().map(|time_s| axis.at(*time_s)).zip(&band.quantiles);
    let rows: Vec<(f64, &[f64; LEVELS.len()])> =
        rows().filter(|(_, row)| row[0].is_finite()).collect();
    let medoid = forecast.kept.get(forecast.medoid);
    let medoid = medoid.map(|member| &member.course);
    let line = medoid.map(|course| {
        forecast.instants_s.iter().zip(course).map(|(t, row)| (axis.at(*t), row[at]))
    });
    let line: Vec<(f64, f64)> =
        line.into_iter().flatten().filter(|(_, value)| value.is_finite()).collect();
    let all = rows
        .iter()
        .flat_map(|(_, row)| row.iter().copied())
        .chain(line.iter().map(|(_, value)| *value));
    let (low, high) = all.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
        (low.min(value), high.max(value))
    });
    if rows.len() < 2 || !(low <= high) {
        return Ok(None);
    }
    let room = if high > low { 0.06 * (high - low) } else { 0.05 * high.abs().max(1e-9) };
    let (low, high) = (low - room, high + room);
    draw(|area| {
        let mut chart = ChartBuilder::on(area)
            .margin(6)
            .x_label_area_size(34)
            .y_label_area_size(64)
            .build_cartesian_2d(0.0..axis.end, low..high)?;
        mesh(&mut chart, &format!("{} from now", axis.name), "", (high - low) / 8.0)?;
        for (bottom, top, shade) in BANDS {
            let up = rows.iter().map(|(t, row)| (*t, row[top]));
            let down = rows.iter().rev().map(|(t, row)| (*t, row[bottom]));
            chart
                .draw_series([Polygon::new(up.chain(down).collect::<Vec<_>>(), BLUE.mix(shade))])?;
        }
        chart.draw_series(LineSeries::new(
            rows.iter().map(|(t, row)| (*t, row[MIDDLE])),
            BLUE.stroke_width(2),
        ))?;
        chart.draw_series(LineSeries::new(line.iter().copied(), ORANGE.stroke_width(1)))?;
        Ok(())
    })
    .map(Some)
}

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;
type Chart<'a, 'b> = ChartContext<
    'a,
    SVGBackend<'b>,
    Cartesian2d<plotters::coord::types::RangedCoordf64, plotters::coord::types::RangedCoordf64>,
>;

fn mesh(chart: &mut Chart, x: &str, y: &str, step: f64) -> Result<(), Box<dyn std::error::Error>> {
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(INK.mix(0.1))
        .axis_style(INK.mix(0.5))
        .label_style(text())
        .axis_desc_style(text())
        .x_labels(7)
        .y_labels(6)
        .y_label_formatter(&|value| number(*value, step))
        .x_desc(x)
        .y_desc(y)
        .draw()?;
    Ok(())
}

/// A number as an axis has it.
///
/// As many digits as distinguish one label from the next.
fn number(value: f64, step: f64) -> String {
    let digits = (-step.log10()).ceil().max(0.0);
    if digits > 5.0 || value.abs() >= 1e6 {
        return format!("{value:.2e}");
    }
    format!("{value:.0$}", digits as usize)
}

/// A number with four digits that count.
fn four(value: f64) -> String {
    match value.abs() {
        0.0 => "0".into(),
        size if !(1e-3..1e6).contains(&size) => format!("{value:.3e}"),
        size => format!("{value:.0$}", (3.0 - size.log10().floor()).max(0.0) as usize),
    }
}

fn draw(
    what: impl FnOnce(&Area) -> Result<(), Box<dyn std::error::Error>>,
) -> Result<String, String> {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        what(&area).map_err(|error| error.to_string())?;
        area.present().map_err(|error| error.to_string())?;
    }
    Ok(svg)
}
