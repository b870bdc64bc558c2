//! What the address of a broker says.
//!
//! A person writes a password as it is, with `/`, `:`, `?`, `#` or `@` in it. So the login is all that stands between
//! the scheme and the last `@`, and only what follows is looked at and may be repeated in a message.

use super::error::ClientOptionsError;
use super::options::Scheme;

/// An address, taken apart.
#[derive(PartialEq, Eq)]
pub(super) struct Address {
    pub(super) scheme: Scheme,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) path: String,
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
}

impl Address {
    /// Reads an address; see `ClientOptions::from_url`.
    pub(super) fn read(url: &str) -> Result<Self, ClientOptionsError> {
        let (login, before, rest) = match url.rsplit_once('@') {
            Some((before, address)) => match split_scheme(before) {
                (Some(scheme), login) => (Some(login), Some(scheme), address),
                (None, login) => (Some(login), None, address),
            },
            None => {
                let (scheme, rest) = split_scheme(url);
                (None, scheme, rest)
            }
        };
        let (scheme, usual_port) = scheme(before, login.is_some())?;
        let (address, path) = match rest.split_once('/') {
            Some((address, path)) => (address, format!("/{path}")),
            None => (rest, "/mqtt".to_owned()),
        };
        let (host, port) = match address.rsplit_once(':') {
            // The colons of `[::1]` are not before a port.
            Some((host, port)) if !port.contains(']') => (host, read_port(port)?),
            _ => (address, usual_port),
        };
        if host.is_empty() {
            return wrong("it names no host".into());
        }
        let is_odd = |c: char| c.is_whitespace() || c.is_control() || "?#\\\"<>^`{|}".contains(c);
        if host.contains(is_odd) {
            return wrong(format!("{host:?} is no host name"));
        }
        if host.contains(':') && !(host.starts_with('[') && host.ends_with(']')) {
            return wrong("an IPv6 address is written in brackets, as in mqtt://[::1]:1883".into());
        }
        let (user, password) = match login.map(|login| login.split_once(':').unwrap_or((login, "")))
        {
            None | Some(("", "")) => (None, None),
            Some((user, "")) => (Some(percent_decoded(user)), None),
            Some((user, password)) => {
                (Some(percent_decoded(user)), Some(percent_decoded(password)))
            }
        };
        Ok(Self { scheme, host: host.to_owned(), port, path, user, password })
    }
}

/// The scheme, if there is one, and what follows it. What stands before `://` and is no word belongs to a login.
fn split_scheme(text: &str) -> (Option<&str>, &str) {
    match text.split_once("://") {
        Some((scheme, rest))
            if scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c)) =>
        {
            (Some(scheme), rest)
        }
        _ => (None, text),
    }
}

fn scheme(word: Option<&str>, has_login: bool) -> Result<(Scheme, u16), ClientOptionsError> {
    let Some(word) = word else { return Ok((Scheme::Mqtt, 1883)) };
    let lower = word.to_ascii_lowercase();
    if let Some(&(_, scheme, port)) = Scheme::ALL.iter().find(|(name, ..)| *name == lower) {
        return Ok((scheme, port));
    }
    // Others' words for the same.
    let meant = match lower.as_str() {
        "tcp" => Some("mqtt"),
        "ssl" | "tls" | "mqtt+ssl" | "mqtt+tls" => Some("mqtts"),
        "http" => Some("ws"),
        "https" => Some("wss"),
        _ => None,
    };
    // With a login behind it, an unknown word may be the user's name.
    let named =
        if has_login && meant.is_none() { "its scheme".into() } else { format!("{word:?}") };
    let hint = meant.map(|meant| format!(" (did you mean {meant}://?)")).unwrap_or_default();
    wrong(format!("{named} is none of mqtt, mqtts, ws, wss{hint}"))
}

/// The port is repeated only where it is a number, since it may be a password that lacks its host.
fn read_port(text: &str) -> Result<u16, ClientOptionsError> {
    match text.parse() {
        Ok(port) if port > 0 => Ok(port),
        _ if !text.is_empty() && text.len() < 8 && text.bytes().all(|b| b.is_ascii_digit()) => {
            wrong(format!("the port {text} is no number from 1 to 65535"))
        }
        _ => wrong("the port, after the last colon, is no number from 1 to 65535".into()),
    }
}

