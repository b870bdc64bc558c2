//! The simulated plant, which takes the place of real equipment and communicates by MQTT alone, and the embedded
//! broker.
//!
//! Flows in: a twin file with its `simulation` section, a seed. Flows out: MQTT messages, of the
//! shapes and on the topics that the twin file's mappings read. No other room knows this one: what
//! the viewer shows of the plant, it has read from a broker.

#[cfg(not(target_arch = "wasm32"))]
pub mod broker;
pub mod simulation;

#[cfg(not(target_arch = "wasm32"))]
pub use simulation::run;
