//! Who is let in: whoever has the login, at once; a wrong one is answered late, and shuts nobody else
//! out.

use std::collections::HashMap;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use mqtt5::broker::auth::{AuthProvider, AuthResult};
use mqtt5::packet::connect::ConnectPacket;
use mqtt5::protocol::v5::reason_codes::ReasonCode;

use super::Login;
use super::bounds::Bounds;
use super::counters::Counters;

/// How long the answer to a wrong login takes. A connection has one attempt, and there are no more
/// connections than the broker takes clients.
const DELAY: Duration = Duration::from_secs(2);

/// Lets clients in.
pub(super) struct Access {
    login: Option<Login>,
    delay: Duration,
    sessions: Mutex<Sessions>,
    counters: Arc<Counters>,
    bounds: Arc<Bounds>,
}

/// Clients whose sessions outlast their connections.
#[derive(Debug)]
struct Sessions {
    /// When each connected last.
    known: HashMap<String, Instant>,
    most: usize,
    expiry: Duration,
}

impl Sessions {
    /// Whether the client's session may be kept.
    fn keep(&mut self, client: &str, now: Instant) -> bool {
        if !self.known.contains_key(client) && self.known.len() >= self.most {
            // A client that is connected for longer than that may begin a new session then.
            let expiry = self.expiry;
            self.known.retain(|_, last| now.saturating_duration_since(*last) < expiry);
            if self.known.len() >= self.most {
                return false;
            }
        }
        self.known.insert(client.to_owned(), now);
        true
    }
}

impl Access {
    /// `most` sessions are kept for `expiry` after their clients have gone.
    pub(super) fn new(
        login: Option<Login>,
        (most, expiry): (usize, Duration),
        counters: Arc<Counters>,
        bounds: Arc<Bounds>,
    ) -> Self {
        let sessions = Mutex::new(Sessions { known: HashMap::new(), most, expiry });
        Self { login, delay: DELAY, sessions, counters, bounds }
    }

    fn is_right(&self, user: Option<&str>, password: Option<&[u8]>) -> bool {
        let Some(login) = &self.login else { return true };
        let (user, password) = (user.unwrap_or_default(), password.unwrap_or_default());
        // Both are compared, and each in a time that does not depend on where they differ.
        alike(user.as_bytes(), login.user.as_bytes()) & alike(password, login.password.as_bytes())
    }

    async fn admit(&self, connect: &ConnectPacket, address: SocketAddr) -> AuthResult {
        let user = connect.username.as_deref();
        if !self.is_right(user, connect.password.as_deref()) {
            self.counters.refused_login(&format!("wrong user or password, from {}", address.ip()));
            tokio::time::sleep(self.delay).await;
            return AuthResult::fail(ReasonCode::BadUsernameOrPassword);
        }
        if let Some(will) = &connect.will
            && !self.bounds.takes_will(&connect.client_id, will)
        {
            return AuthResult::fail(ReasonCode::QuotaExceeded);
        }
        // MQTT 5 states for how long a session outlasts its connection; before, one that is not clean does.
        let outlasts = match connect.protocol_version {
            5 => connect.properties.get_session_expiry_interval().is_some_and(|expiry| expiry > 0),
            _ => !connect.clean_start,
        };
        if outlasts {
            let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
            if !sessions.keep(&connect.client_id, Instant::now()) {
                self.counters.refused_session(&format!(
                    "{} sessions of clients that may be away are kept: connect with clean session",
                    sessions.most
                ));
                return AuthResult::fail(ReasonCode::QuotaExceeded);
            }
        }
        self.bounds.admit(&connect.client_id, connect.protocol_version);
        match user {
            Some(user) if self.login.is_some() => AuthResult::success_with_user(user),
            _ => AuthResult::success(),
        }
    }
}

/// Whether two texts are the same, in a time that depends on the length of the first alone.
fn alike(given: &[u8], expected: &[u8]) -> bool {
    let mut differ = u8::from(given.len() != expected.len());
    for (at, byte) in given.iter().enumerate() {
        differ |= byte ^ expected.get(at % expected.len().max(1)).copied().unwrap_or_default();
    }
    std::hint::black_box(differ) == 0
}

impl AuthProvider for Access {
    fn authenticate<'a>(
        &'a self,
        connect: &'a ConnectPacket,
        client_addr: SocketAddr,
    ) -> Pin<Box<dyn Future<Output = mqtt5::Result<AuthResult>> + Send + 'a>> {
        Box::pin(async move { Ok(self.admit(connect, client_addr).await) })
    }

    fn authorize_publish<'a>(
        &'a self,
        client_id: &str,
        _user_id: Option<&'a str>,
        _topic: &'a str,
    ) -> Pin<Box<dyn Future<Output = bool> + Send + 'a>> {
        let has_room = self.bounds.has_room(client_id);
        Box::pin(async move { has_room })
    }

    fn authorize_subscribe<'a>(
        &'a self,
        _client_id: &str,
        _user_id: Option<&'a str>,
        _topic_filter: &'a str,
    ) -> Pin<Box<dyn Future<Output = bool> + Send + 'a>> {
        Box::pin(async { true })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_text_is_alike() {
        assert!(alike(b"secret", b"secret") && alike(b"", b""));
        for other in [&b"secre"[..], b"secrets", b"secretsecret", b"", b"Secret"] {
            assert!(!alike(other, b"secret"), "{other:?}");
        }
        assert!(!alike(b"a", b""));
    }

    #[test]
    fn so_many_sessions_are_kept_and_one_that_is_forgotten_makes_room() {
        let expiry = Duration::from_secs(10);
        let mut sessions = Sessions { known: HashMap::new(), most: 2, expiry };
        let begin = Instant::now();
        assert!(sessions.keep("a", begin) && sessions.keep("b", begin + expiry / 2));
        assert!(!sessions.keep("c", begin + expiry / 2));
        assert!(sessions.keep("a", begin), "one that is known comes again");
        assert!(sessions.keep("c", begin + expiry), "the oldest is forgotten");
    }
}
