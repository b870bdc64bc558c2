//! What the viewer remembers from run to run, as small files in the user's configuration folder, in
//! the browser in the page's local storage. Never a password.
//!
//! Where `TWINSCOPE_NO_SETTINGS` is set, or the browser keeps nothing, nothing is remembered.

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
    if let Err(error) = folder.and_then(|()| crate::output::write(&file, text.as_bytes())) {
        warn!("{} cannot be written: {error}", file.display());
    }
}

/// The page's storage; a browser may refuse it, in private windows and in frames.
#[cfg(target_arch = "wasm32")]
fn storage() -> Option<web_sys::Storage> {
    web_sys::window()?.local_storage().ok()?
}

/// What was remembered under that name, if anything.
#[cfg(target_arch = "wasm32")]
pub fn read<T: serde::de::DeserializeOwned>(name: &str) -> Option<T> {
    let text = storage()?.get_item(&format!("twinscope/{name}")).ok()??;
    serde_json::from_str(&text).ok()
}

/// Remembers a text under that name.
#[cfg(target_arch = "wasm32")]
pub fn write(name: &str, text: &str) {
    if let Some(storage) = storage()
        && storage.set_item(&format!("twinscope/{name}"), text).is_err()
    {
        bevy::prelude::warn!("the browser does not keep {name}");
    }
}
