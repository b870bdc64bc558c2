//! Who may ask: pages of other origins, and names that only pretend to be this computer, may not.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Whether a text is `scheme://host[:port]` and no more.
pub(super) fn is_origin(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|host| {
        !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || "-._:[]".contains(c))
    })
}

fn host(headers: &HeaderMap) -> &str {
    headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default()
}

/// Whether a name of a host means this computer to everybody.
fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name == "localhost"
        || name.ends_with(".localhost")
        || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Without a login only those may ask who call this computer by its own name: a foreign page whose
/// name leads here (DNS rebinding) may not.
pub(super) async fn own_name(
    State(loopback_only): State<bool>,
    request: Request,
    next: Next,
) -> Response {
    if loopback_only && !is_loopback(host(request.headers())) {
        let text = "this server answers to localhost and 127.0.0.1 alone\n";
        return (StatusCode::FORBIDDEN, text).into_response();
    }
    next.run(request).await
}

/// Whether a WebSocket is asked for by a page of this server, or by no page at all.
pub(super) fn same_origin(headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let origin = origin.to_str().unwrap_or_default();
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    authority.is_some_and(|authority| !authority.is_empty() && authority == host(headers))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_computer_are_its_own() {
        for own in ["localhost:8080", "127.0.0.1", "[::1]:80", "plant.localhost:1"] {
            assert!(is_loopback(own), "{own}");
        }
        for foreign in ["evil.example", "127.0.0.1.evil.example", "", "10.0.0.1:80", "localhosts"] {
            assert!(!is_loopback(foreign), "{foreign}");
        }
    }

    #[test]
    fn an_origin_has_a_scheme_and_a_host_and_no_path() {
        assert!(is_origin("https://grafana.example") && is_origin("http://localhost:3000"));
        assert!(
            !is_origin("grafana.example") && !is_origin("https://a/b") && !is_origin("https://")
        );
        assert!(!is_origin("https://a; script-src *"));
    }

    #[test]
    fn a_socket_is_given_to_pages_of_the_same_host_alone() {
        let with = |origin: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, "localhost:8080".parse().expect("a header"));
            if let Some(origin) = origin {
                headers.insert(header::ORIGIN, origin.parse().expect("a header"));
            }
            same_origin(&headers)
        };
        assert!(with(None) && with(Some("http://localhost:8080")));
        assert!(!with(Some("http://evil.example")) && !with(Some("null")));
        assert!(!with(Some("http://localhost:8081")));
    }
}
