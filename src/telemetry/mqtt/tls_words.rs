//! Failures of TLS in plain words, without the names that they have within the libraries.

use rustls::CertificateError;

/// Most names of a certificate that are told.
const MOST_NAMES: usize = 5;

/// The error of TLS, where it lies within another error: the WebSocket's and the system's wrap it.
pub(super) fn tls_error<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> Option<&'a rustls::Error> {
    std::iter::successors(Some(error), |error| error.source()).find_map(|error| {
        error.downcast_ref::<rustls::Error>().or_else(|| {
            error.downcast_ref::<std::io::Error>()?.get_ref()?.downcast_ref::<rustls::Error>()
        })
    })
}

/// What has failed between two computers, where it may have been TLS.
pub(crate) fn in_words(error: &std::io::Error) -> String {
    match tls_error(error) {
        Some(error) => format!("TLS failed: {}", failure(error)),
        None => error.to_string(),
    }
}

/// What has failed.
pub(super) fn failure(error: &rustls::Error) -> String {
    use rustls::Error as E;
    match error {
        E::InvalidCertificate(error) => certificate(error),
        E::AlertReceived(alert) => format!("the other side ended it ({})", spaced(alert)),
        E::PeerIncompatible(why) => {
            format!("the two sides have nothing in common ({})", spaced(why))
        }
        E::PeerMisbehaved(why) => {
            format!("the other side breaks the rules of TLS ({})", spaced(why))
        }
        E::InvalidMessage(_) => "what the other side sends is no TLS".into(),
        E::InconsistentKeys(_) => "the key is not that of the certificate".into(),
        E::NoCertificatesPresented => "the other side shows no certificate".into(),
        other => other.to_string(),
    }
}

/// Why a certificate is not accepted.
pub(super) fn certificate(error: &CertificateError) -> String {
    use CertificateError as E;
    match error {
        E::UnknownIssuer => "the certificate is signed by an unknown authority".into(),
        E::NotValidForName => "the certificate is issued for another name".into(),
        E::NotValidForNameContext { expected, presented } => {
            let expected = expected.to_str();
            match issued_for(presented) {
                Some(names) => format!("the certificate is issued for {names}, not for {expected}"),
                None => format!(
                    "the certificate is issued for no name (no subjectAltName), and so not for {expected}"
                ),
            }
        }
        E::Expired | E::ExpiredContext { .. } => "the certificate has expired".into(),
        E::NotValidYet | E::NotValidYetContext { .. } => "the certificate is not valid yet".into(),
        E::Revoked => "the certificate was revoked".into(),
        E::BadEncoding => "the certificate is damaged".into(),
        E::BadSignature => {
            "the certificate is signed by another key than that of the authority of this name"
                .into()
        }
        E::InvalidPurpose | E::InvalidPurposeContext { .. } => {
            "the certificate is not issued for this use".into()
        }
        other if is_authority(other) => "the certificate is that of an authority".into(),
        other if is_other(other, "UnsupportedCertVersion") => {
            "the certificate is of X.509 version 1".into()
        }
        E::Other(inner) => format!("the certificate is not accepted ({})", spaced(&inner.0)),
        other => format!("the certificate is not accepted ({})", spaced(other)),
    }
}

/// Whether a broker's certificate was refused only because it may sign others, as a self-signed one may.
pub(super) fn is_authority(error: &CertificateError) -> bool {
    is_other(error, "CaUsedAsEndEntity")
}

/// Whether the error is that one of webpki, which rustls passes on without a name of its own.
pub(super) fn is_other(error: &CertificateError, name: &str) -> bool {
    matches!(error, CertificateError::Other(inner) if format!("{:?}", inner.0).contains(name))
}

