//! Brokers that do not do what is asked: the program against one that is written by hand.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value as Json;

use crate::programs::{folder, free_port, run};

const TWIN: &str = r#"Twin(
    schema: 2, name: "t", title: "Test",
    classes: {"Pump": (
        properties: {"speed": (unit: "{rev}/min", range: (0, 3000)), "state": (type: text)},
        mappings: [
            Scalar(topic: "t/{asset}/speed", property: "speed"),
            Scalar(topic: "t/{asset}/state", property: "state"),
        ],
    )},
    assets: [(name: "P-1", class: "Pump"), (name: "P-2", class: "Pump", at: (2, 0, 0))],
)"#;

/// What the broker does once it has let a client in.
#[derive(Clone, Copy)]
enum Manner {
    /// Refuses the first filter of each subscription.
    RefusesOne,
    /// Closes the connection at a subscription.
    Closes,
    /// Grants, and counts filters with wildcards.
    Grants,
}

/// Its port, how many connections came, and how many filters had a wildcard.
fn broker(manner: Manner) -> (u16, Arc<AtomicUsize>, Arc<AtomicUsize>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let (connections, wide) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (counted, widened) = (connections.clone(), wide.clone());
    std::thread::spawn(move || {
        for socket in listener.incoming().flatten() {
            counted.fetch_add(1, Ordering::Relaxed);
            let widened = widened.clone();
            std::thread::spawn(move || serve(socket, manner, &widened));
        }
    });
    (port, connections, wide)
}

/// The next packet: its first byte and its body; packets of these tests are short.
fn packet(socket: &mut TcpStream) -> Option<(u8, Vec<u8>)> {
    let mut byte = [0];
    socket.read_exact(&mut byte).ok()?;
    let kind = byte[0];
    let (mut length, mut shift) = (0, 0);
    loop {
        socket.read_exact(&mut byte).ok()?;
        length |= usize::from(byte[0] & 0x7f) << shift;
        shift += 7;
        if byte[0] & 0x80 == 0 {
            break;
        }
    }
    let mut body = vec![0; length];
    socket.read_exact(&mut body).ok()?;
    Some((kind, body))
}

fn serve(mut socket: TcpStream, manner: Manner, wide: &AtomicUsize) {
    while let Some((kind, body)) = packet(&mut socket) {
        let answer = match (kind >> 4, manner) {
            (1, _) => vec![0x20, 2, 0, 0],
            (8, Manner::Closes) => return,
            (8, _) => {
                let (mut at, mut codes) = (2, Vec::new());
                while at < body.len() {
                    let length = usize::from(u16::from_be_bytes([body[at], body[at + 1]]));
                    let filter = &body[at + 2..at + 2 + length];
                    if filter.contains(&b'+') || filter.contains(&b'#') {
                        wide.fetch_add(1, Ordering::Relaxed);
                    }
                    codes.push(body[at + 2 + length]);
                    at += 3 + length;
                }
                if matches!(manner, Manner::RefusesOne) {
                    codes[0] = 0x80;
                }
                [&[0x90, 2 + codes.len() as u8, body[0], body[1]][..], &codes[..]].concat()
            }
            (12, _) => vec![0xd0, 0],
            _ => continue,
        };
        if socket.write_all(&answer).is_err() {
            return;
        }
    }
}

/// Runs a command with the twin and the broker at that port; status, output, errors.
fn command(words: &[&str], port: u16) -> (i32, String, String) {
    let folder = folder();
    let twin = folder.path().join("t.ron");
    std::fs::write(&twin, TWIN).expect("a file");
    let url = format!("mqtt://127.0.0.1:{port}");
    let twin = twin.to_str().expect("UTF-8").to_owned();
    let (name, more) = words.split_first().expect("a command");
    run(&[&[*name, twin.as_str(), "--broker", url.as_str()][..], more].concat())
}

