//! Computes the runs and writes a line for each: its digest, how many numbers it has, its name.
//!
//! As a program: `brain_digest [NAME]`, with a name every number of that run as its bits. As
//! WebAssembly: `text()` and `text_length()` give the same lines, `numbers(run)` and `count(run)` the
//! numbers of a run. See brain.test.mjs.
#![allow(missing_docs, unsafe_code, clippy::print_stdout, clippy::expect_used)]

mod runs;
#[path = "../support/brain.rs"]
#[allow(dead_code)]
mod support;
mod wider;

use runs::{Run, runs};

/// FNV-1a of 64 bits over all bits of all numbers.
fn digest(numbers: &[f64]) -> u64 {
    let bytes = numbers.iter().flat_map(|number| number.to_bits().to_le_bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn line(run: &Run) -> String {
    format!("{:016x} {:>8} {}", digest(&run.numbers), run.numbers.len(), run.name)
}

fn main() {
    let runs = runs();
    match std::env::args().nth(1) {
        None => runs.iter().for_each(|run| println!("{}", line(run))),
        Some(name) => {
            let run = runs.iter().find(|run| run.name == name).expect("a run of that name");
            run.numbers.iter().for_each(|number| println!("{:016x}", number.to_bits()));
        }
    }
}

#[cfg(target_arch = "wasm32")]
mod exports {
    use std::sync::OnceLock;

    use super::{Run, line, runs};

    fn all() -> &'static [Run] {
        static ALL: OnceLock<Vec<Run>> = OnceLock::new();
        ALL.get_or_init(runs)
    }

    fn lines() -> &'static str {
        static LINES: OnceLock<String> = OnceLock::new();
        LINES.get_or_init(|| all().iter().map(line).collect::<Vec<_>>().join("\n"))
    }

    #[unsafe(no_mangle)]
    extern "C" fn text() -> *const u8 {
        lines().as_ptr()
    }

    #[unsafe(no_mangle)]
    extern "C" fn text_length() -> usize {
        lines().len()
    }

    #[unsafe(no_mangle)]
    extern "C" fn numbers(run: usize) -> *const f64 {
        all()[run].numbers.as_ptr()
    }

    #[unsafe(no_mangle)]
    extern "C" fn count(run: usize) -> usize {
        all()[run].numbers.len()
    }
}
