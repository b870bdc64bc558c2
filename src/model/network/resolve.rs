//! Names of a twin's wires, found.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use crate::model::about::{Variable, position};
use crate::model::machine::Machine;
use crate::twin::behaviour::{Behaviour, Named};
use crate::twin::wiring::{Role, Wire};
use crate::twin::{AssetId, Diagnostic, Diagnostics, PropertyId, Twin, Unit, ValueType};

/// Comparisons of names for all unknown ones together: about half a second.
const COMPARISONS: usize = 500_000;

/// A property that stands for a variable.
#[derive(Clone, Copy)]
pub(super) struct Linked {
    pub property: PropertyId,
    /// Place of the machine.
    pub machine: usize,
    /// Place of the input, state or output among those of all machines.
    pub at: usize,
    /// Value in the model's unit = property × scale + offset.
    pub scale: f64,
    pub offset: f64,
}

/// A machine of the plant.
pub(super) struct Part {
    pub asset: AssetId,
    /// Its asset's name, or its path where two have that name.
    pub name: String,
    pub machine: Machine,
    /// What its file states; machines of one file share it.
    pub behaviour: Arc<Behaviour>,
    /// Places of its inputs, states and outputs among those of all.
    pub inputs: Range<usize>,
    pub states: Range<usize>,
    pub outputs: Range<usize>,
}

/// What flows into an input: so many times an output, and so much more.
pub(super) struct Feed {
    pub from: usize,
    pub to: usize,
    pub scale: f64,
    pub offset: f64,
    /// Where it is stated.
    pub stated: Named,
}

/// All machines and what flows between them; inputs and outputs are counted over all machines.
pub(super) struct Resolved {
    pub parts: Vec<Part>,
    /// Places in `parts` by their names.
    by_name: HashMap<String, usize>,
    pub feeds: Vec<Feed>,
    /// Properties that are an input, alone.
    pub inputs: Vec<Linked>,
    /// Properties that are summed with whatever else flows into an input.
    pub added: Vec<Linked>,
    pub states: Vec<Linked>,
    pub outputs: Vec<Linked>,
    /// Comparisons of names that may still be made to find what was meant.
    comparisons: Cell<usize>,
}

impl Resolved {
    pub(super) fn of(twin: &Twin) -> Result<Self, Diagnostics> {
        let mut wrong = Vec::new();
        let parts = parts(twin, &mut wrong);
        let by_name = parts.iter().enumerate().map(|(at, part)| (part.name.clone(), at)).collect();
        let mut resolved = Self {
            parts,
            by_name,
            feeds: vec![],
            inputs: vec![],
            added: vec![],
            states: vec![],
            outputs: vec![],
            comparisons: Cell::new(COMPARISONS),
        };
        for wire in &twin.wiring {
            if let Err(error) = resolved.wire(twin, wire) {
                wrong.push(*error);
            }
        }
        let mut reported = HashSet::new();
        for part in 0..resolved.parts.len() {
            if let Some(role) = twin.class_of(resolved.parts[part].asset).and_then(role) {
                resolved.properties(twin, part, role, &mut reported, &mut wrong);
            }
        }
        resolved.one_feed_each(&mut wrong, &twin.wiring);
        Diagnostics::unless_empty(wrong)?;
        Ok(resolved)
    }

    fn wire(&mut self, twin: &Twin, wire: &Wire) -> Result<(), Box<Diagnostic>> {
        let (to, input) = self.end(&wire.to, "input", |part| &part.machine.model.about().inputs)?;
        let (machine, to) = (to, self.parts[to].inputs.start + input.0);
        if wire.is_property {
            let property = self.property(twin, &wire.from)?;
            let unit = wire.unit.as_ref().unwrap_or(&twin.property(property).unit);
            let (scale, offset) =
                conversion(&wire.from, (wire.scale, wire.offset), unit, &input.1)?;
            let linked = Linked { property, machine, at: to, scale, offset };
            if wire.adds {
                self.added.push(linked)
            } else {
                self.inputs.push(linked)
            }
            return Ok(());
        }
        let (from, output) =
            self.end(&wire.from, "output", |part| &part.machine.model.about().outputs)?;
        let unit = output.1.unit().map_err(|error| wire.from.wrong(error.to_string()))?;
        let unit = wire.unit.as_ref().unwrap_or(&unit);
        let (scale, offset) = conversion(&wire.from, (wire.scale, wire.offset), unit, &input.1)?;
        let from = self.parts[from].outputs.start + output.0;
        self.feeds.push(Feed { from, to, scale, offset, stated: wire.to.clone() });
        Ok(())
    }