#[test]
fn a_refused_subscription_is_told_in_json_in_the_table_and_by_the_exit_status() {
    let (port, ..) = broker(Manner::RefusesOne);
    let (status, out, errors) = command(&["watch", "--for", "1s", "--json"], port);
    assert_eq!(status, 2, "{errors}");
    let refused = out
        .lines()
        .map(|line| serde_json::from_str::<Json>(line).expect("JSON"))
        .find_map(|line| line.get("refused_subscriptions").cloned());
    assert_eq!(refused, Some(serde_json::json!(["t/P-1/speed"])), "{out}");
    assert!(errors.contains("refuses to send t/P-1/speed"), "{errors}");
    let (status, out, _) = command(&["watch", "--for", "1s"], port);
    assert_eq!(status, 2);
    assert!(out.contains("The broker refuses to send t/P-1/speed"), "{out}");
}

#[test]
fn a_broker_that_lets_in_and_cuts_at_once_is_asked_ever_more_rarely() {
    let (port, connections, _) = broker(Manner::Closes);
    command(&["watch", "--for", "6s"], port);
    let count = connections.load(Ordering::Relaxed);
    assert!((3..=12).contains(&count), "{count} connections in 6 s");
}

#[test]
fn two_assets_subscribe_to_their_own_topics_and_to_nothing_wider() {
    let (port, _, wide) = broker(Manner::Grants);
    let (status, ..) = command(&["watch", "--for", "1s", "--json"], port);
    assert_eq!((status, wide.load(Ordering::Relaxed)), (0, 0));
}

#[test]
fn record_leaves_no_file_when_nothing_came_or_could_come() {
    let folder = folder();
    let file = folder.path().join("out.jsonl");
    let out = file.to_str().expect("UTF-8");
    let (granting, ..) = broker(Manner::Grants);
    let (refusing, ..) = broker(Manner::RefusesOne);
    for (port, expected) in [
        (granting, "nothing came"),
        (free_port(), "nothing can be recorded"),
        (refusing, "refuses to send"),
    ] {
        let (status, _, errors) = command(&["record", "--for", "1s", "--out", out], port);
        assert_eq!(status, 2, "{errors}");
        assert!(errors.contains(expected), "{errors}");
        assert!(!file.exists());
    }
    let (status, ..) = command(&["record", "--out", out, "--ca", "/nowhere.pem", "--for", "1s"], 1);
    assert!(!file.exists(), "{status}");
}

#[test]
fn a_password_with_a_slash_is_not_told() {
    let folder = folder();
    let twin = folder.path().join("t.ron");
    std::fs::write(&twin, TWIN).expect("a file");
    let twin = twin.to_str().expect("UTF-8");
    for login in ["eva:qzq/zqz", "num:98765/98764", "qzq@b:c://zqz", "zqz:qzq?x#y"] {
        let url = format!("mqtt://{login}@127.0.0.1:{}", free_port());
        let (status, out, errors) = run(&["watch", twin, "--broker", &url]);
        assert_eq!(status, 2, "{errors}");
        assert!(errors.contains("nothing listens at mqtt://127.0.0.1:"), "{errors}");
        let told = format!("{out}{errors}");
        for piece in login.split([':', '/', '@', '?', '#']).filter(|piece| piece.len() > 1) {
            assert!(!told.contains(piece), "{piece} in {told}");
        }
    }
}

/// A file with 200 kB of brackets, and a name that would clear the screen and forge a line.
#[test]
fn a_wrong_file_cannot_flood_or_command_the_terminal_and_a_closed_error_output_is_no_panic() {
    let folder = folder();
    let file = folder.path().join("bad.ron");
    let path = file.to_str().expect("UTF-8");
    std::fs::write(&file, "(".repeat(200_000)).expect("a file");
    let (status, out, errors) = run(&["check", path]);
    assert_eq!(status, 1);
    assert!(out.len() + errors.len() < 200_000, "{} bytes", errors.len());
    std::fs::write(&file, TWIN.replace("class: \"Pump\")", "class: \"Pu\u{1b}[2Jmp\")"))
        .expect("a file");
    let (status, out, errors) = run(&["check", path]);
    assert_eq!(status, 1);
    let is_obeyed = |c: char| c.is_control() && c != '\n' && c != '\t';
    assert!(!out.contains(is_obeyed) && !errors.contains(is_obeyed), "{errors:?}");
    let mut child = crate::programs::twinscope()
        .args(["check", path])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the program starts");
    drop((child.stdout.take(), child.stderr.take()));
    assert_eq!(child.wait().expect("its end").code(), Some(1));
}
