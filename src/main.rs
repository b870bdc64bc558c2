//! The command line: words in, exit status out. What the commands do is in the library.

#[cfg(not(target_arch = "wasm32"))]
mod cli;

#[cfg(not(target_arch = "wasm32"))]
fn main() -> std::process::ExitCode {
    cli::main()
}

/// In the browser the page starts the viewer; there is no command line.
#[cfg(target_arch = "wasm32")]
fn main() {}
