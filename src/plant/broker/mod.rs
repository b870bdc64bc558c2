//! The embedded MQTT broker: MQTT 3.1.1 and 5 over TCP and WebSocket, for the demo, the tests and
//! small plants.
//!
//! Flows in: addresses to listen on, and a login. Flows out: a running broker on threads of its own,
//! which ends when its handle is dropped. It keeps nothing on disk, and in memory so much and no more:
//! see [`Limits`] for messages, [`AWAY_SESSIONS`] for clients that are away.

mod access;
mod bounds;
mod counters;
mod websocket;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use mqtt5::broker::MqttBroker;
use mqtt5::broker::config::{AuthConfig, BrokerConfig, StorageBackend, StorageConfig};
use tokio::sync::oneshot;

use access::Access;
use bounds::{Bounds, Limits};
use counters::Counters;
pub use counters::Refused;

use crate::http::{self, guard};

/// Most connections at a time.
const MAX_CLIENTS: usize = 2_000;
/// Largest packet in either direction: above the 10 MB messages that the decoders are tested with,
/// so that they are counted there and do not cut the connection here.
const MAX_PACKET_BYTES: usize = 16 * 1024 * 1024;
/// Most retained messages; a plant of 100,000 topics fits.
const MAX_RETAINED: usize = 250_000;
/// Most subscriptions of one client.
const MAX_SUBSCRIPTIONS: usize = 10_000;
/// Messages waiting for one client before more of quality 0 are dropped.
const CLIENT_QUEUE: usize = 100_000;
/// Messages of quality 1 and 2 that are sent to a client before it has acknowledged one. The broker keeps a copy of
/// each for it. As many as mosquitto sends: with fewer a client that is far away gets too few in each round trip.
const UNACKNOWLEDGED: u16 = 20;
/// Messages kept for a client with a session that is away.
const AWAY_MESSAGES: usize = 20_000;
/// Bytes kept for a client with a session that is away; the oldest messages go first.
const AWAY_BYTES: usize = 8 * 1024 * 1024;
/// Sessions kept whose clients may be away: with [`AWAY_BYTES`] they take 512 MiB at most.
const AWAY_SESSIONS: usize = 64;
/// A session whose client stays away for longer is forgotten.
const SESSION_EXPIRY: Duration = Duration::from_secs(3600);
/// How long the broker may take to say goodbye to its clients.
const STOP_TIMEOUT: Duration = Duration::from_secs(3);
/// Path of the WebSocket, as browsers' MQTT clients expect it.
const WEBSOCKET_PATH: &str = "/mqtt";

/// Where the broker listens and who may connect.
#[derive(Clone, Debug)]
pub struct BrokerOptions {
    /// For MQTT over TCP; port 0 takes a free one.
    pub tcp: SocketAddr,
    /// For MQTT over WebSocket (browsers); port 0 takes a free one. Nothing listens unless asked for.
    pub websocket: Option<SocketAddr>,
    /// Origins (`https://grafana.example`) whose pages may use the WebSocket, besides its own.
    pub origins: Vec<String>,
    /// Who may connect; `None`: anyone, and then it listens on the loopback interface only.
    pub login: Option<Login>,
}

impl Default for BrokerOptions {
    /// A free port on the loopback interface, open to every program of this computer; no WebSocket.
    fn default() -> Self {
        let free = SocketAddr::from(([127, 0, 0, 1], 0));
        Self { tcp: free, websocket: None, origins: Vec::new(), login: None }
    }
}

/// A user and a password.
#[derive(Clone)]
pub struct Login {
    /// Name of the user.
    pub user: String,
    /// Password, as typed.
    pub password: String,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Login").field("user", &self.user).finish_non_exhaustive()
    }
}

