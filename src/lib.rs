//! Twinscope: a live 3D digital twin of a plant, in one program.
//!
//! The rooms, from the ground up; nothing below reaches up:
//!
//! | room | what it is for |
//! |---|---|
//! | [`twin`] | the definition of a plant: classes, assets, properties, units, mappings, bindings |
//! | [`telemetry`] | samples arriving: decoders, topic routing, sources, the bounded channel |
//! | [`history`] | samples kept, and the one interface by which a state is read |
//! | [`cad`] | glTF bytes in, plain glTF bytes out; inspection |
//! | [`mirror`] | telemetry into history: the live twin without a picture |
//! | [`plant`] | the simulated plant and the embedded broker (native only) |
//! | [`watch`] | the mirror's state as a table or JSON lines (native only) |
//! | `viewer` | the 3D scene and its panels, with the feature `viewer` |

pub mod cad;
pub mod history;
pub mod mirror;
#[cfg(not(target_arch = "wasm32"))]
pub mod plant;
pub mod telemetry;
pub mod twin;
#[cfg(feature = "viewer")]
pub mod viewer;
#[cfg(not(target_arch = "wasm32"))]
pub mod watch;
