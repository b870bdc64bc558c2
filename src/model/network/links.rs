//! Which property of the twin is which variable of a model, with the conversion of its unit.
//!
//! Flows in: what classes, assets and wires state, resolved once ([`super::Network::of`]). Flows out:
//! [`Links`] by place, without names, for whoever fills a model's inputs from what comes in, compares
//! its outputs with what is measured, or shows its states.

use std::ops::Range;

use crate::model::about::{About, Alias, Variable};
use crate::twin::{PropertyId, Twin};

/// A variable of a model, by its place among those of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VariableId {
    /// What acts on it from outside.
    Input(usize),
    /// What it remembers.
    State(usize),
    /// What can be measured of it.
    Output(usize),
}

impl VariableId {
    /// What the model says of it; `None` when the model has no such variable.
    pub fn of(self, about: &About) -> Option<&Variable> {
        match self {
            Self::Input(at) => about.inputs.get(at),
            Self::State(at) => about.states.get(at),
            Self::Output(at) => about.outputs.get(at),
        }
    }

    fn of_mut(self, about: &mut About) -> Option<&mut Variable> {
        match self {
            Self::Input(at) => about.inputs.get_mut(at),
            Self::State(at) => about.states.get_mut(at),
            Self::Output(at) => about.outputs.get_mut(at),
        }
    }
}

/// A property that is a variable of the network's model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Link {
    /// The property.
    pub property: PropertyId,
    /// Whose variable it is, by its place among [`super::Network::assets`]; of a property that is
    /// summed into inputs of several machines, the first.
    pub machine: usize,
    /// The variable.
    pub variable: VariableId,
    /// The variable, in the model's unit, is so many times the property, in the property's unit, …
    pub scale: f64,
    /// … and so much more.
    pub offset: f64,
}

impl Link {
    /// The variable's value, in the model's unit, where the property has that value.
    pub fn to_model(&self, value: f64) -> f64 {
        value * self.scale + self.offset
    }

    /// The property's value, in its unit, where the variable has that value; not finite where a wire
    /// has scale 0.
    pub fn to_property(&self, value: f64) -> f64 {
        (value - self.offset) / self.scale
    }
}

/// All links of a network. Looking some up takes the same time however many there are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Links {
    /// The network's model, whose variables these are.
    model: About,
    /// By machine, then by variable.
    all: Vec<Link>,
    /// Where the links of each machine begin, and where all end.
    machines: Vec<u32>,
    /// Places in `all`, by property.
    by_property: Vec<u32>,
    /// Where those of each property begin, and where all end.
    properties: Vec<u32>,
}

impl Links {
    /// Of so many machines and properties.
    pub(super) fn new(machines: usize, properties: usize, mut all: Vec<Link>) -> Self {
        all.sort_by_key(|link| (link.machine, link.variable, link.property));
        let mut by_property: Vec<u32> = (0..all.len() as u32).collect();
        by_property.sort_by_key(|at| all[*at as usize].property);
        let begins = |count: usize, group: &dyn Fn(&Link) -> usize| -> Vec<u32> {
            let mut begins = vec![0; count + 1];
            all.iter().for_each(|link| begins[group(link) + 1] += 1);
            (0..count).for_each(|at| begins[at + 1] += begins[at]);
            begins
        };
        let machines = begins(machines, &|link| link.machine);
        let properties = begins(properties, &|link| link.property.0 as usize);
        Self { model: About::default(), machines, by_property, properties, all }
    }

    /// The model whose variables these are.
    pub fn model(&self) -> &About {
        &self.model
    }

    /// All of them, by machine, then by variable.
    pub fn all(&self) -> &[Link] {
        &self.all
    }

    /// Those of a property: it may be an output of one machine and an input of another.
    pub fn of_property(&self, property: PropertyId) -> impl Iterator<Item = &Link> {
        let places = range(&self.properties, property.0 as usize);
        self.by_property[places].iter().map(|at| &self.all[*at as usize])
    }

    /// Those of a machine, by its place among [`super::Network::assets`]: inputs, states, outputs.
    pub fn of_machine(&self, machine: usize) -> &[Link] {
        &self.all[range(&self.machines, machine)]
    }

    /// Lets tables name the variables by their properties; these links are then those of this model. A
    /// name that a property and a variable share is the property's, so that a column means the same to
    /// the models and to the twin.
    pub(super) fn name(&mut self, about: &mut About, twin: &Twin) {
        let About { states, inputs, outputs, .. } = &mut *about;
        for variable in [states, inputs, outputs].into_iter().flatten() {
            variable.is_named_as_property = twin.property_by_path(&variable.name).is_some();
        }
        for link in &self.all {
            let Some(variable) = link.variable.of_mut(about) else { continue };
            let Link { scale, offset, .. } = *link;
            let names = twin.property_names(link.property);
            variable.aliases.extend(names.map(|name| Alias { name, scale, offset }));
        }
        self.model = about.clone();
    }
}

/// From one beginning to the next; nothing where there is none.
fn range(begins: &[u32], at: usize) -> Range<usize> {
    match begins.get(at..at + 2) {
        Some(&[begin, end]) => begin as usize..end as usize,
        _ => 0..0,
    }
}
