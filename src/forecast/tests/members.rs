//! Members that are simulated again, and the future as a viewer reads it.

use super::*;
use crate::forecast::{Integrated, Pick};
use crate::history::{IssueId, Lane, State, View};
use crate::twin::{PropertyId, Quality, Timestamp, Value};

/// The pump's ensemble as it is made and as it is kept.
fn made(members: usize) -> (Arc<ForecastSetup>, Forecast) {
    let setup = Arc::new(pump(members));
    (setup.clone(), whole((*setup).clone()))
}

fn again(setup: &Arc<ForecastSetup>, number: usize) -> Course {
    let mut run = Simulating::new(setup.clone(), number).expect("there is such a member");
    match step(&mut run, &Budget::until(&|| false)) {
        Step::Done(done) => done.expect("a course"),
        Step::More(_) => panic!("the budget is never spent"),
    }
}

/// Bits of what is a number.
fn bits(values: impl IntoIterator<Item = f64>) -> Vec<u64> {
    values.into_iter().map(f64::to_bits).collect()
}

#[test]
fn a_member_simulated_again_is_to_the_bit_what_the_ensemble_had() {
    let (setup, forecast) = made(70);
    for kept in &forecast.kept {
        let course = again(&setup, kept.number);
        for (at, instant) in kept.course.iter().enumerate() {
            if instant[0].is_nan() {
                assert!(course.instants_s[course.instants_s.len() - 1] <= forecast.instants_s[at]);
                break;
            }
            let row = course.row(at).expect("it goes on");
            assert_eq!(row.time_s, forecast.instants_s[at]);
            let told = row.outputs.iter().chain(row.event_states).copied();
            assert_eq!(bits(told), bits(instant.iter().copied()), "member {}", kept.number);
        }
        for (event, met) in forecast.events.iter().zip(&course.met) {
            assert_eq!(event.step_ends_s[kept.number], met.map(|met| met.step_end_s));
            let place = event.order.iter().position(|member| *member == kept.number);
            assert_eq!(place.map(|at| event.times_s[at]), met.map(|met| met.time_s));
        }
    }
}

#[test]
fn the_last_row_of_a_course_is_where_its_event_holds() {
    let (setup, forecast) = made(16);
    let wear = forecast.event("ImpellerWearFailure").expect("it wears");
    let course = again(&setup, wear.order[0]);
    let last = course.rows().last().expect("rows");
    assert_eq!(last.time_s, course.met[0].expect("it wears").step_end_s);
    assert!(last.holds[0] && last.event_states[0] <= 0.0);
    assert!(course.rows().take(course.instants_s.len() - 1).all(|row| !row.holds[0]));
}

#[test]
fn the_member_at_a_percentile_of_an_event_has_that_time_of_event() {
    let (setup, forecast) = made(101);
    let wear = forecast.event("ImpellerWearFailure").expect("it wears");
    for (permille, probability) in [(0, 0.0), (100, 0.1), (500, 0.5)] {
        let number = forecast.pick(Pick::At { event: 0, permille }).expect("it wears so often");
        let met = again(&setup, number).met[0].expect("it wears");
        assert_eq!(Some(met.time_s), wear.quantile_s(probability));
    }
    let medoid = forecast.pick(Pick::Medoid).expect("members are recorded");
    assert_eq!(medoid, forecast.kept[forecast.medoid].number);
    assert!(forecast.pick(Pick::Number(101)).is_err());
    let never = forecast.pick(Pick::At { event: 2, permille: 1000 });
    assert!(never.expect_err("nothing heats up").to_string().contains("happens to 0.0 %"));
}

const FLOW: PropertyId = PropertyId(3);
const AREA: PropertyId = PropertyId(4);
const VOLTS: PropertyId = PropertyId(5);
const WEAR: PropertyId = PropertyId(6);
const ORIGIN: Timestamp = Timestamp(1_700_000_000_000_000);

