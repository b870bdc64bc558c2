//! Whom to trust: the system's certificates and those of a file.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use super::error::ClientOptionsError;

/// A configuration for a client that shows no certificate of its own.
pub(super) fn config(ca_file: Option<&Path>) -> Result<ClientConfig, ClientOptionsError> {
    let mut roots = RootCertStore::empty();
    let system = rustls_native_certs::load_native_certs();
    for error in &system.errors {
        log::warn!("a certificate of the system is left out: {error}");
    }
    roots.add_parsable_certificates(system.certs);
    if let Some(path) = ca_file {
        add_file(&mut roots, path)?;
    }
    if roots.is_empty() {
        return Err(ClientOptionsError::Tls(
            "this system has no trusted certificates; name a CA file".into(),
        ));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| ClientOptionsError::Tls(error.to_string()))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

fn add_file(roots: &mut RootCertStore, path: &Path) -> Result<(), ClientOptionsError> {
    let what = "the CA file";
    let pem = std::fs::read(path).map_err(|error| ClientOptionsError::File {
        what,
        path: path.into(),
        error,
    })?;
    let wrong = |reason: String| ClientOptionsError::Content { what, path: path.into(), reason };
    let mut count = 0;
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
        roots.add(certificate).map_err(|error| wrong(error.to_string()))?;
        count += 1;
    }
    if count == 0 {
        return Err(wrong("it holds no PEM certificate (-----BEGIN CERTIFICATE-----)".into()));
    }
    Ok(())
}
