//! Several models as one.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use super::feedthrough::followed;
use super::links::{Link, Links, VariableId};
use super::resolve::{Feed, Linked, Part, Resolved};
use crate::model::about::{About, EventAbout, ParameterAbout, Variable};
use crate::model::kernel::{Kernel, Model};
use crate::model::real::{Lanes, Real};
use crate::twin::behaviour::Behaviour;
use crate::twin::{Diagnostic, Diagnostics, PropertyId, Twin};

/// Inputs of a loop that an error lists.
const MOST_SHOWN: usize = 20;

/// Machines that are started so often know what flows in from the others.
const STARTS: usize = 8;

/// One machine's places among all.
struct Place {
    model: Arc<dyn Model>,
    states: Range<usize>,
    parameters: Range<usize>,
    inputs: Range<usize>,
    outputs: Range<usize>,
    events: Range<usize>,
    /// Inputs that its outputs feed, of whichever machine.
    feeds: Vec<usize>,
}

/// A wire's numbers.
struct Flow {
    from: Source,
    scale: f64,
    offset: f64,
}

/// Where a wire begins.
#[derive(Clone, Copy)]
enum Source {
    /// At an output, by its place among those of all machines.
    Output(usize),
    /// At a property, by its place among the inputs of the whole.
    Property(usize),
}

/// Several models, wired.
pub(super) struct Wired {
    about: About,
    places: Vec<Place>,
    /// For each input of any machine, what flows in.
    flows: Vec<Vec<Flow>>,
    usual: Vec<f64>,
    /// Inputs of the whole, by their place among those of all machines, sorted; properties that are
    /// summed with others come after them.
    external: Vec<usize>,
    /// Inputs of machines into which such a property flows.
    summed: Vec<usize>,
    /// Machines in an order in which each knows what it needs; one may come twice.
    order: Vec<usize>,
}

impl Wired {
    /// The machines as one, and which property is which of its variables.
    pub(super) fn of(twin: &Twin, resolved: &Resolved) -> Result<(Self, Links), Diagnostics> {
        let parts = &resolved.parts;
        let order = order(parts, &resolved.feeds)?;
        let inputs = parts.last().map_or(0, |part| part.inputs.end);
        let mut flows: Vec<Vec<Flow>> = (0..inputs).map(|_| Vec::new()).collect();
        for feed in &resolved.feeds {
            let from = Source::Output(feed.from);
            flows[feed.to].push(Flow { from, scale: feed.scale, offset: feed.offset });
        }
        let mut summed: Vec<usize> = resolved.added.iter().map(|added| added.at).collect();
        summed.sort_unstable();
        summed.dedup();
        let is_free =
            |input: &usize| flows[*input].is_empty() && summed.binary_search(input).is_err();
        let external: Vec<usize> = (0..inputs).filter(is_free).collect();
        let mut about = about(&twin.name, &twin.title, parts, &external);
        let mut links = links(resolved, &external);
        let mut known: HashMap<PropertyId, usize> = HashMap::new();
        for Linked { property, machine, at, scale, offset } in &resolved.added {
            let next = about.inputs.len();
            let place = *known.entry(*property).or_insert(next);
            if place == next {
                let (name, unit) = (twin.property_path(*property), &twin.property(*property).unit);
                let meaning = "the value of a property, summed with others";
                about = about.input(&name, unit.code(), 0.0, meaning);
                // In the property's own unit; what flows on is converted.
                links.push(Link {
                    property: *property,
                    machine: *machine,
                    variable: VariableId::Input(place),
                    scale: 1.0,
                    offset: 0.0,
                });
            }
            let (scale, offset) = (*scale, *offset);
            flows[*at].push(Flow { from: Source::Property(place), scale, offset });
        }
        let mut links = Links::new(parts.len(), twin.property_count(), links);
        links.name(&mut about, twin);
        let usual = parts.iter().flat_map(|part| part.machine.model.about().usual_inputs());
        let wired = Self {
            about,
            places: places(parts, &resolved.feeds),
            usual: usual.collect(),
            external,
            summed,
            flows,
            order,
        };
        Ok((wired, links))
    }

