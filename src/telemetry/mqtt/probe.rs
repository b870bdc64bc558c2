//! What answers at a port that does not answer as its address says: TLS, HTTP or MQTT.
//!
//! Nothing of the login is sent, and what comes is not trusted with anything: it only chooses the words of a message.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::Scheme;

/// For each of the questions.
const TIMEOUT: Duration = Duration::from_millis(1000);
/// An answer, or its lack, is remembered so long.
const REMEMBERED: Duration = Duration::from_secs(60);

/// What a port speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spoken {
    Tls,
    Http,
    Mqtt,
}

/// What the port speaks, if it is known; it is asked once a minute at most.
pub(super) async fn cached(
    known: &mut Option<(Instant, Option<Spoken>)>,
    scheme: Scheme,
    host: &str,
    port: u16,
) -> Option<Spoken> {
    if let Some((at, spoken)) = known
        && at.elapsed() < REMEMBERED
    {
        return *spoken;
    }
    let spoken = ask(scheme, host, port).await;
    *known = Some((Instant::now(), spoken));
    spoken
}

async fn ask(scheme: Scheme, host: &str, port: u16) -> Option<Spoken> {
    let all = match scheme {
        Scheme::Mqtt | Scheme::Ws => [Spoken::Tls, Spoken::Http, Spoken::Mqtt],
        Scheme::Mqtts | Scheme::Wss => [Spoken::Mqtt, Spoken::Http, Spoken::Tls],
    };
    for spoken in all {
        let question = match spoken {
            Spoken::Tls => client_hello(host),
            Spoken::Http => Some(b"GET / HTTP/1.0\r\n\r\n".to_vec()),
            // CONNECT of MQTT 3.1.1 with a clean session and no identifier.
            Spoken::Mqtt => Some(b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x0a\x00\x00".to_vec()),
        };
        let Some(question) = question else { continue };
        let answer = tokio::time::timeout(TIMEOUT, first_bytes(host, port, &question)).await;
        if let Ok(Ok(answer)) = answer
            && is_answer(spoken, &answer)
        {
            return Some(spoken);
        }
    }
    None
}

fn is_answer(spoken: Spoken, answer: &[u8]) -> bool {
    match spoken {
        // A record of a handshake or an alert, version 3.x.
        Spoken::Tls => matches!(answer, [0x15 | 0x16, 0x03, ..]),
        Spoken::Http => answer.starts_with(b"HTTP"),
        Spoken::Mqtt => answer.first() == Some(&0x20),
    }
}

async fn first_bytes(host: &str, port: u16, question: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(format!("{host}:{port}")).await?;
    stream.write_all(question).await?;
    let mut answer = [0; 16];
    let count = stream.read(&mut answer).await?;
    Ok(answer[..count].to_vec())
}

fn client_hello(host: &str) -> Option<Vec<u8>> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    // Without an authority nothing can be trusted; the handshake is not finished anyway.
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .ok()?
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    let plain = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let name = ServerName::try_from(plain).ok()?;
    let mut connection = ClientConnection::new(Arc::new(config), name).ok()?;
    let mut bytes = Vec::new();
    connection.write_tls(&mut bytes).ok()?;
    Some(bytes)
}
