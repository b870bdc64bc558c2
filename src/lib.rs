//! Twinscope: a live 3D digital twin of a plant, in one program.
//!
//! The rooms, from the ground up; nothing below reaches up:
//!
//! | room | what it is for |
//! |---|---|
//! | [`twin`] | the definition of a plant: classes, assets, properties, units, mappings, bindings |
//! | [`table`] | tables as CSV: headings, units, rows |
//! | [`telemetry`] | samples arriving: decoders, topic routing, sources, the bounded channel |
//! | [`history`] | samples kept, and the one interface by which a state is read |
//! | [`worker`], [`jobs`] | long work beside the frame, in turns by priority: jobs and lasting actors, for threads, slices and Web Workers |
//! | [`model`] | how equipment behaves: published models and the solvers that run them |
//! | [`estimate`] | what is known of a machine from its samples: filters, calibration, anomalies |
//! | [`forecast`] | what a machine will do: ensembles, times of events, remaining life |
//! | [`cad`] | glTF bytes in, plain glTF bytes out; inspection |
//! | [`mirror`] | telemetry into history: the live twin without a picture |
//! | [`http`] | who may ask a listener, and how long a connection may take (native only) |
//! | [`plant`] | the simulated plant; the embedded broker (native only) |
//! | [`serve`] | the page, the twin's files and the broker's WebSocket over HTTP (native only) |
//! | [`watch`] | the mirror's state as a table or JSON lines (native only) |
//! | [`terminal`] | what may go to a terminal: foreign text cannot steer it |
//! | `output` | files that appear whole or not at all (native only) |
//! | `web` | the viewer in a page: what the page's script calls (browser only) |
//! | `viewer` | the 3D scene and its panels, with the feature `viewer` |

pub mod cad;
pub mod estimate;
pub mod forecast;
pub mod history;
#[cfg(not(target_arch = "wasm32"))]
pub mod http;
pub mod jobs;
pub mod mirror;
pub mod model;
#[cfg(not(target_arch = "wasm32"))]
pub mod output;
pub mod plant;
#[cfg(not(target_arch = "wasm32"))]
pub mod serve;
pub mod table;
pub mod telemetry;
pub mod terminal;
pub mod twin;
#[cfg(feature = "viewer")]
pub mod viewer;
#[cfg(not(target_arch = "wasm32"))]
pub mod watch;
#[cfg(all(feature = "viewer", target_arch = "wasm32"))]
pub mod web;
pub mod worker;

// What tests, benches and fuzz targets set up alike; it names the library as they do.
#[cfg(test)]
extern crate self as twinscope;
#[cfg(test)]
#[path = "../tests/support/mod.rs"]
pub(crate) mod support;
