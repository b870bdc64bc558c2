//! Who may ask: pages of other origins, and names that only pretend to be this computer, may not.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Whether a text is `scheme://host[:port]` and no more.
pub fn is_origin(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|host| {
        !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || "-._:[]".contains(c))
    })
}

/// The header's value where it is stated once, as text; empty where it is missing or no text.
fn only(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => Some(value.to_str().unwrap_or_default()),
        (None, _) => Some(""),
        (Some(_), Some(_)) => None,
    }
}

/// Host and port of an authority, in one way of writing them: lower case, without the dot at the end
/// of a whole name. `None` where it is no authority.
fn authority(text: &str) -> Option<(String, Option<u16>)> {
    let (name, port) = if let Some(v6) = text.strip_prefix('[') {
        let (address, rest) = v6.split_once(']')?;
        let address: std::net::Ipv6Addr = address.parse().ok()?;
        (address.to_canonical().to_string(), rest)
    } else {
        let end = text.find(':').unwrap_or(text.len());
        let name = text[..end].to_ascii_lowercase();
        (name.strip_suffix('.').map(str::to_owned).unwrap_or(name), &text[end..])
    };
    let fine = |c: char| c.is_ascii_alphanumeric() || "-._:".contains(c);
    let port = match port.strip_prefix(':') {
        Some(digits) => Some(digits.parse().ok()?),
        None if port.is_empty() => None,
        None => return None,
    };
    (!name.is_empty() && name.chars().all(fine)).then_some((name, port))
}

/// Whether a text is the name or the address of a host, and no more: neither a port nor a pattern.
pub(crate) fn is_name(text: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty() && label.len() <= 63 && !label.starts_with('-') && !label.ends_with('-')
    };
    authority(text).is_some_and(|(name, port)| {
        port.is_none() && (text.starts_with('[') || name.split('.').all(is_label))
    })
}

/// Whether a host's name means this computer to everybody.
fn is_loopback(name: &str) -> bool {
    name == "localhost"
        || name.ends_with(".localhost")
        || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Whether a request's Host, with a port or without, means this computer to everybody.
pub fn is_this_computer(host: &str) -> bool {
    authority(host).is_some_and(|(name, _)| is_loopback(&name))
}

/// Whether an Origin is that of the pages of a Host, however both are written.
pub fn is_of_host(origin: &str, host: &str) -> bool {
    let Some((usual, rest)) = scheme(origin) else { return false };
    let page = with_port(rest, usual);
    page.is_some() && page == with_port(host, usual)
}

/// The usual port of an origin's scheme, and what stands behind it.
fn scheme(origin: &str) -> Option<(u16, &str)> {
    match origin.split_once("://")? {
        ("http", rest) => Some((80, rest)),
        ("https", rest) => Some((443, rest)),
        _ => None,
    }
}

/// Name and port of an authority that may leave the usual port away.
fn with_port(text: &str, usual: u16) -> Option<(String, u16)> {
    authority(text).map(|(name, port)| (name, port.unwrap_or(usual)))
}

/// By which names a server may be called: a foreign page whose name leads here (DNS rebinding) is of
/// another name.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    /// Any name: the server is open to the network, and its broker wants a login.
    pub any: bool,
    /// Names besides those of this computer, without a port.
    pub own: Vec<String>,
    /// The command's option that adds to them, where it has one.
    pub option: Option<&'static str>,
}

impl Names {
    /// Those of this computer alone.
    pub(crate) const LOOPBACK: Self = Self { any: false, own: Vec::new(), option: None };

    /// Whether a request calls this server by one of its names.
    pub(crate) fn allow(&self, headers: &HeaderMap) -> bool {
        let Some(host) = only(headers, header::HOST) else { return false };
        let name = |text: &str| authority(text).map(|(name, _)| name);
        let is_own = |own: &String| name(own).is_some_and(|own| Some(own) == name(host));
        self.any || is_this_computer(host) || self.own.iter().any(is_own)
    }
}

/// Refuses a request that calls this server by a foreign name.
pub(crate) async fn own_name(State(names): State<Names>, request: Request, next: Next) -> Response {
    if !names.allow(request.headers()) {
        let text = match names.option {
            Some(option) => format!(
                "this server answers to localhost, 127.0.0.1 and [::1] alone, and to the names that it was \
                 started with ({option})\n"
            ),
            None => "this server answers to localhost, 127.0.0.1 and [::1] alone\n".to_owned(),
        };
        return (StatusCode::FORBIDDEN, text).into_response();
    }
    next.run(request).await
}

