//! MQTT over the browser's WebSocket: carries the bytes of a [`Session`], and opens the socket again
//! after a break.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use js_sys::{ArrayBuffer, Uint8Array};
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{BinaryType, CloseEvent, Event, MessageEvent, WebSocket};

use super::source::Driven;
use crate::telemetry::session::{Moment, Order, Session};
use crate::twin::Timestamp;
use crate::viewer::base::fetch::text;

/// A session and the socket that carries it.
pub struct Connection {
    url: String,
    session: Rc<RefCell<Session>>,
    socket: Option<Socket>,
    /// When the next attempt to connect is due, since the page began.
    retry_at: Duration,
}

/// One connection, from its opening to its end.
struct Socket {
    web: WebSocket,
    /// Why it ended, once it has. Kept here, for a callback may not drop itself.
    ended: Rc<RefCell<Option<String>>>,
    _opened: Closure<dyn FnMut(Event)>,
    _received: Closure<dyn FnMut(MessageEvent)>,
    _closed: Closure<dyn FnMut(CloseEvent)>,
}

/// This instant, on both clocks.
pub fn moment() -> Moment {
    let millis = web_sys::window().and_then(|window| window.performance()).map_or(0.0, |p| p.now());
    Moment { wall: Timestamp::now(), elapsed: Duration::from_secs_f64(millis.max(0.0) * 1e-3) }
}

impl Connection {
    /// Connects to a `ws://` or `wss://` address as soon as it is driven.
    pub fn new(url: &str, session: Session) -> Self {
        let session = Rc::new(RefCell::new(session));
        Self { url: url.to_owned(), session, socket: None, retry_at: Duration::ZERO }
    }

    /// Logs in as somebody else, at once.
    pub fn log_in(&mut self, user: Option<String>, password: Option<String>) {
        self.session.borrow_mut().log_in(user, password);
        self.end("another login");
        self.retry_at = Duration::ZERO;
    }

    fn open(&mut self) {
        match Socket::open(&self.url, &self.session) {
            Ok(socket) => self.socket = Some(socket),
            Err(error) => self.end(&error),
        }
    }

    fn end(&mut self, reason: &str) {
        if let Some(socket) = self.socket.take() {
            socket.close();
        }
        let retry_in = self.session.borrow_mut().closed(reason);
        self.retry_at = moment().elapsed + retry_in;
    }
}

impl Driven for Connection {
    fn tick(&mut self) {
        let now = moment();
        let ended = self.socket.as_ref().and_then(|socket| socket.ended.borrow_mut().take());
        if let Some(reason) = ended {
            self.end(&reason);
        } else if self.socket.is_none() && self.retry_at <= now.elapsed {
            self.open();
        }
        self.session.borrow_mut().tick(now);
        if let Some(socket) = &self.socket {
            send(&mut self.session.borrow_mut(), &socket.web, &socket.ended);
        }
    }

    fn log_in(&mut self, user: Option<String>, password: Option<String>) {
        Self::log_in(self, user, password);
    }
}

/// Does what the session wants done with the socket.
fn send(session: &mut Session, web: &WebSocket, ended: &RefCell<Option<String>>) {
    while let Some(order) = session.next_order() {
        let failed = match order {
            Order::Send(bytes) => web.send_with_u8_array(&bytes).map_err(|error| text(&error)),
            Order::Close => Err("the connection was closed".to_owned()),
        };
        if let Err(reason) = failed {
            ended.borrow_mut().get_or_insert(reason);
            return;
        }
    }
}

impl Socket {
    fn open(url: &str, session: &Rc<RefCell<Session>>) -> Result<Self, String> {
        let web = WebSocket::new_with_str(url, "mqtt")
            .map_err(|error| format!("{url} cannot be used: {}", text(&error)))?;
        web.set_binary_type(BinaryType::Arraybuffer);
        let ended = Rc::new(RefCell::new(None));
        let _opened = {
            let (session, web, ended) = (session.clone(), web.clone(), ended.clone());
            Closure::new(move |_| {
                let mut session = session.borrow_mut();
                session.opened(moment());
                send(&mut session, &web, &ended);
            })
        };
        let _received = {
            let (session, web, ended) = (session.clone(), web.clone(), ended.clone());
            Closure::new(move |event: MessageEvent| {
                // MQTT is binary; a text frame is a broken broker's, and so no bytes of the session.
                let Ok(buffer) = event.data().dyn_into::<ArrayBuffer>() else {
                    ended.borrow_mut().get_or_insert("the broker sent text for MQTT".into());
                    return;
                };
                let mut session = session.borrow_mut();
                session.received(&Uint8Array::new(&buffer).to_vec(), moment());
                send(&mut session, &web, &ended);
            })
        };
        let _closed = {
            let (ended, url) = (ended.clone(), url.to_owned());
            Closure::new(move |event: CloseEvent| {
                ended.borrow_mut().get_or_insert_with(|| closed(&url, &event));
            })
        };
        web.set_onopen(Some(_opened.as_ref().unchecked_ref()));
        web.set_onmessage(Some(_received.as_ref().unchecked_ref()));
        web.set_onclose(Some(_closed.as_ref().unchecked_ref()));
        Ok(Self { web, ended, _opened, _received, _closed })
    }

    fn close(&self) {
        self.web.set_onopen(None);
        self.web.set_onmessage(None);
        self.web.set_onclose(None);
        // It may be closed already, which is as well.
        let _ = self.web.close();
    }
}

/// Why a connection ended, for people. Browsers give pages no more than this.
fn closed(url: &str, event: &CloseEvent) -> String {
    match (event.code(), event.reason()) {
        (_, reason) if !reason.is_empty() => format!("{url} closed the connection: {reason}"),
        (1006, _) if url.starts_with("wss:") => format!(
            "{url} cannot be reached or closed the connection; is the broker running, with a \
             certificate that this browser trusts?"
        ),
        (1006, _) => {
            format!("{url} cannot be reached or closed the connection; is the broker running?")
        }
        (code, _) => format!("{url} closed the connection (code {code})"),
    }
}