fn wrong<T>(reason: String) -> Result<T, ClientOptionsError> {
    Err(ClientOptionsError::Url { reason })
}

/// Replaces `%40` and the like.
fn percent_decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::ClientOptions;

    fn login(url: &str) -> (String, Option<String>, Option<String>) {
        let options = ClientOptions::from_url(url).expect("an address");
        (options.broker(), options.user, options.password)
    }

    #[test]
    fn an_address_gives_scheme_host_port_and_login() {
        let read = |url: &str, broker: &str, user: Option<&str>, password: Option<&str>| {
            let expected =
                (broker.to_owned(), user.map(str::to_owned), password.map(str::to_owned));
            assert_eq!(login(url), expected, "{url}");
        };
        let (me, eva) = (Some("me"), Some("eva"));
        read("mqtts://me:p%40ss@plant.example", "mqtts://plant.example:8883", me, Some("p@ss"));
        read("localhost:2883", "mqtt://localhost:2883", None, None);
        read("ws://[::1]:9001/mqtt", "ws://[::1]:9001/mqtt", None, None);
        read("mqtt://eva:pa/ss@127.0.0.1:417", "mqtt://127.0.0.1:417", eva, Some("pa/ss"));
        read("mqtt://eva:12/34@127.0.0.1:417", "mqtt://127.0.0.1:417", eva, Some("12/34"));
        read("eva:x://y@host", "mqtt://host:1883", eva, Some("x://y"));
        read("mqtt://eva:a@b:c?d#e@host", "mqtt://host:1883", eva, Some("a@b:c?d#e"));
        read("wss://host/p?key=secret", "wss://host:443/p?…", None, None);
    }

    #[test]
    fn a_wrong_address_is_answered_with_what_is_wrong_and_never_with_the_password() {
        for (url, expected) in [
            ("http://host", "\"http\" is none of mqtt, mqtts, ws, wss (did you mean ws://?)"),
            ("mqtt://", "names no host"),
            ("mqtt://me:secret@", "names no host"),
            ("mqtt://me:secret@host:99999", "the port 99999 is no number from 1 to 65535"),
            ("mqtt://me:secret", "after the last colon, is no number"),
            ("mqtt://me:secret@ho st", "\"ho st\" is no host name"),
            ("secret://x@host", "its scheme is none of"),
            ("mqtt://::1:1883", "in brackets"),
        ] {
            let error = ClientOptions::from_url(url).expect_err(url);
            for text in [error.to_string(), format!("{error:?}")] {
                assert!(!text.contains("secret"), "{text}");
            }
            assert!(error.to_string().contains(expected), "{error}");
        }
        let options = ClientOptions::from_url("mqtt://me:secret@host").expect("an address");
        assert!(!format!("{options:?}").contains("secret"));
    }

    proptest! {
        #[test]
        fn no_password_changes_the_host_or_stands_in_a_message(
            password in "[ -~§ä\\n]{4,20}",
            scheme in prop::sample::select(vec!["mqtt://", "mqtts://", "ws://", ""]),
            address in prop::sample::select(vec!["host", "host:18", "host:0", "ho st", "host:no", ""]),
        ) {
            let secret = format!("§{}§", password.replace('%', "%25"));
            match ClientOptions::from_url(&format!("{scheme}eva:{secret}@{address}")) {
                Ok(options) => {
                    prop_assert_eq!(options.host.as_str(), "host");
                    prop_assert_eq!(options.user.as_deref(), Some("eva"));
                    prop_assert_eq!(options.password.clone(), Some(format!("§{password}§")));
                    let told = format!("{} {options:?}", options.broker());
                    prop_assert!(!told.contains('§'), "{}", told);
                }
                Err(error) => {
                    let told = format!("{error} {error:?}");
                    prop_assert!(!told.contains('§') && !told.contains("eva"), "{}", told);
                }
            }
        }
    }
}
