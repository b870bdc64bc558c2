//! Why a forecast cannot be made, read, corrected or kept.

use super::limits::{MOST_INSTANTS, MOST_MEMBER_STEPS, MOST_MEMBERS, MOST_NUMBERS, MOST_STEPS};
use crate::model::WrongCount;
use crate::model::stability::StepTooLong;
use crate::table::did_you_mean;
use crate::twin::Diagnostics;

/// Why a forecast cannot be made; members and states are counted from 1, but for a member's own
/// number, which is counted from 0.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ForecastError {
    /// There are not as many numbers as the model has of them.
    #[error(transparent)]
    Count(#[from] WrongCount),
    /// There is no state to begin with.
    #[error("no forecast: there is no state to begin with")]
    NoState,
    /// A state has another length than the first.
    #[error("state {state} has {numbers} numbers")]
    StateLength {
        /// Which state.
        state: usize,
        /// How many numbers it has.
        numbers: usize,
    },
    /// A state is not finite.
    #[error("no forecast: state {state} is not a number")]
    StateNotFinite {
        /// Which state.
        state: usize,
    },
    /// There is no member to begin with.
    #[error("no forecast: there is no member to begin with")]
    NoStart,
    /// A member begins with too few or too many numbers.
    #[error("member {member} begins with {is} {what}, not {wanted}")]
    MemberLength {
        /// Which member.
        member: usize,
        /// Of what.
        what: &'static str,
        /// How many there are.
        is: usize,
        /// How many there should be.
        wanted: usize,
    },
    /// A member begins with what is not finite.
    #[error("no forecast: member {member} is not a number")]
    MemberNotFinite {
        /// Which member.
        member: usize,
    },
    /// A belief is of other numbers than those that are estimated.
    #[error("the belief does not belong to what is estimated")]
    BeliefSize {
        /// Numbers in the belief.
        numbers: usize,
        /// Numbers that are estimated.
        estimated: usize,
    },
    /// A filter's covariance is not positive definite.
    #[error("no forecast: the filter's covariance is none; it has diverged")]
    Covariance,
    /// A step or a horizon is not above 0.
    #[error("{what} of {span_s} s leads nowhere; it has to be above 0")]
    Span {
        /// "a step" or "a horizon".
        what: &'static str,
        /// Its length in seconds.
        span_s: f64,
    },
    /// A horizon is more steps than can be taken.
    #[error(
        "a horizon of {horizon_s} s is {steps:.1e} steps of {dt_s} s, and {MOST_STEPS} is the most: look less far ahead, or take longer steps (`step` in the machine's file)"
    )]
    TooManySteps {
        /// The horizon in seconds.
        horizon_s: f64,
        /// Steps within it.
        steps: f64,
        /// Length of a step in seconds.
        dt_s: f64,
    },
    /// All members together take more steps than can be taken.
    #[error(
        "{members} members over a horizon of {horizon_s} s are {steps:.1e} steps of {dt_s} s, and {MOST_MEMBER_STEPS:e} is the most: take fewer members, look less far ahead, or take longer steps (`step` in the machine's file)"
    )]
    TooManyMemberSteps {
        /// Members of the ensemble.
        members: usize,
        /// The horizon in seconds.
        horizon_s: f64,
        /// Steps of all members.
        steps: f64,
        /// Length of a step in seconds.
        dt_s: f64,
    },
    /// The model does not bear the steps.
    #[error("no forecast: {0}")]
    StepTooLong(#[from] StepTooLong),
    /// An ensemble has no member.
    #[error("an ensemble needs a member at least")]
    NoMembers,
    /// An ensemble has more members than there is memory for.
    #[error(
        "an ensemble has {MOST_MEMBERS} members at most, not {members}: a thousand already give probabilities within two per cent"
    )]
    TooManyMembers {
        /// How many there are.
        members: usize,
    },
    /// More numbers are to be kept than there is memory for.
    #[error(
        "{members} members kept at {instants} instants make {numbers} numbers: {MOST_NUMBERS} is the most; record fewer members or fewer instants"
    )]
    TooManyNumbers {
        /// Members whose courses are kept.
        members: usize,
        /// Instants at which they are kept.
        instants: usize,
        /// Numbers that this makes.
        numbers: usize,
    },
    /// Most members diverged.
    #[error(
        "no forecast: {diverged} of {members} members diverged; take shorter steps or check the state"
    )]
    Diverged {
        /// How many did.
        diverged: usize,
        /// How many there are.
        members: usize,
    },
    /// There is no member with a number.
    #[error("there is no member {number}: they are numbered from 0 to {last}")]
    NoMember {
        /// The number.
        number: usize,
        /// The largest number that there is.
        last: usize,
    },
    /// A course is to be kept at more instants than there is memory for.
    #[error(
        "{steps} steps with an instant after each {every} are too many to keep: {MOST_INSTANTS} instants is the most"
    )]
    TooManyInstants {
        /// Steps of the course.
        steps: u64,
        /// Steps from one instant to the next.
        every: u64,
    },
}

