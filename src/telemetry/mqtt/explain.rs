//! Why a connection failed and what to do about it, for people.

use rumqttc::mqttbytes::Error as PacketError;
use rumqttc::{ConnectReturnCode, ConnectionError, StateError};
use rustls::{AlertDescription, CertificateError};

use super::Scheme;
use super::probe::Spoken;
use super::tls_words::{self, tls_error};

/// What happened and what to do. `was_accepted`: the broker had let this client in.
pub(super) fn explain(error: &ConnectionError, broker: &str, was_accepted: bool) -> String {
    if let Some(error) = tls_error(error) {
        return tls_failed(broker, error);
    }
    match error {
        ConnectionError::ConnectionRefused(code) => refused(*code, broker),
        ConnectionError::MqttState(StateError::Deserialization(
            PacketError::InvalidConnectReturnCode(code),
        )) => refused_as_in_mqtt_5(*code, broker),
        ConnectionError::Io(error) => input_output(error, broker, was_accepted),
        ConnectionError::MqttState(StateError::Io(error)) => {
            input_output(error, broker, was_accepted)
        }
        ConnectionError::NetworkTimeout | ConnectionError::MqttState(StateError::AwaitPingResp) => {
            format!("{broker} does not answer")
        }
        ConnectionError::MqttState(StateError::ConnectionAborted) => cut(broker, was_accepted),
        ConnectionError::MqttState(StateError::Deserialization(error)) => {
            format!("what {broker} sends is no MQTT 3.1.1: {error}")
        }
        ConnectionError::NotConnAck(_) => {
            format!("{broker} does not begin as an MQTT broker does")
        }
        ConnectionError::Websocket(error) => format!(
            "{broker} does not open a WebSocket: {error}; is the path right? Many brokers want /mqtt"
        ),
        ConnectionError::ResponseValidation(_) => {
            format!("{broker} opens a WebSocket, but not for MQTT; is the path right?")
        }
        other => format!("{broker}: {other}"),
    }
}

/// Whether it is worth looking what else may answer at that port.
pub(super) fn is_unclear(error: &ConnectionError) -> bool {
    use std::io::ErrorKind::{
        BrokenPipe, ConnectionAborted, ConnectionReset, InvalidData, UnexpectedEof,
    };
    let cut = |error: &std::io::Error| {
        matches!(
            error.kind(),
            UnexpectedEof | ConnectionReset | ConnectionAborted | InvalidData | BrokenPipe
        )
    };
    if let Some(error) = tls_error(error) {
        return matches!(error, rustls::Error::InvalidMessage(_));
    }
    match error {
        ConnectionError::Io(error) | ConnectionError::MqttState(StateError::Io(error)) => {
            cut(error)
        }
        ConnectionError::MqttState(StateError::Deserialization(
            PacketError::InvalidConnectReturnCode(_) | PacketError::PayloadSizeLimitExceeded(_),
        )) => false,
        ConnectionError::MqttState(_)
        | ConnectionError::NotConnAck(_)
        | ConnectionError::NetworkTimeout
        | ConnectionError::Tls(_)
        | ConnectionError::Websocket(_) => true,
        _ => false,
    }
}

/// What to write instead, where the port speaks something else than the address says.
pub(super) fn mismatch(scheme: Scheme, spoken: Spoken, broker: &str) -> Option<String> {
    Some(match (scheme, spoken) {
        (Scheme::Mqtt, Spoken::Tls) => {
            format!("{broker} speaks TLS: write mqtts:// instead of mqtt://")
        }
        (Scheme::Ws, Spoken::Tls) => format!("{broker} speaks TLS: write wss:// instead of ws://"),
        (Scheme::Mqtts, Spoken::Mqtt) => {
            format!("{broker} speaks MQTT without TLS: write mqtt:// instead of mqtts://")
        }
        (Scheme::Ws | Scheme::Wss, Spoken::Mqtt) => {
            format!("{broker} speaks MQTT without a WebSocket: write mqtt:// and the port")
        }
        (Scheme::Wss, Spoken::Http) => {
            format!("{broker} speaks HTTP without TLS: write ws:// instead of wss://")
        }
        (Scheme::Mqtt | Scheme::Mqtts, Spoken::Http) => format!(
            "an HTTP server answers at {broker}, no MQTT broker: another port is meant, or its WebSocket (ws://)"
        ),
        (Scheme::Mqtt, Spoken::Mqtt)
        | (Scheme::Ws, Spoken::Http)
        | (Scheme::Mqtts | Scheme::Wss, Spoken::Tls) => return None,
    })
}

fn input_output(error: &std::io::Error, broker: &str, was_accepted: bool) -> String {
    use std::io::ErrorKind::{
        ConnectionAborted, ConnectionRefused, ConnectionReset, UnexpectedEof,
    };
    match error.kind() {
        ConnectionRefused => format!("nothing listens at {broker}; is the broker running?"),
        ConnectionAborted | ConnectionReset | UnexpectedEof => cut(broker, was_accepted),
        _ => format!("{broker}: {error}"),
    }
}

fn cut(broker: &str, was_accepted: bool) -> String {
    if was_accepted {
        format!(
            "{broker} closed the connection; if it does so at once each time, it may not allow a subscription, \
             or another client has the same identifier"
        )
    } else if broker.starts_with("mqtts:") || broker.starts_with("wss:") {
        format!(
            "{broker} closed the connection before it let this client in; it may want a certificate that it knows, \
             which --client-cert and --client-key name"
        )
    } else {
        format!("{broker} closed the connection before it let this client in")
    }
}

