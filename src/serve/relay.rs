//! The broker's WebSocket at the page's own address: bytes of MQTT, relayed as they come.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

use super::guard;
use super::site::Site;
use crate::telemetry::mqtt;

/// Largest message of a page.
const MAX_MESSAGE: usize = 16 << 20;
/// Bytes that are read from the broker at a time.
const CHUNK: usize = 32 << 10;
/// Proxies close what is silent for longer.
const PING_EVERY: Duration = Duration::from_secs(20);
/// How long the broker may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Where the MQTT of the pages goes.
#[derive(Clone, Debug)]
pub enum Upstream {
    /// Relayed to a broker at `mqtt://` or `mqtts://`.
    Relay(Box<mqtt::ClientOptions>),
    /// The pages connect to that WebSocket themselves.
    Direct(String),
}

/// Links a page to the broker.
pub(super) async fn socket(
    State(site): State<Arc<Site>>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    if !guard::same_origin(&headers) {
        let text = "only pages of this server may use its broker\n";
        return (StatusCode::FORBIDDEN, text).into_response();
    }
    let Upstream::Relay(broker) = site.upstream().clone() else {
        let text = "this server relays no MQTT: the page connects to its broker itself\n";
        return (StatusCode::NOT_FOUND, text).into_response();
    };
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(rejection) => return rejection.into_response(),
    };
    let Some(place) = site.place() else {
        let text = "as many pages as this server allows are connected already; try again later\n";
        return (StatusCode::SERVICE_UNAVAILABLE, text).into_response();
    };
    upgrade.protocols(["mqtt"]).max_message_size(MAX_MESSAGE).on_upgrade(move |socket| async move {
        relay(socket, &broker).await;
        drop(place);
    })
}

async fn relay(mut page: WebSocket, broker: &mqtt::ClientOptions) {
    let opened = tokio::time::timeout(CONNECT_TIMEOUT, open(broker)).await;
    let failed = match opened {
        Ok(Ok(Stream::Plain(stream))) => return carry(page, stream).await,
        Ok(Ok(Stream::Tls(stream))) => return carry(page, *stream).await,
        Ok(Err(error)) => error,
        Err(_) => "it does not answer".into(),
    };
    log::info!("a page asks for the broker {}, but {failed}", broker.broker());
    // A reason has at most 123 bytes.
    let reason = "the server cannot reach its broker".into();
    let close = CloseFrame { code: close_code::AGAIN, reason };
    // The page may be gone as well.
    let _ = page.send(Message::Close(Some(close))).await;
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<tokio_rustls::client::TlsStream<TcpStream>>),
}

async fn open(broker: &mqtt::ClientOptions) -> Result<Stream, String> {
    let text = |error: std::io::Error| error.to_string();
    // Addresses have IPv6 in brackets, sockets do not.
    let host = broker.host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let tcp = TcpStream::connect((host.as_str(), broker.port)).await.map_err(text)?;
    tcp.set_nodelay(true).map_err(text)?;
    let Some(config) = broker.tls_config().map_err(|error| error.to_string())? else {
        return Ok(Stream::Plain(tcp));
    };
    let name = rustls::pki_types::ServerName::try_from(host);
    let name = name.map_err(|error| error.to_string())?;
    let tls = tokio_rustls::TlsConnector::from(Arc::new(config)).connect(name, tcp).await;
    Ok(Stream::Tls(Box::new(tls.map_err(text)?)))
}

/// Carries bytes both ways until one side has ended. Each way waits for its own receiver, so that
/// nothing gathers here.
async fn carry(page: WebSocket, broker: impl AsyncRead + AsyncWrite) {
    let (mut to_page, mut from_page) = page.split();
    let (mut from_broker, mut to_broker) = tokio::io::split(broker);
    let up = async {
        while let Some(Ok(message)) = from_page.next().await {
            match message {
                Message::Binary(bytes) => {
                    if to_broker.write_all(&bytes).await.is_err() {
                        break;
                    }
                }
                Message::Close(_) | Message::Text(_) => break,
                Message::Ping(_) | Message::Pong(_) => {}
            }
        }
    };
    let down = async {
        let mut bytes = vec![0; CHUNK];
        let mut ping = tokio::time::interval(PING_EVERY);
        loop {
            let message = tokio::select! {
                read = from_broker.read(&mut bytes) => match read {
                    Ok(0) | Err(_) => break,
                    Ok(count) => Message::Binary(Bytes::copy_from_slice(&bytes[..count])),
                },
                _ = ping.tick() => Message::Ping(Bytes::new()),
            };
            if to_page.send(message).await.is_err() {
                return;
            }
        }
        let reason = "the broker closed the connection".into();
        let close = CloseFrame { code: close_code::AWAY, reason };
        let _ = to_page.send(Message::Close(Some(close))).await;
    };
    tokio::select! {
        () = up => {}
        () = down => {}
    }
}