fn outlook(setup: &Arc<ForecastSetup>, forecast: &Arc<Forecast>) -> Outlook {
    let table = [(FLOW, "Qout"), (AREA, "x_A"), (VOLTS, "V"), (WEAR, "es_ImpellerWearFailure")];
    Outlook::new(setup.clone(), forecast.clone(), ORIGIN, &table).expect("it fits")
}

fn at(outlook: &Outlook, pick: Pick, time_s: f64) -> View {
    let lane = outlook.lane(pick).expect("there is such a member");
    View { lane, ..View::live(ORIGIN.plus_micros((time_s * 1e6) as i64)) }
}

fn number(outlook: &Outlook, pick: Pick, time_s: f64, property: PropertyId) -> Option<f64> {
    let reading = outlook.reading(at(outlook, pick, time_s), property)?;
    assert_eq!(reading.quality, Quality::Uncertain);
    match reading.value {
        Value::Number(value) => Some(value),
        _ => None,
    }
}

#[test]
fn a_reading_at_a_future_instant_is_the_member_s_output_between_its_instants() {
    let (setup, forecast) = made(40);
    let forecast = Arc::new(forecast);
    let outlook = outlook(&setup, &forecast);
    let medoid = &forecast.kept[forecast.medoid].course;
    // Instants are 70 s apart, and the flow is the second output.
    assert_eq!(forecast.instants_s[10], 700.0);
    assert_eq!(number(&outlook, Pick::Medoid, 700.0, FLOW), Some(medoid[10][1]));
    let (from, to) = (medoid[10][1], medoid[11][1]);
    let read = number(&outlook, Pick::Medoid, 717.5, FLOW).expect("it goes on");
    assert!((read - (0.75 * from + 0.25 * to)).abs() < 1e-12 * from);
    let reading = outlook.reading(at(&outlook, Pick::Medoid, 717.5), FLOW).expect("it goes on");
    assert_eq!(reading.time, ORIGIN.plus_micros(700_000_000));
    assert_eq!(number(&outlook, Pick::Medoid, -1.0, FLOW), None, "before the beginning");
    assert_eq!(number(&outlook, Pick::Medoid, 7_001.0, FLOW), None, "beyond the horizon");
    let member = at(&outlook, Pick::Medoid, 700.0);
    let measured = View { lane: Lane::Measured, ..member };
    assert_eq!(outlook.reading(measured, FLOW), None, "others know what was measured");
    let later = Outlook::new(setup.clone(), forecast.clone(), ORIGIN, &[(FLOW, "Qout")]);
    let later = later.map(|later| later.issued(IssueId(7))).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(later.reading(member, FLOW), None, "it is another forecast");
}

#[test]
fn an_integral_goes_on_from_what_was_measured_by_the_area_below_the_member() {
    let (setup, forecast) = made(40);
    let forecast = Arc::new(forecast);
    let integrated = Integrated { of: FLOW, per_second: 2.0, at_issue: 1000.0 };
    let volume = PropertyId(99);
    let outlook = outlook(&setup, &forecast).with_integrals([(volume, integrated)]);
    let flow: Vec<f64> = forecast.kept[forecast.medoid].course.iter().map(|row| row[1]).collect();
    let area: f64 = (0..10).map(|at| 70.0 * (flow[at] + flow[at + 1]) / 2.0).sum();
    let read = |time_s| number(&outlook, Pick::Medoid, time_s, volume);
    assert_eq!(read(0.0), Some(1000.0));
    let after = read(700.0).expect("it goes on");
    assert!((after - (1000.0 + 2.0 * area)).abs() < 1e-6, "{after}");
    let half = read(35.0).expect("it goes on");
    let expected = 35.0 * (flow[0] + (flow[0] + flow[1]) / 2.0);
    assert!((half - 1000.0 - expected).abs() < 1e-6, "{half}");
    assert_eq!(read(7_001.0), None, "beyond the horizon");
}

