//! Tests of whole pieces against each other and against programs that are not ours, in one binary.
#![allow(clippy::unwrap_used)]

mod brain;
mod broker;
mod cli;
mod extending;
mod feed;
mod gltf_reader;
mod layers;
mod manual;
mod monitor;
mod mqtt;
#[cfg(feature = "viewer")]
mod picture;
mod plant;
#[path = "../support/programs.rs"]
mod programs;
mod recording;
mod refused;
mod relied_upon;
mod scenes;
mod serve;
mod session;
mod simulate;
#[path = "../support/mod.rs"]
mod support;
mod tables;
mod untrusted;
mod watch;
