//! Twinscope.
