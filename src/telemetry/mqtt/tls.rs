//! Whom to trust (the system's certificates and those of a file), and what to show of oneself.

use std::path::Path;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use super::error::ClientOptionsError;
use super::tls_words::{self, is_authority};

/// A configuration for a client that trusts the system and `ca_file`, and shows the certificate of `own`, which is
/// a file with the certificate and one with its key.
pub(super) fn config(
    ca_file: Option<&Path>,
    own: Option<(&Path, &Path)>,
) -> Result<ClientConfig, ClientOptionsError> {
    let wrong = |error: &dyn std::fmt::Display| ClientOptionsError::Tls(error.to_string());
    let mut roots = RootCertStore::empty();
    let system = rustls_native_certs::load_native_certs();
    for error in &system.errors {
        log::warn!("a certificate of the system is left out: {error}");
    }
    roots.add_parsable_certificates(system.certs);
    let named = match ca_file {
        Some(path) => certificates("the CA file", path)?,
        None => Vec::new(),
    };
    for certificate in &named {
        let content = |error: Error| ClientOptionsError::Content {
            what: "the CA file",
            path: ca_file.unwrap_or(Path::new("")).into(),
            reason: tls_words::failure(&error),
        };
        roots.add(certificate.clone()).map_err(content)?;
    }
    if roots.is_empty() {
        return Err(wrong(&"this system has no trusted certificates; name a CA file"));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let usual = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone())
        .build()
        .map_err(|error| wrong(&error))?;
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong(&error))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Verifier { usual, named }));
    let Some((certificate, key_file)) = own else { return Ok(builder.with_no_client_auth()) };
    let chain = certificates("the client certificate", certificate)?;
    builder.with_client_auth_cert(chain, key(key_file)?).map_err(|error| {
        ClientOptionsError::Content {
            what: "the client key",
            path: key_file.into(),
            reason: format!(
                "it does not go with {}: {}",
                certificate.display(),
                tls_words::failure(&error)
            ),
        }
    })
}

/// The usual check; besides, a broker may show the very certificate that the CA file holds, which is how a
/// self-signed certificate is trusted. Its period and its names count as with any other.
#[derive(Debug)]
struct Verifier {
    usual: Arc<WebPkiServerVerifier>,
    named: Vec<CertificateDer<'static>>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match self.usual.verify_server_cert(certificate, between, name, ocsp, now) {
            // The period has been checked before this.
            Err(Error::InvalidCertificate(error))
                if is_authority(&error)
                    && self.named.iter().any(|one| one.as_ref() == certificate.as_ref()) =>
            {
                verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?;
                Ok(ServerCertVerified::assertion())
            }
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.usual.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.usual.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.usual.supported_verify_schemes()
    }
}

fn read(what: &'static str, path: &Path) -> Result<Vec<u8>, ClientOptionsError> {
    std::fs::read(path).map_err(|error| ClientOptionsError::File { what, path: path.into(), error })
}

fn certificates(
    what: &'static str,
    path: &Path,
) -> Result<Vec<CertificateDer<'static>>, ClientOptionsError> {
    let pem = read(what, path)?;
    let wrong = |reason: String| ClientOptionsError::Content { what, path: path.into(), reason };
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let all = all.map_err(|error| wrong(error.to_string()))?;
    if all.is_empty() {
        return Err(wrong("it holds no PEM certificate (-----BEGIN CERTIFICATE-----)".into()));
    }
    Ok(all)
}

fn key(path: &Path) -> Result<PrivateKeyDer<'static>, ClientOptionsError> {
    let what = "the client key";
    let pem = read(what, path)?;
    PrivateKeyDer::from_pem_slice(&pem).map_err(|_| {
        let is_locked = pem.windows(9).any(|part| part == b"ENCRYPTED");
        let reason = if is_locked {
            "it is locked by a password; write it without one (openssl pkey -in FILE -out FILE)"
        } else {
            "it holds no PEM private key (-----BEGIN PRIVATE KEY-----)"
        };
        ClientOptionsError::Content { what, path: path.into(), reason: reason.into() }
    })
}