    /// What machines' files state of inputs that are those of the whole; a wire goes before.
    pub(super) fn stated(&self, parts: &[Part]) -> Vec<(usize, Vec<(f64, f64)>)> {
        let all = parts.iter().flat_map(|part| {
            let own = part.machine.inputs.iter();
            own.map(|(input, changes)| (part.inputs.start + input, changes))
        });
        let place = |at: usize| self.external.binary_search(&at).ok();
        all.filter_map(|(at, changes)| Some((place(at)?, changes.clone()))).collect()
    }

    /// Inputs of all machines, and their outputs.
    fn flow<R: Real>(&self, x: &[R], u: &[R], p: &[R]) -> (Vec<R>, Vec<R>)
    where
        dyn Model: Kernel<R>,
    {
        let mut inputs: Vec<R> = self.usual.iter().map(|value| R::of(*value)).collect();
        for (input, value) in self.external.iter().zip(u) {
            inputs[*input] = *value;
        }
        let mut z = vec![R::default(); self.about.outputs.len()];
        for input in &self.summed {
            inputs[*input] = self.sum(*input, u, &z);
        }
        for at in &self.order {
            let place = &self.places[*at];
            let (x, p) = (&x[place.states.clone()], &p[place.parameters.clone()]);
            let own = &inputs[place.inputs.clone()];
            place.model.output(x, own, p, &mut z[place.outputs.clone()]);
            for input in &place.feeds {
                inputs[*input] = self.sum(*input, u, &z);
            }
        }
        (inputs, z)
    }

    /// All that flows into an input, as far as outputs are known.
    fn sum<R: Real>(&self, input: usize, u: &[R], z: &[R]) -> R {
        let mut sum = R::default();
        for flow in &self.flows[input] {
            let value = match flow.from {
                Source::Output(at) => z[at],
                Source::Property(at) => u[at],
            };
            sum = sum + (value * flow.scale + flow.offset);
        }
        sum
    }
}

impl Model for Wired {
    fn about(&self) -> &About {
        &self.about
    }
}

impl<R: Real> Kernel<R> for Wired
where
    dyn Model: Kernel<R>,
{
    fn derivative(&self, x: &[R], u: &[R], p: &[R], dx: &mut [R]) {
        let (inputs, _) = self.flow(x, u, p);
        for place in &self.places {
            let (x, p) = (&x[place.states.clone()], &p[place.parameters.clone()]);
            let dx = &mut dx[place.states.clone()];
            place.model.derivative(x, &inputs[place.inputs.clone()], p, dx);
        }
    }

    fn output(&self, x: &[R], u: &[R], p: &[R], z: &mut [R]) {
        z.copy_from_slice(&self.flow(x, u, p).1);
    }

    fn event_state(&self, x: &[R], u: &[R], p: &[R], es: &mut [R]) {
        let (inputs, _) = self.flow(x, u, p);
        for place in &self.places {
            let (x, p) = (&x[place.states.clone()], &p[place.parameters.clone()]);
            let es = &mut es[place.events.clone()];
            place.model.event_state(x, &inputs[place.inputs.clone()], p, es);
        }
    }

    fn margin(&self, x: &[R], u: &[R], p: &[R], margin: &mut [R]) -> bool {
        let (inputs, _) = self.flow(x, u, p);
        let mut positive = true;
        for place in &self.places {
            let (x, p) = (&x[place.states.clone()], &p[place.parameters.clone()]);
            let margin = &mut margin[place.events.clone()];
            positive &= place.model.margin(x, &inputs[place.inputs.clone()], p, margin);
        }
        positive
    }

    fn settle(&self, x: &[R], u: &[R], p: &[R], next: &mut [R]) {
        let (inputs, _) = self.flow(x, u, p);
        for place in &self.places {
            let (x, p) = (&x[place.states.clone()], &p[place.parameters.clone()]);
            let next = &mut next[place.states.clone()];
            place.model.settle(x, &inputs[place.inputs.clone()], p, next);
        }
    }

    fn start(&self, u: &[R], p: &[R], x: &mut [R]) {
        // What one machine starts with may hang on what another gives.
        for _ in 0..self.places.len().min(STARTS) {
            let (inputs, _) = self.flow(x, u, p);
            for place in &self.places {
                let p = &p[place.parameters.clone()];
                place.model.start(&inputs[place.inputs.clone()], p, &mut x[place.states.clone()]);
            }
        }
    }

    fn euler(&self, x: &[R], u: &[R], p: &[R], dt_s: f64, next: &mut [R]) {
        let (inputs, _) = self.flow(x, u, p);
        for place in &self.places {
            let (x, p) = (&x[place.states.clone()], &p[place.parameters.clone()]);
            let next = &mut next[place.states.clone()];
            place.model.euler(x, &inputs[place.inputs.clone()], p, dt_s, next);
        }
    }

    fn step(&self, x: &[R], u: &[R], p: &[R], dt_s: f64, next: &mut [R]) {
        // Each machine by its own solver, while what flows between them is held.
        let (inputs, _) = self.flow(x, u, p);
        for place in &self.places {
            let (x, p) = (&x[place.states.clone()], &p[place.parameters.clone()]);
            let next = &mut next[place.states.clone()];
            place.model.step(x, &inputs[place.inputs.clone()], p, dt_s, next);
        }
    }
}