    /// The machine and the place of the variable that a wire's end names.
    fn end(
        &self,
        end: &Named,
        what: &str,
        variables: impl Fn(&Part) -> &Vec<Variable>,
    ) -> Result<(usize, (usize, Variable)), Box<Diagnostic>> {
        let (asset, name) = end.text.rsplit_once('.').unwrap_or((&end.text, ""));
        let found = self.by_name.get(asset).copied();
        let part = found.ok_or_else(|| {
            let (what, end) = ("asset with a behaviour", end.part(asset));
            if !self.may_compare(self.parts.len()) {
                return end.wrong(format!("unknown {what} `{asset}`"));
            }
            end.unknown(what, self.parts.iter().map(|part| &*part.name))
        })?;
        let all = variables(&self.parts[part]);
        let at = position(all, name).ok_or_else(|| {
            end.part(name).unknown(&format!("{what} of {asset}"), all.iter().map(|v| &*v.name))
        })?;
        Ok((part, (at, all[at].clone())))
    }

    fn property(&self, twin: &Twin, stated: &Named) -> Result<PropertyId, Box<Diagnostic>> {
        let found = twin.property_by_path(&stated.text).ok_or_else(|| {
            if !self.may_compare(twin.property_count()) {
                return stated.wrong(format!("unknown property `{}`", stated.text));
            }
            let all: Vec<String> = twin.property_ids().map(|id| twin.property_path(id)).collect();
            stated.unknown("property", all.iter().map(|path| &**path))
        })?;
        number(twin, found, stated)?;
        Ok(found)
    }

    /// Whether so many names may still be compared with one that is unknown.
    fn may_compare(&self, names: usize) -> bool {
        let left = self.comparisons.get().checked_sub(names);
        self.comparisons.set(left.unwrap_or_default());
        left.is_some()
    }

    /// Properties that a class gives to its model. `reported` are the places and messages of what is
    /// wrong, each once a class, however many instances there are.
    fn properties(
        &mut self,
        twin: &Twin,
        part: usize,
        role: &Role,
        reported: &mut HashSet<(String, usize, usize, String)>,
        wrong: &mut Vec<Diagnostic>,
    ) {
        let Part { asset, machine, inputs, states, outputs, .. } = &self.parts[part];
        let about = machine.model.about();
        let mut find = |pairs: &[(Named, Named)], what, all: &[Variable], begin: usize| {
            let mut found = Vec::new();
            for pair in pairs {
                match own(twin, (*asset, part), pair, what, all) {
                    Ok(own) => found.push(Linked { at: begin + own.at, ..own }),
                    Err(error) => {
                        let Diagnostic { file, line, column, message, .. } = &*error;
                        if reported.insert((file.clone(), *line, *column, message.clone())) {
                            wrong.push(*error);
                        }
                    }
                }
            }
            found
        };
        self.inputs.extend(find(&role.inputs, "input", &about.inputs, inputs.start));
        self.states.extend(find(&role.states, "state", &about.states, states.start));
        self.outputs.extend(find(&role.outputs, "output", &about.outputs, outputs.start));
    }

