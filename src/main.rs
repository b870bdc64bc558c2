//! Twinscope.
fn main() {}
