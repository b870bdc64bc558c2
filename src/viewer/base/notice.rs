//! Notices to the user: what the message log shows, whoever it comes from.

use std::path::PathBuf;

use bevy::prelude::*;

use crate::twin::AssetId;

/// How much a notice matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Good to know.
    Info,
    /// Something is not as it should be.
    Warning,
    /// Something does not work.
    Error,
}

/// Something that the user should know; whoever wrote it goes on.
#[derive(Message, Clone, Debug, PartialEq)]
pub struct Notice {
    /// One of the assets that it concerns, if it is about one.
    pub asset: Option<AssetId>,
    /// The file, if it is about one.
    pub file: Option<PathBuf>,
    /// How much it matters.
    pub severity: Severity,
    /// What happened or is wrong, and what to do; with its place in the twin file where there is one.
    pub text: String,
}

impl Notice {
    /// About nothing in particular: files, links, connections.
    pub fn new(severity: Severity, text: impl Into<String>) -> Self {
        Self { asset: None, file: None, severity, text: text.into() }
    }
}
