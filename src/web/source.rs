//! Sources that live on the page's one thread: somebody calls them some times a second.

use std::cell::RefCell;
use std::rc::Rc;

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;

use crate::viewer::base::fetch::text;

/// Something that gets on whenever it is called.
pub trait Driven {
    /// Does what is due; takes a few milliseconds at most.
    fn tick(&mut self);

    /// Logs in as somebody else; for sources that log in.
    fn log_in(&mut self, _user: Option<String>, _password: Option<String>) {}
}

/// Milliseconds between two calls. A hidden page is called once a second, by the browser's rule.
const EVERY_MS: i32 = 10;

/// A source that is driven for as long as the page lives.
pub type Shared = Rc<RefCell<dyn Driven>>;

/// Drives a source from now on, also while the page is hidden and draws no frame.
///
/// # Errors
/// When the browser gives no timer.
pub fn drive(source: &Shared) -> Result<(), String> {
    let source = source.clone();
    let tick = Closure::<dyn FnMut()>::new(move || {
        // A source that is busy is called again soon.
        if let Ok(mut source) = source.try_borrow_mut() {
            source.tick();
        }
    });
    let window = web_sys::window().ok_or("there is no window to drive the source")?;
    window
        .set_interval_with_callback_and_timeout_and_arguments_0(
            tick.as_ref().unchecked_ref(),
            EVERY_MS,
        )
        .map_err(|error| text(&error))?;
    // For as long as the page lives.
    tick.forget();
    Ok(())
}