    /// An input that a wire leads to is no property of its class, and two wires say that they add
    /// up.
    fn one_feed_each(&mut self, wrong: &mut Vec<Diagnostic>, wires: &[Wire]) {
        let mut taken: HashSet<usize> = self.feeds.iter().map(|feed| feed.to).collect();
        taken.extend(self.added.iter().map(|added| added.at));
        // Those of wires come first.
        self.inputs.retain(|linked| taken.insert(linked.at));
        // Whether all wires before that lead to the same input say that they add up.
        let mut all_add: HashMap<&str, bool> = HashMap::new();
        for wire in wires {
            let before = all_add.insert(&wire.to.text, wire.adds);
            if let Some(before) = before
                && !(before && wire.adds)
            {
                all_add.insert(&wire.to.text, false);
                let message = format!(
                    "two wires lead to `{}`: leave one out, or say `adds: true` in both",
                    wire.to.text
                );
                wrong.push(wire.to.wrong(message));
            }
        }
    }
}

fn role(class: &crate::twin::Class) -> Option<&Role> {
    class.behaviour.as_deref()
}

fn parts(twin: &Twin, wrong: &mut Vec<Diagnostic>) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    // A file that many assets follow is one machine many times; `None`: what is wrong with it has been
    // said.
    let mut machines: HashMap<*const Behaviour, Option<Machine>> = HashMap::new();
    for asset in twin.asset_ids() {
        let Some(role) = twin.class_of(asset).and_then(role) else { continue };
        let machine = machines.entry(Arc::as_ptr(&role.behaviour)).or_insert_with(|| {
            let machine = Machine::of(&role.behaviour);
            machine.map_err(|errors| wrong.extend(errors.0)).ok()
        });
        let Some(machine) = machine.clone() else { continue };
        let about = machine.model.about();
        let next = |of: fn(&Part) -> &Range<usize>, count: usize| {
            let begin = parts.last().map_or(0, |part| of(part).end);
            begin..begin + count
        };
        let inputs = next(|part| &part.inputs, about.inputs.len());
        let states = next(|part| &part.states, about.states.len());
        let outputs = next(|part| &part.outputs, about.outputs.len());
        let (name, path) = (&twin.asset(asset).name, &twin.asset(asset).path);
        let is_clear = twin.asset_by_name.get(name) == Some(&asset);
        parts.push(Part {
            asset,
            name: if is_clear { name.to_string() } else { path.to_string() },
            machine,
            behaviour: role.behaviour.clone(),
            inputs,
            states,
            outputs,
        });
    }
    parts
}

/// A property of the asset itself for a variable of its model, by its place in that model.
fn own(
    twin: &Twin,
    (asset, machine): (AssetId, usize),
    (variable, stated): &(Named, Named),
    what: &str,
    all: &[Variable],
) -> Result<Linked, Box<Diagnostic>> {
    let names = || all.iter().map(|variable| &*variable.name);
    let at = position(all, &variable.text).ok_or_else(|| variable.unknown(what, names()))?;
    let property = twin.find_property(asset, &stated.text).ok_or_else(|| {
        let class = twin.class_of(asset).map_or(&[][..], |class| &class.properties);
        stated.unknown("property", class.iter().map(|property| &*property.name))
    })?;
    number(twin, property, stated)?;
    let unit = &twin.property(property).unit;
    let (scale, offset) = conversion(stated, (1.0, 0.0), unit, &all[at])?;
    Ok(Linked { property, machine, at, scale, offset })
}

fn number(twin: &Twin, property: PropertyId, stated: &Named) -> Result<(), Box<Diagnostic>> {
    match twin.property(property).ty {
        ValueType::Number => Ok(()),
        _ => Err(Box::new(stated.wrong(format!("`{}` is not a number", stated.text)))),
    }
}

/// From a source's unit to that of the variable it goes to.
fn conversion(
    stated: &Named,
    (scale, offset): (f64, f64),
    from: &Unit,
    to: &Variable,
) -> Result<(f64, f64), Box<Diagnostic>> {
    let unit = to.unit().map_err(|error| stated.wrong(error.to_string()))?;
    let (factor, shift) = from.conversion_to(&unit).ok_or_else(|| {
        let (from, to_unit) = (from.code(), unit.code());
        Diagnostic {
            expected: Some(format!("a unit that converts to {to_unit}, that of `{}`", to.name)),
            ..stated.wrong(format!("`{}` is in {from}, which does not", stated.text))
        }
    })?;
    Ok((scale * factor, offset * factor + shift))
}