/// Properties that are variables of the whole each by itself; those that are summed are not.
fn links(resolved: &Resolved, external: &[usize]) -> Vec<Link> {
    let link = |linked: &Linked, variable: VariableId| {
        let Linked { property, machine, scale, offset, .. } = *linked;
        Link { property, machine, variable, scale, offset }
    };
    let inputs = resolved.inputs.iter().filter_map(|linked| {
        let place = external.binary_search(&linked.at).ok()?;
        Some(link(linked, VariableId::Input(place)))
    });
    let states = resolved.states.iter().map(|state| link(state, VariableId::State(state.at)));
    let outputs = resolved.outputs.iter().map(|output| link(output, VariableId::Output(output.at)));
    inputs.chain(states).chain(outputs).collect()
}

fn places(parts: &[Part], feeds: &[Feed]) -> Vec<Place> {
    let (mut parameters, mut events) = (0, 0);
    let mut by_output: Vec<(usize, usize)> =
        feeds.iter().map(|feed| (feed.from, feed.to)).collect();
    by_output.sort_unstable();
    let next = |count: &mut usize, more: usize| {
        let begin = *count;
        *count += more;
        begin..*count
    };
    let place = |part: &Part| {
        let about = part.machine.model.about();
        let mut fed: Vec<usize> =
            of_outputs(&by_output, &part.outputs).iter().map(|(_, to)| *to).collect();
        fed.sort_unstable();
        fed.dedup();
        Place {
            states: part.states.clone(),
            parameters: next(&mut parameters, about.parameters.len()),
            events: next(&mut events, about.events.len()),
            inputs: part.inputs.clone(),
            outputs: part.outputs.clone(),
            feeds: fed,
            model: part.machine.model.clone(),
        }
    };
    parts.iter().map(place).collect()
}

fn about(name: &str, title: &str, parts: &[Part], external: &[usize]) -> About {
    let mut all = About::new(name, title);
    for part in parts {
        let about = part.machine.model.about();
        let full = |name: &str| format!("{}.{name}", part.name);
        let variable = |v: &Variable| Variable {
            name: full(&v.name),
            meaning: v.meaning.clone(),
            ..v.clone()
        };
        all.states.extend(about.states.iter().map(variable));
        all.outputs.extend(about.outputs.iter().map(variable));
        let free = |at: &usize| external.binary_search(&(part.inputs.start + at)).is_ok();
        let inputs = (0..about.inputs.len()).filter(free);
        all.inputs.extend(inputs.map(|at| variable(&about.inputs[at])));
        let event = |e: &EventAbout| EventAbout { name: full(&e.name), ..e.clone() };
        all.events.extend(about.events.iter().map(event));
        let parameter = |p: &ParameterAbout| ParameterAbout { name: full(&p.name), ..p.clone() };
        all.parameters.extend(about.parameters.iter().map(parameter));
    }
    all
}

