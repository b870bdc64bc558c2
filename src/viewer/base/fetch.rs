//! Files of the server that the page came from.

use js_sys::Uint8Array;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::Response;

/// Bytes at an address, relative to the page.
///
/// # Errors
/// What the server or the network said, for people.
pub async fn fetch(url: &str) -> Result<Vec<u8>, String> {
    let window = web_sys::window().ok_or("there is no window to fetch with")?;
    let failed = |error: JsValue| format!("cannot fetch {url}: {}", text(&error));
    let response: Response = JsFuture::from(window.fetch_with_str(url))
        .await
        .map_err(failed)?
        .dyn_into()
        .map_err(|_| format!("{url} did not answer as a server does"))?;
    if !response.ok() {
        let (status, what) = (response.status(), response.status_text());
        return Err(format!("the server answered {status} {what} for {url}"));
    }
    let buffer = JsFuture::from(response.array_buffer().map_err(failed)?).await.map_err(failed)?;
    Ok(Uint8Array::new(&buffer).to_vec())
}

/// What a JavaScript error says.
pub fn text(error: &JsValue) -> String {
    match error.dyn_ref::<js_sys::Error>() {
        Some(error) => String::from(error.message()),
        None => error.as_string().unwrap_or_else(|| format!("{error:?}")),
    }
}