/// The names of a certificate, which webpki gives as `DnsName("localhost")` or `IpAddress(127.0.0.1)`.
fn issued_for(presented: &[String]) -> Option<String> {
    let plain = |name: &String| {
        let inner = name.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
        inner.unwrap_or(name).trim_matches('"').to_owned()
    };
    let mut names: Vec<String> = presented.iter().take(MOST_NAMES).map(plain).collect();
    if presented.len() > MOST_NAMES {
        names.push(format!("{} others", presented.len() - MOST_NAMES));
    }
    let last = names.pop()?;
    Some(if names.is_empty() { last } else { format!("{} and {last}", names.join(", ")) })
}

/// A name of a library as words: of `HandshakeFailure` "handshake failure". What it holds is left away.
fn spaced(name: &impl std::fmt::Debug) -> String {
    let text = format!("{name:?}");
    let end = text.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(text.len());
    let mut words = String::new();
    let mut before = ' ';
    for c in text[..end].chars() {
        if c.is_ascii_uppercase() && (before.is_ascii_lowercase() || before.is_ascii_digit()) {
            words.push(' ');
        }
        words.push(c.to_ascii_lowercase());
        before = c;
    }
    words
}

#[cfg(test)]
mod tests {
    use rustls::{AlertDescription, Error, OtherError, PeerIncompatible};

    use super::*;

    /// An error as webpki's are passed on.
    #[derive(Debug, thiserror::Error)]
    enum Webpki {
        #[error("not told")]
        CaUsedAsEndEntity,
        #[error("not told")]
        MaximumSignatureChecksExceeded,
    }

    fn other(error: Webpki) -> CertificateError {
        CertificateError::Other(OtherError(std::sync::Arc::new(error)))
    }

    #[test]
    fn a_certificate_for_another_name_is_told_with_its_names_and_the_one_that_was_asked_for() {
        let told = |presented: &[&str]| {
            certificate(&CertificateError::NotValidForNameContext {
                expected: "plant.example".try_into().expect("a name"),
                presented: presented.iter().map(ToString::to_string).collect(),
            })
        };
        assert_eq!(
            told(&["DnsName(\"localhost\")", "DnsName(\"*.b.example\")", "IpAddress(127.0.0.1)"]),
            "the certificate is issued for localhost, *.b.example and 127.0.0.1, not for plant.example"
        );
        assert_eq!(
            told(&["DnsName(\"localhost\")"]),
            "the certificate is issued for localhost, not for plant.example"
        );
        assert!(told(&[]).contains("no subjectAltName"));
        assert!(told(&["DnsName(\"a\")"; 20]).contains(" and 15 others, not for"));
    }

    #[test]
    fn no_name_of_a_library_is_told() {
        for error in [
            Error::InvalidCertificate(other(Webpki::CaUsedAsEndEntity)),
            Error::InvalidCertificate(other(Webpki::MaximumSignatureChecksExceeded)),
            Error::InvalidCertificate(CertificateError::UnknownRevocationStatus),
            Error::InvalidCertificate(CertificateError::UnknownIssuer),
            Error::AlertReceived(AlertDescription::HandshakeFailure),
            Error::PeerIncompatible(PeerIncompatible::Tls12NotOffered),
        ] {
            let told = failure(&error);
            let is_debug =
                |pair: &[u8]| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase();
            assert!(!told.as_bytes().windows(2).any(is_debug), "{told}");
            assert!(!told.contains("Other") && !told.contains('"'), "{told}");
        }
        let told = failure(&Error::AlertReceived(AlertDescription::HandshakeFailure));
        assert!(told.ends_with("(handshake failure)"), "{told}");
        let told = certificate(&other(Webpki::MaximumSignatureChecksExceeded));
        assert!(told.ends_with("(maximum signature checks exceeded)"), "{told}");
        assert!(certificate(&other(Webpki::CaUsedAsEndEntity)).contains("an authority"));
    }

    #[test]
    fn a_failure_of_tls_within_another_error_is_found() {
        let within = std::io::Error::other(Error::InvalidCertificate(CertificateError::Expired));
        assert_eq!(in_words(&within), "TLS failed: the certificate has expired");
        let plain = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        assert_eq!(in_words(&plain), plain.to_string());
    }
}
