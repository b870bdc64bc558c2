//! What unit tests, integration tests, benches, examples and fuzz targets set up alike, once.
//!
//! No feature turns it on, so that no build of the dependencies is needed but the one that is there
//! anyway. Who needs it includes it by its path: the library's unit tests as `crate::support` (there
//! `twinscope` names the library itself), others by `#[path = "…/tests/support/mod.rs"] mod support;`
//! or, of one file alone, by that file's path. Hence it uses what the library makes public and nothing
//! else. Files that need more than the library and its dependencies stand beside these and are
//! included where they can be: `programs.rs` (processes and brokers), `untrusted.rs` (bodies of the fuzz
//! targets).
// Nobody uses all of it.
#![allow(dead_code, unused_imports)]

pub mod brain;
pub mod pumps;
pub mod twins;
