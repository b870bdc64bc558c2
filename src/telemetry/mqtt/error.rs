//! What is wrong with the options of a client.

use std::path::PathBuf;

use thiserror::Error;

/// What is wrong with the address of a broker, or with what belongs to it.
#[derive(Debug, Error)]
pub enum ClientOptionsError {
    /// The address cannot be read.
    #[error(
        "the broker's address cannot be used: {reason}; expected something like mqtt://localhost:1883"
    )]
    Url {
        /// What is wrong with it. It repeats no more of the address than the piece that is wrong, and nothing of the login.
        reason: String,
    },
    /// A file cannot be read.
    #[error("{what} {path:?} cannot be read: {error}")]
    File {
        /// What the file is for.
        what: &'static str,
        /// Where it was looked for.
        path: PathBuf,
        /// Why not.
        error: std::io::Error,
    },
    /// A file holds something else.
    #[error("{what} {path:?}: {reason}")]
    Content {
        /// What the file is for.
        what: &'static str,
        /// Where it is.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// TLS cannot be set up.
    #[error("TLS cannot be set up: {0}")]
    Tls(String),
}
