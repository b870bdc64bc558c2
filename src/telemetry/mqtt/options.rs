//! Which broker, as whom, and within which limits.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::error::ClientOptionsError;

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
    const ALL: [(&str, Self, u16); 4] = [
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
    /// MQTT client identifier.
    pub client_id: String,
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
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

impl ClientOptions {
    /// Reads `mqtt://user:password@host:1883`, and likewise `mqtts`, `ws` and `wss`; a missing port
    /// is the scheme's usual one, a missing scheme is `mqtt`.
    ///
    /// # Errors
    /// When it is no such address.
    pub fn from_url(url: &str) -> Result<Self, ClientOptionsError> {
        let (scheme, rest) = url.split_once("://").unwrap_or(("mqtt", url));
        let (authority, path) = match rest.split_once('/') {
            Some((authority, path)) => (authority, format!("/{path}")),
            None => (rest, "/mqtt".to_owned()),
        };
        let (login, address) = match authority.rsplit_once('@') {
            Some((login, address)) => (Some(login), address),
            None => (None, authority),
        };
        let wrong = |reason: String| ClientOptionsError::Url {
            url: format!("{scheme}://{address}"),
            reason,
        };
        let lower = scheme.to_ascii_lowercase();
        let known = Scheme::ALL.iter().find(|(name, ..)| *name == lower);
        let Some(&(_, scheme, usual_port)) = known else {
            return Err(wrong(format!("{scheme:?} is none of mqtt, mqtts, ws, wss")));
        };
        let (host, port) = match address.rsplit_once(':') {
            // The colons of `[::1]` are not before a port.
            Some((host, port)) if !port.contains(']') => {
                let port = port.parse().ok().filter(|port| *port > 0);
                (host, port.ok_or_else(|| wrong("the port is no number from 1 to 65535".into()))?)
            }
            _ => (address, usual_port),
        };
        if host.is_empty() {
            return Err(wrong("it names no host".into()));
        }
        if host.contains(|c: char| c.is_whitespace() || c == '?' || c == '#') {
            return Err(wrong(format!("{host:?} is no host name")));
        }
        let (user, password) = match login.map(|login| login.split_once(':').unwrap_or((login, "")))
        {
            Some((user, "")) => (Some(percent_decoded(user)), None),
            Some((user, password)) => {
                (Some(percent_decoded(user)), Some(percent_decoded(password)))
            }
            None => (None, None),
        };
        Ok(Self {
            scheme,
            host: host.to_owned(),
            port,
            path,
            user,
            password,
            ca_file: None,
            client_id: unique_client_id(),
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

    /// How the link to the broker is encrypted by TLS; `None` where it is not.
    ///
    /// # Errors
    /// When a certificate cannot be read.
    pub(crate) fn tls_config(&self) -> Result<Option<rustls::ClientConfig>, ClientOptionsError> {
        match self.scheme {
            Scheme::Mqtt | Scheme::Ws => Ok(None),
            Scheme::Mqtts | Scheme::Wss => super::tls::config(self.ca_file.as_deref()).map(Some),
        }
    }

    /// The address for people, without user and password.
    pub fn broker(&self) -> String {
        let path = match self.scheme {
            Scheme::Ws | Scheme::Wss => self.path.as_str(),
            _ => "",
        };
        format!("{}://{}:{}{path}", self.scheme.name(), self.host, self.port)
    }
}

/// Replaces `%40` and the like.
fn percent_decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// Differs between processes and between sources of one process: a broker cuts the older of two
/// clients with the same identifier.
fn unique_client_id() -> String {
    use std::hash::{BuildHasher, RandomState};
    let random = RandomState::new().hash_one(std::process::id());
    format!("twinscope-{:010x}", random & 0xff_ffff_ffff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_gives_scheme_host_port_and_login() {
        let options =
            ClientOptions::from_url("mqtts://me:p%40ss@plant.example").expect("an address");
        assert_eq!(options.broker(), "mqtts://plant.example:8883");
        assert_eq!(
            (options.user.as_deref(), options.password.as_deref()),
            (Some("me"), Some("p@ss"))
        );
        let bare = ClientOptions::from_url("localhost:2883").expect("an address");
        assert_eq!(bare.broker(), "mqtt://localhost:2883");
        let socket = ClientOptions::from_url("ws://[::1]:9001/mqtt").expect("an address");
        assert_eq!(socket.broker(), "ws://[::1]:9001/mqtt");
    }

    #[test]
    fn a_wrong_address_is_answered_with_what_is_wrong_and_never_with_the_password() {
        for (url, expected) in [
            ("http://host", "none of mqtt, mqtts, ws, wss"),
            ("mqtt://", "names no host"),
            ("mqtt://me:secret@host:99999", "no number from 1 to 65535"),
        ] {
            let error = ClientOptions::from_url(url).expect_err(url).to_string();
            assert!(error.contains(expected), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
        let options = ClientOptions::from_url("mqtt://me:secret@host").expect("an address");
        assert!(!format!("{options:?}").contains("secret"));
    }
}
