//! How signals end the program: one mechanism for all commands.
//!
//! Ctrl-C (SIGINT), SIGTERM and SIGHUP end a command at once and as they end any program, so that a shell
//! sees the status 130, 143 or 129; what it was writing and had not finished is removed. A command that
//! has something to bring to an end, such as a server, asks for a [`flag`]: the first signal sets it, the
//! second one ends the program at once.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use twinscope::output;

use super::failure::Failure;

/// Of a command that ends by itself when it is asked to.
static FLAG: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// Becomes true when the user asks the program to end; the command then ends by itself, soon.
pub fn flag() -> Arc<AtomicBool> {
    FLAG.get_or_init(Arc::default).clone()
}

/// Whether the command takes care of a signal itself.
fn is_taken() -> bool {
    FLAG.get().is_some_and(|flag| !flag.swap(true, Ordering::Relaxed))
}

/// Begins to listen to signals.
///
/// # Errors
/// If the system lets nobody listen.
#[cfg(unix)]
pub fn listen() -> Result<(), Failure> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::low_level::emulate_default_handler;
    // `nohup` means it. That a script's background jobs begin with Ctrl-C ignored does not: who sends
    // them that signal by name wants their end.
    let wanted = [SIGHUP, SIGINT, SIGTERM].into_iter();
    let wanted = wanted.filter(|signal| *signal != SIGHUP || !is_ignored(SIGHUP));
    let mut signals = signal_hook::iterator::Signals::new(wanted).map_err(Failure::environment)?;
    let listen = move || {
        for signal in signals.forever() {
            if !is_taken() {
                output::remove_unfinished();
                // It does not return.
                if emulate_default_handler(signal).is_err() {
                    std::process::abort();
                }
            }
        }
    };
    let thread = std::thread::Builder::new().name("signals".into()).spawn(listen);
    thread.map(drop).map_err(Failure::environment)
}

/// Whether a signal is ignored from the start, as the system states it; known on Linux alone.
#[cfg(unix)]
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    mask & 1 << (signal - 1) != 0
}

/// Begins to listen to Ctrl-C and the end of the session.
///
/// # Errors
/// If the system lets nobody listen.
#[cfg(not(unix))]
pub fn listen() -> Result<(), Failure> {
    ctrlc::set_handler(|| {
        if !is_taken() {
            output::remove_unfinished();
            std::process::exit(130);
        }
    })
    .map_err(Failure::environment)
}