/// An order in which every output is computed from inputs that are known.
///
/// # Errors
/// The wires of an algebraic loop.
fn order(parts: &[Part], feeds: &[Feed]) -> Result<Vec<usize>, Diagnostics> {
    // Machines of one file follow their inputs alike.
    let mut of_file: HashMap<*const Behaviour, Arc<[Vec<usize>]>> = HashMap::new();
    let followed: Vec<Arc<[Vec<usize>]>> = parts
        .iter()
        .map(|part| {
            let file = of_file.entry(Arc::as_ptr(&part.behaviour));
            file.or_insert_with(|| followed(&part.machine).into()).clone()
        })
        .collect();
    let inputs = parts.last().map_or(0, |part| part.inputs.end);
    let outputs = parts.last().map_or(0, |part| part.outputs.end);
    let mut by_output: Vec<(usize, usize)> =
        feeds.iter().map(|feed| (feed.from, feed.to)).collect();
    by_output.sort_unstable();
    let mut is_known = vec![false; outputs];
    // Wires from unknown outputs, by the input that they lead to.
    let mut waits = vec![0_usize; inputs];
    feeds.iter().for_each(|feed| waits[feed.to] += 1);
    let mut order = Vec::new();
    // Machines of which more may be known now, in their order.
    let mut next: Vec<usize> = (0..parts.len()).collect();
    while !next.is_empty() {
        let mut new = Vec::new();
        for at in next {
            let part = &parts[at];
            let can_follow = |output: &usize| {
                let needs = &followed[at][output - part.outputs.start];
                needs.iter().all(|input| waits[part.inputs.start + input] == 0)
            };
            let before = new.len();
            new.extend(part.outputs.clone().filter(|at| !is_known[*at] && can_follow(at)));
            // A machine without outputs has nothing to wait for.
            if new.len() > before {
                order.push(at);
            }
        }
        next = Vec::new();
        for output in new {
            is_known[output] = true;
            for (_, input) in of_outputs(&by_output, &(output..output + 1)) {
                waits[*input] -= 1;
                if waits[*input] == 0 {
                    next.push(parts.partition_point(|part| part.inputs.end <= *input));
                }
            }
        }
        next.sort_unstable();
        next.dedup();
    }
    match waits.iter().position(|waits| *waits > 0) {
        None => Ok(order),
        Some(input) => Err(looped(parts, feeds, &followed, &is_known, input)),
    }
}

/// The wires of these outputs, of all that are sorted by theirs.
fn of_outputs<'f>(by_output: &'f [(usize, usize)], outputs: &Range<usize>) -> &'f [(usize, usize)] {
    let place = |at: usize| by_output.partition_point(|(from, _)| *from < at);
    &by_output[place(outputs.start)..place(outputs.end)]
}

/// Names the loop that an input is in.
fn looped(
    parts: &[Part],
    feeds: &[Feed],
    followed: &[Arc<[Vec<usize>]>],
    is_known: &[bool],
    mut input: usize,
) -> Diagnostics {
    // The first wire from an unknown output, by the input that it leads to.
    let mut unknown: HashMap<usize, &Feed> = HashMap::new();
    for feed in feeds.iter().filter(|feed| !is_known[feed.from]) {
        unknown.entry(feed.to).or_insert(feed);
    }
    let mut chain: Vec<&Feed> = Vec::new();
    let mut places: HashMap<usize, usize> = HashMap::new();
    while let Some(feed) = unknown.get(&input).copied() {
        if let Some(at) = places.insert(input, chain.len()) {
            chain.drain(..at);
            break;
        }
        chain.push(feed);
        let at = parts.partition_point(|part| part.outputs.end <= feed.from);
        let needs = &followed[at][feed.from - parts[at].outputs.start];
        let start = parts[at].inputs.start;
        let mut needs = needs.iter().map(|need| start + need);
        let Some(next) = needs.find(|input| unknown.contains_key(input)) else { break };
        input = next;
    }
    let inputs = chain.iter().take(MOST_SHOWN).map(|feed| format!("`{}`", feed.stated.text));
    let mut inputs: Vec<String> = inputs.collect();
    let more = chain.len() - inputs.len();
    inputs.extend((more > 0).then(|| format!("{more} more")));
    let message =
        format!("an algebraic loop: each of {} follows the others at once", inputs.join(", "));
    let expected = "a machine with a state in the loop (a tank, a pipe's inertia), or one of these \
                    inputs from a property";
    let error = chain
        .first()
        .map(|feed| Diagnostic { expected: Some(expected.into()), ..feed.stated.wrong(message) });
    Diagnostics(error.into_iter().collect())
}

// Lanes are named for who looks for what a model runs on.
const _: fn() = || {
    fn runs<T: Kernel<f64> + Kernel<Lanes>>() {}
    runs::<Wired>();
};
