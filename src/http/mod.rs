//! What all HTTP and WebSocket listeners of this program share: who may ask, how long a connection
//! may take, and how MQTT is carried over a WebSocket.
//!
//! Flows in: a listening socket and the routes. Flows out: answers. Connections that are slow to ask
//! are closed, and give way to others when there are too many.

pub mod guard;
mod timed;
pub(crate) mod websocket;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tower::ServiceExt;

use timed::Timed;

/// How long a client may take for the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a connection may be silent in both directions; WebSockets are pinged more often.
const SILENCE: Duration = Duration::from_secs(60);
/// Connections at a time, besides WebSockets, which their own limits count. Below the 1,024 files that
/// systems let a program open unless told otherwise.
const MOST: usize = 512;
/// Pause after the system has refused a connection, such as for want of file handles.
const PAUSE: Duration = Duration::from_millis(100);

/// One connection that is being served.
struct Served {
    task: JoinHandle<()>,
    /// Whether a whole request has come.
    asked: Arc<AtomicBool>,
}

/// Serves for as long as the task lives.
pub(crate) async fn serve(listener: TcpListener, router: Router) {
    let mut open: Vec<Served> = Vec::new();
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                // One client's fault, or all file handles are taken: the next may be fine.
                log::warn!("a connection could not be accepted: {error}");
                make_room(&mut open, 0);
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        make_room(&mut open, MOST);
        let asked = Arc::new(AtomicBool::new(false));
        let task = tokio::spawn(connection(stream, router.clone(), asked.clone()));
        open.push(Served { task, asked });
    }
}

/// Closes the oldest connection that has not asked yet, or else the oldest, where `most` are open.
fn make_room(open: &mut Vec<Served>, most: usize) {
    if open.len() < most {
        return;
    }
    open.retain(|served| !served.task.is_finished());
    if open.len() >= most && !open.is_empty() {
        let silent = open.iter().position(|served| !served.asked.load(Ordering::Relaxed));
        open.remove(silent.unwrap_or(0)).task.abort();
    }
}

async fn connection(stream: TcpStream, router: Router, asked: Arc<AtomicBool>) {
    // Without it small answers wait for each other; nothing is lost where it cannot be set.
    let _ = stream.set_nodelay(true);
    let service = hyper::service::service_fn(move |request: hyper::Request<_>| {
        asked.store(true, Ordering::Relaxed);
        router.clone().oneshot(request.map(Body::new))
    });
    let served = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .serve_connection(TokioIo::new(Timed::new(stream, SILENCE)), service)
        .with_upgrades()
        .await;
    if let Err(error) = served {
        log::debug!("a connection has ended: {error}");
    }
}

/// A listener of the standard library, for [`serve`].
///
/// # Errors
/// When the system refuses it.
pub(crate) fn listener(listener: std::net::TcpListener) -> io::Result<TcpListener> {
    listener.set_nonblocking(true)?;
    TcpListener::from_std(listener)
}
