//! MQTT over WebSocket, for pages that may use this broker and for programs: each connection is
//! carried to the broker's TCP port.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{WebSocketUpgrade, close_code};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use super::{MAX_CLIENTS, MAX_PACKET_BYTES, WEBSOCKET_PATH};
use crate::http::guard::{self, Names};
use crate::http::websocket;

/// What a connection needs to know.
struct Gate {
    tcp: SocketAddr,
    origins: Vec<String>,
    places: Arc<Semaphore>,
}

/// The routes of the listener. `any_name`: it may be called by any name, for a login is wanted and it
/// is open to the network; `origins` may use it besides pages of its own address.
pub(super) fn router(tcp: SocketAddr, any_name: bool, origins: Vec<String>) -> Router {
    let names = if any_name { Names { any: true, ..Names::LOOPBACK } } else { Names::LOOPBACK };
    let gate = Gate { tcp: reachable(tcp), origins, places: Arc::new(Semaphore::new(MAX_CLIENTS)) };
    Router::new()
        .route(WEBSOCKET_PATH, any(socket))
        .layer(middleware::from_fn_with_state(names, guard::own_name))
        .with_state(Arc::new(gate))
}

/// The address by which this computer reaches a listener.
fn reachable(listening: SocketAddr) -> SocketAddr {
    let ip = match listening.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listening.port())
}

async fn socket(
    State(gate): State<Arc<Gate>>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    if !guard::may_open(&headers, &gate.origins) {
        let text = "pages of this origin may not use this broker; allow it with --origin\n";
        return (StatusCode::FORBIDDEN, text).into_response();
    }
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(rejection) => return rejection.into_response(),
    };
    let Ok(place) = gate.places.clone().try_acquire_owned() else {
        let text = "as many clients as this broker takes are connected\n";
        return (StatusCode::SERVICE_UNAVAILABLE, text).into_response();
    };
    let upgrade = upgrade
        .protocols(["mqtt", "mqttv3.1"])
        .max_message_size(MAX_PACKET_BYTES)
        .max_frame_size(MAX_PACKET_BYTES);
    upgrade.on_upgrade(move |mut client| async move {
        match TcpStream::connect(gate.tcp).await {
            Ok(broker) => {
                // Without it small packets wait for each other.
                let _ = broker.set_nodelay(true);
                // Nothing is refused here.
                let _ = websocket::carry(client, broker, Ok).await;
            }
            Err(error) => {
                log::warn!("a WebSocket client cannot be linked to the broker: {error}");
                let reason = "the broker cannot be reached";
                // The client may be gone as well.
                let _ = client.send(websocket::closing(close_code::AGAIN, reason)).await;
            }
        }
        drop(place);
    })
}
