//! MQTT between a WebSocket and a broker's connection.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::Instant;

/// Bytes that are read from the broker at a time.
const CHUNK: usize = 32 << 10;
/// Proxies close what is silent for longer.
const PING_EVERY: Duration = Duration::from_secs(20);
/// How long a client may take for its first packet that goes to the broker.
const FIRST: Duration = Duration::from_secs(10);
/// How long a client may leave pings unanswered.
const SILENCE: Duration = Duration::from_secs(60);

/// What a close frame's reason may have at most, in bytes.
const LONGEST_REASON: usize = 123;

/// Closes a WebSocket with a code and a reason of no more than 123 bytes; longer ones are cut.
pub(crate) fn closing(code: u16, reason: &str) -> Message {
    let mut end = reason.len().min(LONGEST_REASON);
    while !reason.is_char_boundary(end) {
        end -= 1;
    }
    Message::Close(Some(CloseFrame { code, reason: reason[..end].into() }))
}

/// Carries bytes both ways until one side has ended. Each way waits for its own receiver, so that
/// nothing gathers here. `check` is given what the client sends and gives what goes to the broker.
///
/// # Errors
/// What `check` refuses the client for; the WebSocket was closed with it.
pub(crate) async fn carry(
    client: WebSocket,
    broker: impl AsyncRead + AsyncWrite,
    mut check: impl FnMut(Bytes) -> Result<Bytes, String>,
) -> Result<(), String> {
    let (mut to_client, mut from_client) = client.split();
    let (mut from_broker, mut to_broker) = tokio::io::split(broker);
    let up = async {
        let mut asked = false;
        let mut due = Instant::now() + FIRST;
        loop {
            match tokio::time::timeout_at(due, from_client.next()).await {
                Err(_) => return Ok(false),
                Ok(Some(Ok(Message::Binary(bytes)))) => {
                    let bytes: Bytes = check(bytes)?;
                    asked |= !bytes.is_empty();
                    if to_broker.write_all(&bytes).await.is_err() {
                        return Ok(false);
                    }
                }
                Ok(Some(Ok(Message::Ping(_) | Message::Pong(_)))) => {}
                // MQTT is binary.
                Ok(None | Some(Err(_) | Ok(Message::Close(_) | Message::Text(_)))) => {
                    return Ok(false);
                }
            }
            if asked {
                due = Instant::now() + SILENCE;
            }
        }
    };
    let down = async {
        let mut bytes = vec![0; CHUNK];
        let mut ping = tokio::time::interval(PING_EVERY);
        loop {
            let message = tokio::select! {
                read = from_broker.read(&mut bytes) => match read {
                    Ok(0) | Err(_) => return true,
                    Ok(count) => Message::Binary(Bytes::copy_from_slice(&bytes[..count])),
                },
                _ = ping.tick() => Message::Ping(Bytes::new()),
            };
            if to_client.send(message).await.is_err() {
                return false;
            }
        }
    };
    let ended: Result<bool, String> = tokio::select! {
        up = up => up,
        down = down => Ok(down),
    };
    let last = match &ended {
        Ok(true) => closing(close_code::AWAY, "the broker closed the connection"),
        Ok(false) => return Ok(()),
        Err(reason) => closing(close_code::POLICY, reason),
    };
    // The client may be gone, or read no more.
    let _ = tokio::time::timeout(FIRST, to_client.send(last)).await;
    ended.map(|_| ())
}