/// Whether a WebSocket is asked for by a page of this server or of an allowed origin, or by no page
/// at all.
pub(crate) fn may_open(headers: &HeaderMap, allowed: &[String]) -> bool {
    if !headers.contains_key(header::ORIGIN) {
        return true;
    }
    let (Some(origin), Some(host)) = (only(headers, header::ORIGIN), only(headers, header::HOST))
    else {
        return false;
    };
    let is_allowed = |other: &String| {
        let (page, other) = (scheme(origin), scheme(other));
        page.zip(other).is_some_and(|((usual, page), (other_usual, other))| {
            let page = with_port(page, usual);
            usual == other_usual && page.is_some() && page == with_port(other, usual)
        })
    };
    is_of_host(origin, host) || allowed.iter().any(is_allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(host: &str, origin: Option<&str>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().expect("a header"));
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().expect("a header"));
        }
        headers
    }

    #[test]
    fn only_names_of_this_computer_are_its_own() {
        for own in [
            "localhost:8080",
            "LOCALHOST:8080",
            "localhost.:8080",
            "127.0.0.1",
            "127.1.2.3:80",
            "[::1]:80",
            "[0:0:0:0:0:0:0:1]",
            "[::ffff:127.0.0.1]:80",
            "plant.localhost:1",
        ] {
            assert!(Names::LOOPBACK.allow(&headers(own, None)), "{own}");
        }
        for foreign in [
            "evil.example",
            "127.0.0.1.evil.example",
            "",
            ".",
            "10.0.0.1:80",
            "localhosts",
            "localhost@evil.example",
            "localhost:80@evil.example",
            "[::1",
            "[::1]evil.example",
            "[fe80::1]",
            "localhost..",
        ] {
            assert!(!Names::LOOPBACK.allow(&headers(foreign, None)), "{foreign}");
        }
        let mut twice = headers("localhost", None);
        twice.append(header::HOST, "evil.example".parse().expect("a header"));
        assert!(!Names::LOOPBACK.allow(&twice));
    }

    #[test]
    fn a_stated_name_is_a_server_s_own() {
        let names = Names { own: vec!["Plant.Example".into()], ..Names::LOOPBACK };
        assert!(names.allow(&headers("plant.example:443", None)));
        assert!(names.allow(&headers("localhost", None)));
        assert!(!names.allow(&headers("evil.example", None)));
    }

    #[test]
    fn a_name_has_neither_scheme_nor_port_nor_path_and_is_no_pattern() {
        for name in ["plant.example", "Plant.Example.", "plant_1", "10.0.0.5", "[fd00::1]", "a-b"] {
            assert!(is_name(name), "{name}");
        }
        for wrong in [
            "",
            " ",
            "*",
            "*.example",
            ".",
            "a..b",
            "-a",
            "plant.example:443",
            "https://plant.example",
            "plant.example/",
            "plant.example, other.example",
            "plant example",
            " plant.example",
            "fd00::1",
            "[fd00::1]:80",
            "[plant]",
            "user@plant.example",
        ] {
            assert!(!is_name(wrong), "{wrong}");
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
    fn a_socket_is_given_to_pages_of_the_same_host_and_of_allowed_origins_alone() {
        let with = |origin: Option<&str>| may_open(&headers("localhost:8080", origin), &[]);
        assert!(with(None) && with(Some("http://localhost:8080")));
        assert!(with(Some("http://LOCALHOST:8080")) && with(Some("http://localhost.:8080")));
        assert!(!with(Some("http://evil.example")) && !with(Some("null")) && !with(Some("")));
        assert!(!with(Some("http://localhost:8081")) && !with(Some("file://localhost:8080")));
        assert!(!with(Some("http://evil.example@localhost:8080")));
        assert!(may_open(&headers("[::1]:80", Some("http://[::1]")), &[]));
        assert!(may_open(&headers("plant.example", Some("https://plant.example")), &[]));
        assert!(!may_open(&headers("plant.example:80", Some("https://plant.example")), &[]));
        let allowed = ["https://grafana.example".to_owned()];
        let from = |origin| may_open(&headers("localhost:9001", Some(origin)), &allowed);
        assert!(from("https://grafana.example") && from("https://grafana.example:443"));
        assert!(!from("http://grafana.example") && !from("https://grafana.example.evil"));
    }
}