/// Why a forecast has no such member.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PickError {
    /// Points of the unscented transform are no members.
    #[error(
        "the points of the unscented transform are no members that chance has drawn: make an ensemble"
    )]
    Unscented,
    /// No member was recorded.
    #[error("no member was recorded, so that none is the medoid")]
    NoMedoid,
    /// There is no member with a number.
    #[error("there is no member {number}: they are numbered from 0 to {last}")]
    NoMember {
        /// The number.
        number: u32,
        /// The largest number that there is.
        last: usize,
    },
    /// The member diverged.
    #[error("member {number} diverged: it has no course")]
    Diverged {
        /// Its number.
        number: u32,
    },
    /// There is no event with a number.
    #[error("there is no event {event}: they are numbered from 0 to below {events}")]
    NoEvent {
        /// The number.
        event: u16,
        /// How many events there are.
        events: usize,
    },
    /// The event happens to fewer members.
    #[error(
        "no member stands at {:.1} % of {event}: it happens to {:.1} % of them",
        100.0 * .probability, 100.0 * .happens
    )]
    NoneAt {
        /// The event.
        event: String,
        /// The probability at which a member is wanted.
        probability: f64,
        /// The probability that the event happens before the horizon.
        happens: f64,
    },
}

/// Why the state at a future instant cannot be read.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum OutlookError {
    /// The forecast was made from another setup.
    #[error(
        "the forecast was made from another setup: its members cannot be simulated again from this one"
    )]
    OtherSetup,
    /// The links are those of another network, or of another version of it.
    #[error(
        "the links are of a network `{links_of}` whose variables, units or properties are not those of `{model}`, with which the forecast was made: take the links of that network"
    )]
    OtherLinks {
        /// The model that the forecast was made with.
        model: String,
        /// The model whose links they are.
        links_of: String,
    },
    /// A link's conversion is not finite.
    #[error(
        "`{variable}` of `{model}` is linked as {scale} × a property + {offset}, which is no number; check scale, offset and unit of its wire"
    )]
    LinkNotFinite {
        /// The model.
        model: String,
        /// The variable that is linked.
        variable: String,
        /// The variable is so many times the property, …
        scale: f64,
        /// … and so much more.
        offset: f64,
    },
    /// The model has no such variable.
    #[error("`{model}` has no variable `{name}`: there are {}{}", .known.join(", "), did_you_mean(.nearest))]
    NoVariable {
        /// The model.
        model: String,
        /// The name.
        name: String,
        /// The one that was probably meant.
        nearest: Option<String>,
        /// All that there are.
        known: Vec<String>,
    },
    /// There is no such member.
    #[error(transparent)]
    Pick(#[from] PickError),
    /// The member cannot be simulated again.
    #[error(transparent)]
    Forecast(#[from] ForecastError),
    /// The member's simulation has failed.
    #[error("{0}")]
    Simulation(String),
}

/// Why no correction can be learnt from past forecasts.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CorrectionError {
    /// Too few events have come.
    #[error(
        "no correction: the events of {cases} forecasts have happened so far, and at least {fewest} are needed"
    )]
    TooFew {
        /// How many have.
        cases: usize,
        /// How many are needed.
        fewest: usize,
    },
    /// An event came before its forecast.
    #[error("an event came {came_s} s after its forecast; what is learnt from has to come later")]
    CameBefore {
        /// Seconds from the forecast to the event.
        came_s: f64,
    },
    /// A forecast in which the event happens to no member.
    #[error(
        "no correction can be learnt from a forecast in which the event happens to no member; leave it out"
    )]
    NeverHappens,
}

/// Why a stored forecast cannot be read or written; lines are counted from 1.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum StoreError {
    /// A line is none.
    #[error("line {line}: not a kept forecast: {reason}")]
    NoForecast {
        /// The line.
        line: usize,
        /// What the reader of JSON says.
        reason: String,
    },
    /// A line is not what was written.
    #[error(
        "line {line}: damaged: its checksum is missing, or that of another text; take the line out"
    )]
    Damaged {
        /// The line.
        line: usize,
    },
    /// A line has a later form.
    #[error(
        "line {line}: its form is {form}, and {latest} is the latest that is known here: a newer twinscope wrote it"
    )]
    LaterForm {
        /// The line.
        line: usize,
        /// Its form.
        form: u32,
        /// The latest form that is known.
        latest: u32,
    },
    /// An event has more times than members.
    #[error("line {line}: `{event}` has more times than members")]
    TooManyTimes {
        /// The line.
        line: usize,
        /// The event.
        event: String,
    },
    /// It cannot be written.
    #[error("{0}")]
    NotWritten(String),
}

/// Why a forecast that a message asks for cannot be made.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum JobError {
    /// The machine's file is wrong.
    #[error(transparent)]
    File(#[from] Diagnostics),
    /// The file states no such fault.
    #[error("{0}")]
    Fault(String),
    /// A belief's covariance has not as many numbers as it should.
    #[error("a belief of {mean} numbers has a covariance of {mean}², not of {covariance}")]
    Covariance {
        /// Numbers in the mean.
        mean: usize,
        /// Numbers in the covariance.
        covariance: usize,
    },
    /// A belief is not finite.
    #[error("no forecast: the belief is not finite")]
    BeliefNotFinite,
    /// The plan is no schedule.
    #[error("{0}")]
    Plan(String),
    /// The plan has not as many inputs as the model.
    #[error(transparent)]
    PlanInputs(#[from] WrongCount),
    /// The forecast cannot be made.
    #[error(transparent)]
    Forecast(#[from] ForecastError),
}
