//! What the viewer remembers from run to run, as small files in the user's configuration folder.
//!
//! In the browser, and where `TWINSCOPE_NO_SETTINGS` is set, nothing is remembered.

#[cfg(not(target_arch = "wasm32"))]
use bevy::prelude::warn;

#[cfg(not(target_arch = "wasm32"))]
fn file(name: &str) -> Option<std::path::PathBuf> {
    if std::env::var_os("TWINSCOPE_NO_SETTINGS").is_some() {
        return None;
    }
    Some(dirs::config_dir()?.join("twinscope").join(name))
}

/// What was remembered under that name, if anything.
#[cfg(not(target_arch = "wasm32"))]
pub fn read<T: serde::de::DeserializeOwned>(name: &str) -> Option<T> {
    let file = file(name)?;
    let text = std::fs::read_to_string(&file).ok()?;
    serde_json::from_str(&text)
        .inspect_err(|error| {
            warn!(
                "{} cannot be read ({error}) and is not used; it will be written anew",
                file.display()
            );
        })
        .ok()
}

/// Remembers a text under that name.
#[cfg(not(target_arch = "wasm32"))]
pub fn write(name: &str, text: &str) {
    let Some(file) = file(name) else { return };
    let folder = file.parent().map_or(Ok(()), std::fs::create_dir_all);
    if let Err(error) = folder.and_then(|()| std::fs::write(&file, text)) {
        warn!("{} cannot be written: {error}", file.display());
    }
}

#[cfg(target_arch = "wasm32")]
pub fn read<T: serde::de::DeserializeOwned>(_name: &str) -> Option<T> {
    None
}

#[cfg(target_arch = "wasm32")]
pub fn write(_name: &str, _text: &str) {}
