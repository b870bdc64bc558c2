//! The broker's WebSocket at the page's own address: MQTT, of which only what reads goes to the
//! broker.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{WebSocket, WebSocketUpgrade, close_code};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpStream;

use super::read_only::{MAX_PACKET_BYTES, ReadOnly};
use super::site::Site;
use crate::http::{guard, websocket};
use crate::telemetry::mqtt;
use crate::terminal;

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
    if !guard::may_open(&headers, &[]) {
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
    let upgrade = upgrade
        .protocols(["mqtt"])
        .max_message_size(2 * MAX_PACKET_BYTES)
        .max_frame_size(2 * MAX_PACKET_BYTES);
    upgrade.on_upgrade(move |socket| async move {
        relay(socket, &broker, &site).await;
        drop(place);
    })
}

async fn relay(mut page: WebSocket, broker: &mqtt::ClientOptions, site: &Site) {
    let mut unique = [0; 8];
    if let Err(error) = getrandom::fill(&mut unique) {
        log::warn!("a page is not connected: the system gives no random number: {error}");
        let reason = "the server cannot name the page to its broker";
        // The page may be gone as well.
        let _ = page.send(websocket::closing(close_code::ERROR, reason)).await;
        return;
    }
    let mut packets = ReadOnly::renaming(u64::from_le_bytes(unique));
    let check = |bytes: Bytes| match packets.pass(&bytes) {
        Ok(bytes) => Ok(bytes.into()),
        Err(refusal) => Err(refusal.to_string()),
    };
    let opened = tokio::time::timeout(CONNECT_TIMEOUT, open(broker)).await;
    let carried = match opened {
        Ok(Ok(Stream::Plain(stream))) => websocket::carry(page, stream, check).await,
        Ok(Ok(Stream::Tls(stream))) => websocket::carry(page, *stream, check).await,
        failed => {
            let failed = match failed {
                Ok(Err(error)) => error,
                _ => "it does not answer".into(),
            };
            log::info!("a page asks for the broker {}, but {failed}", broker.broker());
            let reason = "the server cannot reach its broker";
            // The page may be gone as well.
            let _ = page.send(websocket::closing(close_code::AGAIN, reason)).await;
            return;
        }
    };
    if let Err(reason) = carried {
        let count = site.refused().fetch_add(1, Ordering::Relaxed) + 1;
        if terminal::is_power_of_ten(count) {
            log::warn!("a page's connection to the broker was ended ({count} so far): {reason}");
        }
    }
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<tokio_rustls::client::TlsStream<TcpStream>>),
}

async fn open(broker: &mqtt::ClientOptions) -> Result<Stream, String> {
    let text = |error: std::io::Error| mqtt::in_words(&error);
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
