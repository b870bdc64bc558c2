//! Which broker, as whom, and within which limits.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::address::Address;
use super::error::ClientOptionsError;
use super::tls;

/// How bytes travel to the broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// `mqtt://`: TCP.
    Mqtt,
    /// `mqtts://`: TLS.
    Mqtts,
    /// `ws://`: WebSocket.
    Ws,
    /// `wss://`: WebSocket over TLS.
    Wss,
}

impl Scheme {
    pub(super) const ALL: [(&str, Self, u16); 4] = [
        ("mqtt", Self::Mqtt, 1883),
        ("mqtts", Self::Mqtts, 8883),
        ("ws", Self::Ws, 80),
        ("wss", Self::Wss, 443),
    ];

    /// As it stands in a URL.
    pub fn name(self) -> &'static str {
        Self::ALL[self as usize].0
    }
}

/// Which broker, as whom, and within which limits.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientOptions {
    /// How bytes travel.
    pub scheme: Scheme,
    /// Name or address of the broker's machine.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Path of the WebSocket endpoint.
    pub path: String,
    /// User name, if the broker wants one.
    pub user: Option<String>,
    /// Its password.
    pub password: Option<String>,
    /// PEM file with certificates to trust besides those of the system.
    pub ca_file: Option<PathBuf>,
    /// PEM file with this client's own certificate, and those between it and an authority.
    pub client_certificate: Option<PathBuf>,
    /// PEM file with the private key of that certificate.
    pub client_key: Option<PathBuf>,
    /// MQTT client identifier.
    pub client_id: String,
    /// Whether somebody chose the identifier, so that it is taken as it is.
    pub is_id_stated: bool,
    /// The broker keeps what was sent at QoS 1 and 2 while this client is away. It needs a client
    /// identifier that is the same at every start and used by nobody else.
    pub persistent_session: bool,
    /// Largest payload that is decoded, in bytes.
    pub max_payload: usize,
    /// Largest packet that is taken from the broker at first, in bytes. It should be far above
    /// `max_payload`, so that an oversized message is counted without cutting the connection.
    pub max_packet: usize,
    /// Batches that wait between this source and the mirror.
    pub capacity: usize,
    /// A connection that is silent this long is tested.
    pub keep_alive: Duration,
}

/// Without the password.
impl std::fmt::Debug for ClientOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientOptions")
            .field("broker", &self.broker())
            .field("user", &self.user)
            .field("ca_file", &self.ca_file)
            .field("client_certificate", &self.client_certificate)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

impl ClientOptions {
    /// Reads `mqtt://user:password@host:1883`, and likewise `mqtts`, `ws` and `wss`; a missing port
    /// is the scheme's usual one, a missing scheme is `mqtt`. All before the last `@` is the login.
    ///
    /// # Errors
    /// When it is no such address; the error tells nothing of the login.
    pub fn from_url(url: &str) -> Result<Self, ClientOptionsError> {
        let Address { scheme, host, port, path, user, password } = Address::read(url)?;
        Ok(Self {
            scheme,
            host,
            port,
            path,
            user,
            password,
            ca_file: None,
            client_certificate: None,
            client_key: None,
            client_id: unique_client_id(),
            is_id_stated: false,
            persistent_session: false,
            max_payload: crate::telemetry::Decoder::MAX_PAYLOAD,
            max_packet: 64 << 20,
            capacity: crate::telemetry::Feed::CAPACITY,
            keep_alive: Duration::from_secs(30),
        })
    }

    /// Takes user and password from the environment (`TWINSCOPE_MQTT_USER`,
    /// `TWINSCOPE_MQTT_PASSWORD`) where the address has none.
    pub fn with_environment(mut self) -> Self {
        self.user = self.user.or_else(|| std::env::var("TWINSCOPE_MQTT_USER").ok());
        self.password = self.password.or_else(|| std::env::var("TWINSCOPE_MQTT_PASSWORD").ok());
        self
    }

    /// Takes user and password from the first and second line of a file.
    ///
    /// # Errors
    /// When the file cannot be read or has no first line.
    pub fn with_credentials_file(mut self, path: &Path) -> Result<Self, ClientOptionsError> {
        let what = "the credentials file";
        let text = std::fs::read_to_string(path).map_err(|error| ClientOptionsError::File {
            what,
            path: path.into(),
            error,
        })?;
        let mut lines = text.lines().map(str::trim_end);
        let Some(user) = lines.next().filter(|user| !user.is_empty()) else {
            let reason = "expected the user on the first line, the password on the second".into();
            return Err(ClientOptionsError::Content { what, path: path.into(), reason });
        };
        self.user = Some(user.to_owned());
        self.password = lines.next().map(str::to_owned);
        Ok(self)
    }

    /// Trusts the certificates of a PEM file, besides those of the system.
    pub fn with_ca_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.ca_file = Some(path.into());
        self
    }

    /// Shows the broker this client's own certificate, and proves it by its private key; both are PEM files.
    pub fn with_client_certificate(
        mut self,
        certificate: impl Into<PathBuf>,
        key: impl Into<PathBuf>,
    ) -> Self {
        self.client_certificate = Some(certificate.into());
        self.client_key = Some(key.into());
        self
    }

    /// Takes that MQTT client identifier, which nobody else may use at the same time.
    pub fn with_client_id(mut self, id: impl Into<String>) -> Self {
        self.client_id = id.into();
        self.is_id_stated = true;
        self
    }

    /// How the link to the broker is encrypted by TLS; `None` where it is not.
    ///
    /// # Errors
    /// When a certificate or a key cannot be read.
    pub(crate) fn tls_config(&self) -> Result<Option<rustls::ClientConfig>, ClientOptionsError> {
        match self.scheme {
            Scheme::Mqtt | Scheme::Ws => Ok(None),
            Scheme::Mqtts | Scheme::Wss => {
                let own = self.client_certificate.as_deref().zip(self.client_key.as_deref());
                tls::config(self.ca_file.as_deref(), own).map(Some)
            }
        }
    }

    /// The address for people, without user and password, and without what stands behind a `?`, where some
    /// brokers want a secret.
    pub fn broker(&self) -> String {
        let url = self.url();
        match url.split_once('?') {
            Some((before, _)) => format!("{before}?…"),
            None => url,
        }
    }

    /// The whole address but the login, for a client that connects to it; people are told [`ClientOptions::broker`].
    pub fn url(&self) -> String {
        let path = match self.scheme {
            Scheme::Ws | Scheme::Wss => self.path.as_str(),
            _ => "",
        };
        format!("{}://{}:{}{path}", self.scheme.name(), self.host, self.port)
    }
}

/// Differs between processes and between sources of one process: a broker cuts the older of two
/// clients with the same identifier.
fn unique_client_id() -> String {
    use std::hash::{BuildHasher, RandomState};
    let random = RandomState::new().hash_one(std::process::id());
    format!("twinscope-{:010x}", random & 0xff_ffff_ffff)
}