/// Why the broker did not start.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    /// It would have been open to the network without a password.
    #[error(
        "the broker is asked to listen on {0}, where other computers can reach it: give it a user \
         and a password, or let it listen on 127.0.0.1"
    )]
    OpenToTheNetwork(SocketAddr),
    /// The login has no user or no password.
    #[error("the broker's login has an empty {0}")]
    EmptyLogin(&'static str),
    /// An origin whose pages may use the WebSocket is none.
    #[error("`{0}` is no origin; write it like https://grafana.example or http://localhost:3000")]
    Origin(String),
    /// The address cannot be listened on.
    #[error(
        "the broker cannot listen on {address} ({transport}): {reason}; choose another port, or 0 \
         for a free one"
    )]
    Bind {
        /// TCP or WebSocket.
        transport: &'static str,
        /// The address.
        address: SocketAddr,
        /// The error of the system.
        reason: String,
    },
    /// No thread, no runtime, or the broker's own fault.
    #[error("the broker did not start: {0}")]
    Start(String),
}

/// A running broker. Dropping it stops it and frees its ports.
#[derive(Debug)]
pub struct Broker {
    tcp: SocketAddr,
    websocket: Option<SocketAddr>,
    counters: Arc<Counters>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Broker {
    /// Starts a broker and returns when it accepts connections.
    ///
    /// # Errors
    /// If an address is taken or is not this computer's, or if others could reach it without a
    /// password.
    pub fn start(options: BrokerOptions) -> Result<Self, BrokerError> {
        check(&options)?;
        let (started, ready) = std::sync::mpsc::channel();
        let (stop, stopped) = oneshot::channel();
        let counters = Arc::new(Counters::default());
        let counting = counters.clone();
        let thread = std::thread::Builder::new()
            .name("broker".into())
            .spawn(move || run(&options, counting, stopped, &started))
            .map_err(|error| BrokerError::Start(error.to_string()))?;
        let addresses = ready.recv().unwrap_or_else(|_| {
            Err(BrokerError::Start("its thread ended before it was ready".into()))
        })?;
        Ok(Self {
            tcp: addresses.tcp,
            websocket: addresses.websocket,
            counters,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Where it listens for MQTT over TCP, with the port that it was given.
    pub fn tcp_address(&self) -> SocketAddr {
        self.tcp
    }

    /// Where it listens for MQTT over WebSocket, with the port that it was given.
    pub fn websocket_address(&self) -> Option<SocketAddr> {
        self.websocket
    }

    /// As other commands take it: `mqtt://127.0.0.1:1883`.
    pub fn url(&self) -> String {
        format!("mqtt://{}", self.tcp)
    }

    /// As browsers take it: `ws://127.0.0.1:9001/mqtt`.
    pub fn websocket_url(&self) -> Option<String> {
        self.websocket.map(|address| format!("ws://{address}{WEBSOCKET_PATH}"))
    }

    /// What it has refused since its start.
    pub fn refused(&self) -> Refused {
        self.counters.snapshot()
    }

    /// Whether it still serves; it ends early only by a fault of its own.
    pub fn is_running(&self) -> bool {
        self.thread.as_ref().is_some_and(|thread| !thread.is_finished())
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        // The receiver is gone only when the broker has ended already.
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            log::error!("the broker's thread panicked");
        }
    }
}

struct Addresses {
    tcp: SocketAddr,
    websocket: Option<SocketAddr>,
}

/// What can be refused before anything is opened.
fn check(options: &BrokerOptions) -> Result<(), BrokerError> {
    if let Some(wrong) = options.origins.iter().find(|origin| !guard::is_origin(origin)) {
        return Err(BrokerError::Origin(wrong.clone()));
    }
    match &options.login {
        None => {
            let mut addresses = std::iter::once(options.tcp).chain(options.websocket);
            match addresses.find(|address| !address.ip().is_loopback()) {
                Some(open) => Err(BrokerError::OpenToTheNetwork(open)),
                None => Ok(()),
            }
        }
        Some(login) if login.user.is_empty() => Err(BrokerError::EmptyLogin("user name")),
        Some(login) if login.password.is_empty() => Err(BrokerError::EmptyLogin("password")),
        Some(_) => Ok(()),
    }
}

/// The broker's thread, from the opening of its ports to their closing.
fn run(
    options: &BrokerOptions,
    counters: Arc<Counters>,
    stopped: oneshot::Receiver<()>,
    started: &std::sync::mpsc::Sender<Result<Addresses, BrokerError>>,
) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("broker-worker")
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            let _ = started.send(Err(BrokerError::Start(error.to_string())));
            return;
        }
    };
    runtime.block_on(async {
        match open(options, counters).await {
            Ok((broker, addresses)) => serve(broker, addresses, stopped, started).await,
            // Whoever started it waits for this answer, or is gone and needs none.
            Err(error) => drop(started.send(Err(error))),
        }
    });
    runtime.shutdown_timeout(STOP_TIMEOUT);
}

