//! The embedded MQTT broker: MQTT 3.1.1 and 5 over TCP and WebSocket, for the demo, the tests and
//! small plants.
//!
//! Flows in: addresses to listen on, and a login. Flows out: a running broker on threads of its own,
//! which ends when its handle is dropped. It keeps nothing on disk.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use mqtt5::broker::MqttBroker;
use mqtt5::broker::auth::{AuthRateLimiter, PasswordAuthProvider, RateLimitedAuthProvider};
use mqtt5::broker::config::{
    AuthConfig, BrokerConfig, StorageBackend, StorageConfig, WebSocketConfig,
};
use tokio::sync::oneshot;

/// Most connections at a time.
const MAX_CLIENTS: usize = 2_000;
/// Largest packet in either direction: above the 10 MB messages that the decoders are tested with,
/// so that they are counted there and do not cut the connection here.
const MAX_PACKET_BYTES: usize = 16 * 1024 * 1024;
/// Most retained messages; a plant of 100,000 topics fits.
const MAX_RETAINED: usize = 250_000;
/// Messages waiting for one client before more of quality 0 are dropped.
const CLIENT_QUEUE: usize = 100_000;
/// Messages kept for a client with a session that is away.
const AWAY_MESSAGES: usize = 20_000;
/// Bytes kept for a client with a session that is away.
const AWAY_BYTES: usize = 64 * 1024 * 1024;
/// A session whose client stays away for longer is forgotten.
const SESSION_EXPIRY: Duration = Duration::from_secs(3600);
/// Wrong logins from an address within [`LOGIN_WINDOW_S`] before it is refused for
/// [`LOGIN_LOCKOUT_S`]. Far above what a program that reconnects with a wrong password needs to
/// notice, far below what guessing needs.
const LOGIN_ATTEMPTS: u32 = 30;
const LOGIN_WINDOW_S: u64 = 60;
const LOGIN_LOCKOUT_S: u64 = 60;
/// How long the broker may take to say goodbye to its clients.
const STOP_TIMEOUT: Duration = Duration::from_secs(3);
/// Path of the WebSocket, as browsers' MQTT clients expect it.
const WEBSOCKET_PATH: &str = "/mqtt";

/// Where the broker listens and who may connect.
#[derive(Clone, Debug)]
pub struct BrokerOptions {
    /// For MQTT over TCP; port 0 takes a free one.
    pub tcp: SocketAddr,
    /// For MQTT over WebSocket (browsers); port 0 takes a free one.
    pub websocket: Option<SocketAddr>,
    /// Who may connect; `None`: anyone, and then it listens on the loopback interface only.
    pub login: Option<Login>,
}

impl Default for BrokerOptions {
    /// Free ports on the loopback interface, open to every program of this computer.
    fn default() -> Self {
        let free = SocketAddr::from(([127, 0, 0, 1], 0));
        Self { tcp: free, websocket: Some(free), login: None }
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
        let thread = std::thread::Builder::new()
            .name("broker".into())
            .spawn(move || run(&options, stopped, &started))
            .map_err(|error| BrokerError::Start(error.to_string()))?;
        let addresses = ready.recv().unwrap_or_else(|_| {
            Err(BrokerError::Start("its thread ended before it was ready".into()))
        })?;
        Ok(Self {
            tcp: addresses.tcp,
            websocket: addresses.websocket,
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
        match open(options).await {
            Ok((broker, addresses)) => serve(broker, addresses, stopped, started).await,
            // Whoever started it waits for this answer, or is gone and needs none.
            Err(error) => drop(started.send(Err(error))),
        }
    });
    runtime.shutdown_timeout(STOP_TIMEOUT);
}

/// Opens the ports.
async fn open(options: &BrokerOptions) -> Result<(MqttBroker, Addresses), BrokerError> {
    let broker = MqttBroker::with_config(config(options)).await.map_err(|error| {
        match why_not("TCP", options.tcp) {
            Some(bind) => bind,
            None => BrokerError::Start(error.to_string()),
        }
    })?;
    let broker = match &options.login {
        Some(login) => broker.with_auth_provider(guard(login)?),
        None => broker,
    };
    let tcp = broker
        .local_addr()
        .ok_or_else(|| BrokerError::Start("it has no TCP address".to_string()))?;
    let websocket = match (options.websocket, broker.ws_local_addr()) {
        // The library goes on without the port; here it is an error.
        (Some(address), None) => {
            return Err(why_not("WebSocket", address).unwrap_or(BrokerError::Bind {
                transport: "WebSocket",
                address,
                reason: "the address is taken".into(),
            }));
        }
        (_, bound) => bound,
    };
    Ok((broker, Addresses { tcp, websocket }))
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
    let config = BrokerConfig::default()
        .with_bind_address(options.tcp)
        .with_max_clients(MAX_CLIENTS)
        .with_max_packet_size(MAX_PACKET_BYTES)
        .with_max_retained_messages(MAX_RETAINED)
        .with_client_channel_capacity(CLIENT_QUEUE)
        .with_session_expiry(SESSION_EXPIRY)
        // The library reads passwords from files only; with a login, `guard` takes the place of this.
        .with_auth(AuthConfig::new().with_allow_anonymous(true))
        .with_storage(storage);
    match options.websocket {
        Some(address) => config.with_websocket(WebSocketConfig {
            bind_addresses: vec![address],
            path: WEBSOCKET_PATH.into(),
            ..WebSocketConfig::default()
        }),
        None => config,
    }
}

/// Lets in whoever has the login, and slows down who guesses.
fn guard(login: &Login) -> Result<Arc<RateLimitedAuthProvider>, BrokerError> {
    let users = PasswordAuthProvider::new().with_anonymous(false);
    users
        .add_user(login.user.clone(), &login.password)
        .map_err(|error| BrokerError::Start(format!("the password cannot be kept: {error}")))?;
    let limiter = AuthRateLimiter::new(LOGIN_ATTEMPTS, LOGIN_WINDOW_S, LOGIN_LOCKOUT_S);
    Ok(Arc::new(RateLimitedAuthProvider::new(Arc::new(users), Arc::new(limiter))))
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
        let first = Broker::start(BrokerOptions::default()).expect("free ports");
        for (tcp, websocket) in [
            (first.tcp_address(), None),
            (SocketAddr::from(([127, 0, 0, 1], 0)), first.websocket_address()),
        ] {
            let taken = websocket.unwrap_or(tcp);
            let error = Broker::start(BrokerOptions { tcp, websocket, login: None })
                .expect_err("the port is taken")
                .to_string();
            assert!(error.contains(&taken.to_string()), "{error}");
            assert!(error.contains("another program listens there"), "{error}");
        }
    }

    #[test]
    fn a_dropped_broker_frees_its_ports() {
        let broker = Broker::start(BrokerOptions::default()).expect("free ports");
        let (tcp, websocket) = (broker.tcp_address(), broker.websocket_address());
        assert!(broker.is_running());
        drop(broker);
        let again = Broker::start(BrokerOptions { tcp, websocket, login: None });
        assert_eq!(again.expect("the same ports are free again").tcp_address(), tcp);
    }

    #[test]
    fn the_debug_text_of_a_login_hides_the_password() {
        let login = Login { user: "operator".into(), password: "secret".into() };
        assert!(!format!("{login:?}").contains("secret"));
    }
}
