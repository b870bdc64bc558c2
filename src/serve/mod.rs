//! The server of the page: the program for the browser, the twin's files, and the broker's
//! WebSocket, all at one address.
//!
//! Flows in: where the page's files are, a twin file, which broker. Flows out: an HTTP server on
//! threads of its own, which ends when its handle is dropped. Of the disk it hands out the page's
//! folder and the files that the twin names, nothing else, and follows no link out of them. Pages
//! read the broker; what would write to it is refused.

pub mod read_only;
mod relay;
mod site;
mod stamp;
mod twin_files;

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;

use tokio::sync::oneshot;

pub use relay::Upstream;

use crate::http::{self, guard};

/// What is served, where, and to whom.
#[derive(Clone, Debug)]
pub struct ServeOptions {
    /// Where to listen; port 0 takes a free one.
    pub http: SocketAddr,
    /// Folder with the page, as `scripts/build-web` makes it.
    pub bundle: PathBuf,
    /// The twin file.
    pub twin: PathBuf,
    /// Where the MQTT of the pages goes.
    pub upstream: Upstream,
    /// Whether the broker wants a user and a password, for which the page then asks. Without it the
    /// server listens on the loopback interface only.
    pub login: bool,
    /// Origins (`https://grafana.example`) that may embed and steer the page, besides its own.
    pub embed: Vec<String>,
    /// Names (`plant.example`) by which a proxy calls a server that listens on the loopback interface,
    /// besides those of this computer.
    pub hosts: Vec<String>,
    /// Pages that may use the broker through this server at a time.
    pub pages: usize,
}

/// [`ServeOptions::pages`] unless stated otherwise.
pub const PAGES: usize = 200;

/// Why the server did not start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// It would have been open to the network without a password.
    #[error(
        "the server is asked to listen on {0}, where other computers can reach it: give the broker \
         a user and a password, or let it listen on 127.0.0.1"
    )]
    OpenToTheNetwork(SocketAddr),
    /// The page has not been built.
    #[error(
        "there is no page in {0}: build it with scripts/build-web, or name its folder with --bundle"
    )]
    NoBundle(PathBuf),
    /// An origin that may embed the page is none.
    #[error("`{0}` is no origin; write it like https://grafana.example or http://localhost:3000")]
    Origin(String),
    /// A name by which a proxy calls the server is none.
    #[error(
        "`{0}` is no name of a server; write it like plant.example, 10.0.0.5 or [fd00::1], without scheme, \
         port and path"
    )]
    Host(String),
    /// The twin file cannot be used.
    #[error("{0}")]
    Twin(String),
    /// The address cannot be listened on.
    #[error(
        "the server cannot listen on {address}: {reason}; choose another port, or 0 for a free one"
    )]
    Bind {
        /// The address asked for.
        address: SocketAddr,
        /// What the system says.
        reason: std::io::Error,
    },
    /// No thread or no runtime.
    #[error("the server did not start: {0}")]
    Start(#[from] std::io::Error),
}

/// A running server. Dropping it stops it and frees its port.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    refused: Arc<AtomicU64>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts a server and returns when it accepts connections.
    ///
    /// # Errors
    /// If the page or the twin cannot be used, the address is taken, or others could reach it
    /// without a password.
    pub fn start(options: ServeOptions) -> Result<Self, ServeError> {
        if !options.login && !options.http.ip().is_loopback() {
            return Err(ServeError::OpenToTheNetwork(options.http));
        }
        if !options.bundle.join("index.html").is_file() {
            return Err(ServeError::NoBundle(options.bundle));
        }
        if let Some(wrong) = options.embed.iter().find(|origin| !guard::is_origin(origin)) {
            return Err(ServeError::Origin(wrong.clone()));
        }
        if let Some(wrong) = options.hosts.iter().find(|host| !guard::is_name(host)) {
            return Err(ServeError::Host(wrong.clone()));
        }
        let site = site::Site::new(&options).map_err(ServeError::Twin)?;
        let bind = |reason| ServeError::Bind { address: options.http, reason };
        let listener = TcpListener::bind(options.http).map_err(bind)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("serve-worker")
            .enable_all()
            .build()?;
        let (stop, stopped) = oneshot::channel();
        let refused = site.refused().clone();
        let router = site::router(Arc::new(site));
        let thread = std::thread::Builder::new().name("serve".into()).spawn(move || {
            runtime.block_on(async {
                let listener = match http::listener(listener) {
                    Ok(listener) => listener,
                    Err(error) => return log::error!("the server has ended: {error}"),
                };
                // Open sockets of pages must not keep the program: they connect again elsewhere.
                tokio::select! {
                    () = http::serve(listener, router) => {}
                    _ = stopped => {}
                }
            });
            runtime.shutdown_background();
        })?;
        Ok(Self { address, refused, stop: Some(stop), thread: Some(thread) })
    }

    /// Where it listens, with the port that it was given.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What to type into a browser.
    pub fn url(&self) -> String {
        let shown = match self.address {
            address if address.ip().is_unspecified() => format!("localhost:{}", address.port()),
            address => address.to_string(),
        };
        format!("http://{shown}/")
    }

    /// Connections of pages that were ended because they said what a page may not: a message to
    /// publish, a will, another client's identifier.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Whether it still runs.
    pub fn is_running(&self) -> bool {
        self.thread.as_ref().is_some_and(|thread| !thread.is_finished())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The receiver is gone only when the server has ended already.
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            log::error!("the server's thread panicked");
        }
    }
}