/// Opens the ports.
async fn open(
    options: &BrokerOptions,
    counters: Arc<Counters>,
) -> Result<(MqttBroker, Addresses), BrokerError> {
    // Before the broker's own port: what cannot be listened on is reported before anything runs.
    let websocket = match options.websocket {
        Some(address) => Some(listen(address)?),
        None => None,
    };
    let bounds = Arc::new(Bounds::new(Limits::USUAL, counters.clone()));
    let config = config(options).with_event_handler(bounds.clone());
    let broker = MqttBroker::with_config(config).await.map_err(|error| {
        match why_not("TCP", options.tcp) {
            Some(bind) => bind,
            None => BrokerError::Start(error.to_string()),
        }
    })?;
    bounds.set_parts(&broker.router(), broker.storage());
    // Ends with the runtime.
    tokio::spawn(bounds.clone().tend());
    let sessions = (AWAY_SESSIONS, SESSION_EXPIRY);
    let access = Access::new(options.login.clone(), sessions, counters, bounds);
    let broker = broker.with_auth_provider(Arc::new(access));
    let tcp = broker
        .local_addr()
        .ok_or_else(|| BrokerError::Start("it has no TCP address".to_string()))?;
    let websocket = match websocket {
        None => None,
        Some(listener) => {
            let start = |error: io::Error| BrokerError::Start(error.to_string());
            let address = listener.local_addr().map_err(start)?;
            let listener = http::listener(listener).map_err(start)?;
            let any_name = options.login.is_some() && !address.ip().is_loopback();
            let router = websocket::router(tcp, any_name, options.origins.clone());
            // Ends with the runtime.
            tokio::spawn(http::serve(listener, router));
            Some(address)
        }
    };
    Ok((broker, Addresses { tcp, websocket }))
}

/// Listens for WebSockets.
fn listen(address: SocketAddr) -> Result<TcpListener, BrokerError> {
    TcpListener::bind(address).map_err(|error| {
        why_not("WebSocket", address).unwrap_or(BrokerError::Bind {
            transport: "WebSocket",
            address,
            reason: error.to_string(),
        })
    })
}

/// Serves until it is stopped.
async fn serve(
    mut broker: MqttBroker,
    addresses: Addresses,
    stopped: oneshot::Receiver<()>,
    started: &std::sync::mpsc::Sender<Result<Addresses, BrokerError>>,
) {
    let mut ready = broker.ready_receiver();
    let shutdown = broker.shutdown_handle();
    let mut task = tokio::spawn(async move { broker.run().await });
    if ready.wait_for(|ready| *ready).await.is_err() {
        let reason = match task.await {
            Ok(Err(error)) => error.to_string(),
            Ok(Ok(())) => "it ended at once".to_string(),
            Err(error) => error.to_string(),
        };
        let _ = started.send(Err(BrokerError::Start(reason)));
        return;
    }
    if started.send(Ok(addresses)).is_err() {
        return;
    }
    tokio::select! {
        _ = stopped => {
            shutdown.shutdown();
            if tokio::time::timeout(STOP_TIMEOUT, task).await.is_err() {
                log::warn!("the broker took more than {STOP_TIMEOUT:?} to stop and was cut short");
            }
        }
        ended = &mut task => match ended {
            Ok(Ok(())) => log::error!("the broker ended by itself"),
            Ok(Err(error)) => log::error!("the broker ended: {error}"),
            Err(error) => log::error!("the broker ended: {error}"),
        },
    }
}