#[test]
fn an_integral_begins_where_its_forecast_was_issued_however_long_after_the_origin() {
    let setup = Arc::new(ForecastSetup { begin_s: 600.0, ..pump(16) });
    let forecast = Arc::new(whole((*setup).clone()));
    let integrated = Integrated { of: FLOW, per_second: 2.0, at_issue: 1000.0 };
    let volume = PropertyId(99);
    let outlook = outlook(&setup, &forecast).with_integrals([(volume, integrated)]);
    let flow: Vec<f64> = forecast.kept[forecast.medoid].course.iter().map(|row| row[1]).collect();
    assert_eq!(forecast.instants_s[..2], [600.0, 670.0]);
    let read = |time_s| number(&outlook, Pick::Medoid, time_s, volume);
    assert_eq!(read(600.0), Some(1000.0));
    let after = read(670.0).expect("it goes on");
    let expected = 1000.0 + 2.0 * 70.0 * (flow[0] + flow[1]) / 2.0;
    assert!((after - expected).abs() < 1e-6, "{after} {expected}");
    assert_eq!(read(599.0), None, "it was issued later");
}

#[test]
fn an_integral_that_is_no_number_is_unknown() {
    let (setup, forecast) = made(16);
    let integrated = Integrated { of: FLOW, per_second: f64::INFINITY, at_issue: 0.0 };
    let volume = PropertyId(99);
    let outlook = outlook(&setup, &Arc::new(forecast)).with_integrals([(volume, integrated)]);
    assert_eq!(number(&outlook, Pick::Medoid, 700.0, volume), None);
}

#[test]
fn what_is_not_kept_is_asked_for_and_simulated_within_a_budget() {
    let (setup, forecast) = made(101);
    let forecast = Arc::new(forecast);
    let mut outlook = outlook(&setup, &forecast);
    let early = Pick::At { event: 0, permille: 100 };
    assert_eq!(number(&outlook, early, 700.0, AREA), None, "states are not kept");
    assert_eq!(outlook.want(early), Ok(false));
    let mut frames = 0;
    while outlook.work(&Budget::until(&|| true)).expect("it can be simulated") {
        frames += 1;
    }
    assert!(frames > 3, "a course of 7,000 steps is not one piece: {frames}");
    assert_eq!(outlook.want(early), Ok(true));
    let begin = number(&outlook, early, 0.0, AREA).expect("simulated");
    let later = number(&outlook, early, 700.0, AREA).expect("simulated");
    assert!(later < begin, "the impeller wears: {begin} {later}");
    let course = outlook.course(early).expect("simulated").clone();
    assert_eq!(number(&outlook, early, 700.0, VOLTS), course.row(10).map(|row| row.inputs[1]));
    let end_s = course.met[0].expect("it wears").step_end_s;
    let worn = number(&outlook, early, end_s, WEAR).expect("its end belongs to it");
    assert!(worn <= 0.0, "{worn}");
    assert_eq!(number(&outlook, early, end_s + 1.0, WEAR), None, "its course is over");
}

#[test]
fn no_more_courses_are_held_than_is_said() {
    let (setup, forecast) = made(40);
    let mut outlook = outlook(&setup, &Arc::new(forecast));
    for number in 0..3 * COURSES as u32 {
        outlook.want(Pick::Number(number)).expect("there is such a member");
        if number % 2 == 0 {
            outlook.work(&Budget::until(&|| false)).expect("it can be simulated");
        }
    }
    while outlook.work(&Budget::until(&|| false)).expect("it can be simulated") {}
    let held = (0..40).filter(|number| outlook.course(Pick::Number(*number)).is_some()).count();
    assert_eq!(held, COURSES);
}

#[test]
fn an_outlook_takes_the_setup_that_the_forecast_was_made_from_and_names_that_there_are() {
    let (setup, forecast) = made(8);
    let forecast = Arc::new(forecast);
    let other = Arc::new(ForecastSetup { seed: 2, ..(*setup).clone() });
    let error = Outlook::new(other, forecast.clone(), ORIGIN, &[]).map(|_| ());
    assert!(error.expect_err("another seed").to_string().contains("another setup"));
    let error = Outlook::new(setup, forecast, ORIGIN, &[(FLOW, "Qouts")]).map(|_| ());
    assert!(error.expect_err("no such name").to_string().contains("did you mean `Qout`"));
}
