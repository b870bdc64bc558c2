//! The machines of a plant, wired into one model.
//!
//! Flows in: a twin whose classes state behaviours, and its wires. Flows out: a [`Machine`] like
//! any other, whose states, inputs, outputs and events are those of all machines with the asset's
//! name before them (`P-101.Qout`), so that whatever runs a model runs a plant. A wired input is no
//! input of the whole; the others are. Which property is which variable is in its [`Links`], and a
//! table may name variables by their properties.

mod behaviour;
mod feedthrough;
mod links;
mod resolve;
#[cfg(test)]
mod tests;
mod wired;

use std::sync::Arc;

pub use self::links::{Link, Links, VariableId};
use self::resolve::{Part, Resolved};
use self::wired::Wired;
use super::kernel::Model;
use super::machine::Machine;
use super::solver::Method;
use crate::twin::behaviour::Behaviour;
use crate::twin::{AssetId, Diagnostic, Diagnostics, Severity, Twin};

/// A plant as a model.
#[derive(Clone, Debug)]
pub struct Network {
    /// All machines as one.
    pub machine: Machine,
    /// The assets whose models these are, in the order of their states.
    pub assets: Vec<AssetId>,
    /// Which property is which variable of [`Network::machine`].
    pub links: Links,
    /// What is estimated of all, by the names of the whole.
    pub behaviour: Behaviour,
}

impl Network {
    /// The machines of a twin.
    ///
    /// # Errors
    /// Names that no model has, units that do not convert, inputs that are fed twice, machines
    /// whose outputs need each other at the same instant (an algebraic loop), and a twin without any
    /// behaviour.
    pub fn of(twin: &Twin) -> Result<Self, Diagnostics> {
        let resolved = Resolved::of(twin)?;
        if resolved.parts.is_empty() {
            let file = twin.files.first().map(|file| file.display().to_string());
            return Err(Diagnostics(vec![Diagnostic {
                severity: Severity::Error,
                file: file.unwrap_or_default(),
                line: 1,
                column: 1,
                text: String::new(),
                message: "no asset of this twin has a behaviour".into(),
                expected: Some("`behaviour: \"machine.ron\"` in a class or an asset".into()),
                suggestion: None,
                source_line: String::new(),
                skipped: 0,
            }]));
        }
        let (wired, links) = Wired::of(twin, &resolved)?;
        let all = |of: fn(&Machine) -> &Vec<f64>| -> Vec<f64> {
            resolved.parts.iter().flat_map(|part| of(&part.machine).iter().copied()).collect()
        };
        let warnings = resolved.parts.iter().flat_map(|part| part.machine.warnings.clone());
        // As careful as the machine that is most so.
        let shortest = |a: &&Part, b: &&Part| a.machine.step_s.total_cmp(&b.machine.step_s);
        let careful = resolved.parts.iter().min_by(shortest).map(|part| &part.machine);
        let mut methods = resolved.parts.iter().map(|part| part.machine.method);
        Ok(Self {
            machine: Machine {
                parameters: all(|machine| &machine.parameters),
                initial: all(|machine| &machine.initial),
                // Of the whole, the one that any machine needs.
                method: methods.find(|method| *method != Method::Euler).unwrap_or_default(),
                step_s: careful.map_or(1.0, |machine| machine.step_s),
                is_step_stated: careful.is_some_and(|machine| machine.is_step_stated),
                inputs: wired.stated(&resolved.parts),
                warnings: warnings.collect(),
                model: Arc::new(wired) as Arc<dyn Model>,
            },
            assets: resolved.parts.iter().map(|part| part.asset).collect(),
            links,
            behaviour: behaviour::of_all(twin, &resolved.parts),
        })
    }
}