fn config(options: &BrokerOptions) -> BrokerConfig {
    let storage = StorageConfig::new()
        .with_backend(StorageBackend::Memory)
        .with_max_queued_messages_per_client(AWAY_MESSAGES)
        .with_max_queued_bytes_per_client(AWAY_BYTES);
    BrokerConfig::default()
        .with_bind_address(options.tcp)
        .with_max_clients(MAX_CLIENTS)
        .with_max_packet_size(MAX_PACKET_BYTES)
        .with_max_retained_messages(MAX_RETAINED)
        .with_max_subscriptions_per_client(MAX_SUBSCRIPTIONS)
        .with_client_channel_capacity(CLIENT_QUEUE)
        .with_max_outbound_inflight(UNACKNOWLEDGED)
        .with_session_expiry(SESSION_EXPIRY)
        // `Access` takes the place of this.
        .with_auth(AuthConfig::new().with_allow_anonymous(true))
        .with_storage(storage)
}

/// Asks the system why an address cannot be listened on; `None` when it can.
fn why_not(transport: &'static str, address: SocketAddr) -> Option<BrokerError> {
    let reason = match TcpListener::bind(address) {
        Ok(_) => return None,
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            "another program listens there".to_string()
        }
        Err(error) => error.to_string(),
    };
    Some(BrokerError::Bind { transport, address, reason })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_websocket() -> BrokerOptions {
        let free = SocketAddr::from(([127, 0, 0, 1], 0));
        BrokerOptions { websocket: Some(free), ..BrokerOptions::default() }
    }

    #[test]
    fn no_websocket_listens_unless_it_is_asked_for() {
        let broker = Broker::start(BrokerOptions::default()).expect("a free port");
        assert_eq!((broker.websocket_address(), broker.websocket_url()), (None, None));
    }

    #[test]
    fn a_broker_that_others_could_reach_wants_a_password() {
        let open = SocketAddr::from(([0, 0, 0, 0], 0));
        let options = BrokerOptions { tcp: open, ..BrokerOptions::default() };
        assert!(matches!(Broker::start(options), Err(BrokerError::OpenToTheNetwork(_))));
        let options = BrokerOptions { websocket: Some(open), ..BrokerOptions::default() };
        assert!(matches!(Broker::start(options), Err(BrokerError::OpenToTheNetwork(_))));
    }

    #[test]
    fn a_login_without_a_password_is_refused() {
        let login = Login { user: "operator".into(), password: String::new() };
        let options = BrokerOptions { login: Some(login), ..BrokerOptions::default() };
        assert!(matches!(Broker::start(options), Err(BrokerError::EmptyLogin("password"))));
    }

    #[test]
    fn a_taken_port_is_named_with_its_address_and_a_way_out() {
        let first = Broker::start(with_websocket()).expect("free ports");
        for (tcp, websocket) in [
            (first.tcp_address(), None),
            (SocketAddr::from(([127, 0, 0, 1], 0)), first.websocket_address()),
        ] {
            let taken = websocket.unwrap_or(tcp);
            let error = Broker::start(BrokerOptions { tcp, websocket, ..BrokerOptions::default() })
                .expect_err("the port is taken")
                .to_string();
            assert!(error.contains(&taken.to_string()), "{error}");
            assert!(error.contains("another program listens there"), "{error}");
        }
    }

    #[test]
    fn a_dropped_broker_frees_its_ports() {
        let broker = Broker::start(with_websocket()).expect("free ports");
        let (tcp, websocket) = (broker.tcp_address(), broker.websocket_address());
        assert!(broker.is_running());
        drop(broker);
        let again = Broker::start(BrokerOptions { tcp, websocket, ..BrokerOptions::default() });
        assert_eq!(again.expect("the same ports are free again").tcp_address(), tcp);
    }

    #[test]
    fn the_debug_text_of_a_login_hides_the_password() {
        let login = Login { user: "operator".into(), password: "secret".into() };
        assert!(!format!("{login:?}").contains("secret"));
    }
}