fn refused(code: ConnectReturnCode, broker: &str) -> String {
    match code {
        ConnectReturnCode::BadUserNamePassword | ConnectReturnCode::NotAuthorized => format!(
            "{broker} does not accept the user or the password; set TWINSCOPE_MQTT_USER and \
             TWINSCOPE_MQTT_PASSWORD or name a credentials file"
        ),
        ConnectReturnCode::BadClientId => {
            format!("{broker} does not accept the client identifier; give another with --client-id")
        }
        ConnectReturnCode::RefusedProtocolVersion => format!(
            "{broker} does not accept MQTT 3.1.1, which is what this program speaks; a broker for MQTT 5 alone \
             must allow 3.1.1 too"
        ),
        _ => format!("{broker} is not ready for clients"),
    }
}

/// Reasons of MQTT 5, section 3.2.2.2, which some brokers give to clients of 3.1.1 too.
fn refused_as_in_mqtt_5(code: u8, broker: &str) -> String {
    let reason = match code {
        0x81 | 0x82 => "it finds the packet malformed, or against the protocol",
        0x84 => return refused(ConnectReturnCode::RefusedProtocolVersion, broker),
        0x85 => return refused(ConnectReturnCode::BadClientId, broker),
        0x86 | 0x87 | 0x8c => return refused(ConnectReturnCode::NotAuthorized, broker),
        0x88 => "it is not available",
        0x89 | 0x97 | 0x9f => "it is busy, or a limit of connections is reached",
        0x8a => "it has banned this client",
        0x95 => "the packet is too large for it",
        0x9c | 0x9d => "it wants another server to be used",
        _ => return format!("{broker} refuses the connection with the code {code:#04x}"),
    };
    format!("{broker} refuses the connection, as in MQTT 5: {reason} (code {code:#04x})")
}

/// Each failure of TLS with the hint that fits it.
pub(super) fn tls_failed(broker: &str, error: &rustls::Error) -> String {
    use rustls::Error;
    let hint = match error {
        Error::InvalidCertificate(error) => certificate_hint(error),
        Error::AlertReceived(
            AlertDescription::CertificateRequired
            | AlertDescription::HandshakeFailure
            | AlertDescription::BadCertificate
            | AlertDescription::UnknownCA
            | AlertDescription::CertificateUnknown
            | AlertDescription::AccessDenied,
        ) => {
            "it refuses this client: it may want a certificate that it knows, which --client-cert and --client-key name"
        }
        Error::AlertReceived(AlertDescription::ProtocolVersion) | Error::PeerIncompatible(_) => {
            "it offers no version or cipher of TLS 1.2 or 1.3 that is taken here"
        }
        Error::InvalidMessage(_) => {
            "what answers does not speak TLS; write mqtt:// or ws://, or another port"
        }
        _ => "",
    };
    let gap = if hint.is_empty() { "" } else { "; " };
    format!("{broker}: TLS failed: {}{gap}{hint}", tls_words::failure(error))
}

fn certificate_hint(error: &CertificateError) -> &'static str {
    use CertificateError as E;
    match error {
        E::UnknownIssuer => {
            "its authority is not trusted here; name the authority's certificate with --ca"
        }
        E::NotValidForName | E::NotValidForNameContext { .. } => {
            "connect by a name that it is issued for, or have one issued for this name"
        }
        E::Expired | E::ExpiredContext { .. } => {
            "it must be renewed, or this computer's clock be set"
        }
        E::NotValidYet | E::NotValidYetContext { .. } => "is this computer's clock right?",
        E::Revoked => "the broker needs another",
        E::BadSignature => "the file of --ca may be an older one",
        E::BadEncoding => "the broker needs another",
        E::InvalidPurpose | E::InvalidPurposeContext { .. } => {
            "the broker needs one that is issued for servers (extended key usage serverAuth)"
        }
        other if tls_words::is_authority(other) => {
            "name this very certificate with --ca to trust it"
        }
        other if tls_words::is_other(other, "UnsupportedCertVersion") => {
            "it must be made anew as version 3, with the host in subjectAltName"
        }
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_of_tls_has_its_own_hint() {
        let told =
            |error: CertificateError| tls_failed("b", &rustls::Error::InvalidCertificate(error));
        assert!(told(CertificateError::UnknownIssuer).contains("--ca"));
        for (error, expected) in [
            (CertificateError::NotValidForName, "another name"),
            (CertificateError::Expired, "has expired"),
            (CertificateError::NotValidYet, "clock"),
            (CertificateError::Revoked, "revoked"),
        ] {
            let text = told(error);
            assert!(text.contains(expected) && !text.contains("--ca"), "{text}");
        }
        let alert = rustls::Error::AlertReceived(AlertDescription::CertificateRequired);
        assert!(tls_failed("b", &alert).contains("--client-cert"));
    }

    #[test]
    fn every_refusal_of_mqtt_5_is_told_in_words() {
        for code in [0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8c, 0x97, 0x9d] {
            let error = PacketError::InvalidConnectReturnCode(code);
            let error = ConnectionError::MqttState(StateError::Deserialization(error));
            let text = explain(&error, "mqtt://b:1", false);
            assert!(text.starts_with("mqtt://b:1 ") && !text.contains("Invalid"), "{text}");
        }
    }

    #[test]
    fn a_port_that_speaks_something_else_is_named_with_the_right_scheme() {
        let said = |scheme, spoken| mismatch(scheme, spoken, "b").unwrap_or_default();
        assert!(said(Scheme::Mqtt, Spoken::Tls).contains("mqtts://"));
        assert!(said(Scheme::Mqtts, Spoken::Mqtt).contains("without TLS"));
        assert!(said(Scheme::Mqtt, Spoken::Http).contains("HTTP server"));
        assert_eq!(mismatch(Scheme::Mqtts, Spoken::Tls, "b"), None);
    }
}
