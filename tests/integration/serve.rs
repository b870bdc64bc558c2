//! The server of the page: over real sockets, with clients that are not ours.

use std::io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use rumqttc::{Client, Connection, Event, LastWill, MqttOptions, Packet, QoS, Transport};
use twinscope::plant::broker::{self, Broker};
use twinscope::serve::{PAGES, ServeError, ServeOptions, Server, Upstream};
use twinscope::telemetry::mqtt;

use crate::programs::{
    Background, Mosquitto, eventually, free_port, publish_to, signal, tools, twinscope,
};

const SCRIPT: &str = "webgl2-0123456789abcdef.js";

/// A page and a twin in a folder of their own.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, content: &[u8]| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        };
        write("page/index.html", b"<!doctype html><title>page</title>");
        write("page/manifest.json", b"{}");
        write(&format!("page/{SCRIPT}"), b"export default 1;\n".repeat(100).as_slice());
        write(&format!("page/{SCRIPT}.br"), b"pretended brotli");
        write("page/webgl2-0123456789abcdef_bg.wasm", b"\0asm");
        write("secret.txt", b"secret");
        write("plant/scenes/secret.ron", b"secret");
        write(
            "plant/scenes/classes/a.ron",
            br#"Classes(schema: 2, classes: {"A": (properties: {"v": ()},
            mappings: [Scalar(topic: "v", property: "v")], model: "../../models/a.glb")})"#,
        );
        write(
            "plant/scenes/a.ron",
            br#"Twin(schema: 2, name: "a", title: "Plant A",
            include: ["classes/a.ron"], assets: [(name: "A", class: "A")])"#,
        );
        write("plant/models/a.glb", b"glTF and so on");
        Self { folder }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn options(&self, upstream: Upstream) -> ServeOptions {
        ServeOptions {
            http: ([127, 0, 0, 1], 0).into(),
            bundle: self.path("page"),
            twin: self.path("plant/scenes/a.ron"),
            upstream,
            login: false,
            embed: vec!["https://grafana.example".into()],
            hosts: Vec::new(),
            pages: PAGES,
        }
    }

    fn serve(&self) -> Server {
        let nowhere = Upstream::Direct("ws://127.0.0.1:9".into());
        Server::start(self.options(nowhere)).expect("it starts")
    }
}

struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        let of = |line: &'_ str| line.split_once(": ").map(|(key, _)| key.to_lowercase());
        let line = self.head.lines().find(|line| of(line).as_deref() == Some(name))?;
        line.split_once(": ").map(|(_, value)| value)
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Asks as a browser does, with more header lines.
fn get(server: SocketAddr, path: &str, more: &[&str]) -> Answer {
    let mut stream = TcpStream::connect(server).expect("it listens");
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let host = if more.iter().any(|line| line.starts_with("Host:")) {
        String::new()
    } else {
        format!("Host: {server}\r\n")
    };
    let more: String = more.iter().map(|line| format!("{line}\r\n")).collect();
    write!(stream, "GET {path} HTTP/1.1\r\n{host}{more}Connection: close\r\n\r\n").unwrap();
    let mut all = Vec::new();
    stream.read_to_end(&mut all).expect("an answer");
    let end = all.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
    let head = String::from_utf8(all[..end].to_vec()).expect("text");
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
    Answer { status, head, body: all[end + 4..].to_vec() }
}

#[test]
fn each_file_is_sent_as_what_it_is_and_kept_as_long_as_its_name_allows() {
    let place = Place::new();
    let server = place.serve();
    let forever = Some("public, max-age=31536000, immutable");
    for (path, kind, keep) in [
        ("/", "text/html", Some("no-cache")),
        ("/webgl2-0123456789abcdef.js", "text/javascript", forever),
        ("/webgl2-0123456789abcdef_bg.wasm", "application/wasm", forever),
        ("/manifest.json", "application/json", Some("no-cache")),
        ("/config.json", "application/json", Some("no-cache")),
        ("/files/scenes/a.ron", "text/plain; charset=utf-8", Some("no-cache")),
        ("/files/models/a.glb", "model/gltf-binary", Some("no-cache")),
    ] {
        let answer = get(server.address(), path, &[]);
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.header("content-type"), Some(kind), "{path}");
        assert_eq!(answer.header("cache-control"), keep, "{path}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        let frames = "frame-ancestors 'self' https://grafana.example";
        assert_eq!(answer.header("content-security-policy"), Some(frames), "{path}");
    }
}

#[test]
fn what_a_browser_has_already_is_not_sent_again() {
    let place = Place::new();
    let server = place.serve();
    for path in ["/index.html", "/files/models/a.glb"] {
        let first = get(server.address(), path, &[]);
        let since =
            format!("If-Modified-Since: {}", first.header("last-modified").expect("a date"));
        let again = get(server.address(), path, &[&since]);
        assert_eq!((again.status, again.body.len()), (304, 0), "{path}");
    }
}

#[test]
fn a_second_save_within_a_second_is_sent_also_to_who_knows_the_date_of_the_first() {
    let place = Place::new();
    let server = place.serve();
    let texts = ["<p>1</p>", "<p>2</p>", "<p>3</p>"];
    for (path, file) in
        [("/index.html", "page/index.html"), ("/files/models/a.glb", "plant/models/a.glb")]
    {
        let save = |text: &str| {
            std::fs::write(place.path(file), text).unwrap();
            let saved = std::fs::File::options().write(true).open(place.path(file)).unwrap();
            // All of them in one second, however slow the computer is.
            saved.set_modified(std::time::UNIX_EPOCH + Duration::from_secs(1_772_366_400)).unwrap();
        };
        save(texts[0]);
        let first = get(server.address(), path, &[]);
        let since =
            format!("If-Modified-Since: {}", first.header("last-modified").expect("a date"));
        let tag = format!("If-None-Match: {}", first.header("etag").expect("a tag"));
        assert_eq!(get(server.address(), path, &[&tag]).status, 304, "{path}");
        for text in &texts[1..] {
            save(text);
            for known in [&since, &tag] {
                let answer = get(server.address(), path, &[known]);
                assert_eq!((answer.status, answer.text().as_str()), (200, *text), "{path} {known}");
            }
        }
    }
}

#[cfg(unix)]
#[test]
fn no_link_is_followed_out_of_the_twin_s_folder_or_the_page_s() {
    let place = Place::new();
    std::fs::write(place.path("other.glb"), "secret").unwrap();
    let link = |to: &str, at: &str| {
        let _ = std::fs::remove_file(place.path(at));
        std::os::unix::fs::symlink(place.path(to), place.path(at)).unwrap();
    };
    link("other.glb", "plant/models/a.glb");
    link("secret.txt", "page/secret.txt");
    link("secret.txt", &format!("page/{SCRIPT}.gz"));
    link("plant", "page/plant");
    let server = place.serve();
    let script = format!("/{SCRIPT}");
    for path in ["/files/models/a.glb", "/secret.txt", &script, "/plant/scenes/a.ron"] {
        let answer = get(server.address(), path, &["Accept-Encoding: gzip"]);
        assert_eq!(answer.status, 404, "{path}");
        assert!(!answer.text().contains("secret"), "{path}");
    }
    // A link within the folder is as good as a file.
    std::fs::write(place.path("plant/models/b.glb"), "own").unwrap();
    link("plant/models/b.glb", "plant/models/a.glb");
    assert_eq!(get(server.address(), "/files/models/a.glb", &[]).text(), "own");
}

#[test]
fn clients_that_say_nothing_do_not_take_the_places_of_those_that_ask() {
    let place = Place::new();
    // A program of its own: both ends of the connections would be more files than one may open.
    let mut command = twinscope();
    command.args(["serve", "--http", "127.0.0.1:0", "--bundle"]).arg(place.path("page"));
    let mut served = Background::start(command.stdout(Stdio::piped()));
    let mut lines = BufReader::new(served.0.stdout.take().unwrap()).lines();
    let url = lines.nth(1).unwrap().unwrap();
    let address: SocketAddr =
        url.trim_start_matches("http://").trim_end_matches('/').parse().expect("an address");
    let connect = |_| {
        let mut stream = TcpStream::connect(address).expect("it listens");
        // The beginning of a request that never ends.
        stream.write_all(b"GET / HTTP/1.1\r\nHost:").expect("it is taken");
        stream
    };
    let silent: Vec<_> = (0..600).map(connect).collect();
    assert_eq!(get(address, "/index.html", &[]).status, 200);
    // The oldest were closed for it.
    let mut first = &silent[0];
    first.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let end = first.read(&mut [0; 512]);
    let is_waiting = |kind| matches!(kind, ErrorKind::WouldBlock | ErrorKind::TimedOut);
    assert!(
        end.as_ref().map_or_else(|error| !is_waiting(error.kind()), |count| *count == 0),
        "{end:?}"
    );
}

#[test]
fn what_is_compressed_already_is_sent_so_and_the_rest_is_compressed_on_the_way() {
    let place = Place::new();
    let server = place.serve();
    let script = format!("/{SCRIPT}");
    let brotli = get(server.address(), &script, &["Accept-Encoding: gzip, br"]);
    assert_eq!(brotli.header("content-encoding"), Some("br"));
    assert_eq!(brotli.body, b"pretended brotli");
    let gzip = get(server.address(), &script, &["Accept-Encoding: gzip"]);
    assert_eq!(gzip.header("content-encoding"), Some("gzip"));
    let plain = get(server.address(), &script, &[]);
    assert_eq!((plain.header("content-encoding"), plain.body.len()), (None, 1800));
}

#[test]
fn of_the_disk_only_the_files_of_the_twin_can_be_had() {
    let place = Place::new();
    let server = place.serve();
    for path in [
        "/files/scenes/secret.ron",
        "/files/../secret.txt",
        "/files/%2e%2e/secret.txt",
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/files/",
        "/files/scenes",
        "/files//etc/passwd",
    ] {
        let answer = get(server.address(), path, &[]);
        assert!(answer.status >= 400, "{path}: {}", answer.status);
        assert!(!answer.text().contains("secret\n") && answer.text() != "secret", "{path}");
    }
}

#[test]
fn what_a_twin_calls_a_model_is_handed_out_only_if_it_is_one() {
    let place = Place::new();
    let class = place.path("plant/scenes/classes/a.ron");
    let text = std::fs::read_to_string(&class).unwrap();
    std::fs::write(&class, text.replace("../../models/a.glb", "../../../secret.txt")).unwrap();
    let server = place.serve();
    assert!(!get(server.address(), "/config.json", &[]).text().contains("secret"));
    for path in ["/files/secret.txt", "/files/../../secret.txt", "/files/scenes/secret.txt"] {
        assert_eq!(get(server.address(), path, &[]).status, 404, "{path}");
    }
}

#[test]
fn a_broker_of_one_s_own_is_not_opened_to_the_network() {
    let place = Place::new();
    let output = twinscope()
        .args(["serve", "--http", "0.0.0.0:0", "--broker", "mqtt://127.0.0.1:1", "--bundle"])
        .arg(place.path("page"))
        .env("TWINSCOPE_MQTT_USER", "eva")
        .env("TWINSCOPE_MQTT_PASSWORD", "secret")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("proxy"), "{text}");
}

#[test]
fn the_page_is_told_the_twin_its_files_and_what_was_saved_since() {
    let place = Place::new();
    let server = place.serve();
    let config = || -> serde_json::Value {
        serde_json::from_slice(&get(server.address(), "/config.json", &[]).body).expect("JSON")
    };
    let before = config();
    assert_eq!(before["twin"], "files/scenes/a.ron");
    assert_eq!(before["title"], "Plant A");
    assert_eq!(before["files"]["files/models/a.glb"], 14);
    assert_eq!(before["files"].as_object().map(serde_json::Map::len), Some(3));
    assert_eq!(get(server.address(), "/files/models/b.glb", &[]).status, 404);
    std::fs::write(place.path("plant/models/b.glb"), b"another").unwrap();
    let text = std::fs::read_to_string(place.path("plant/scenes/classes/a.ron")).unwrap();
    let class = place.path("plant/scenes/classes/a.ron");
    // File systems may tell times in steps.
    assert!(eventually(Duration::from_secs(10), || {
        std::fs::write(&class, text.replace("a.glb", "b.glb")).unwrap();
        get(server.address(), "/files/models/b.glb", &[]).status == 200
    }));
    assert_eq!(config()["files"]["files/models/b.glb"], 7);
}

#[test]
fn foreign_pages_and_foreign_names_are_refused() {
    let place = Place::new();
    let server = place.serve();
    let rebound = get(server.address(), "/config.json", &["Host: evil.example"]);
    assert_eq!(rebound.status, 403);
    let text = rebound.text();
    assert!(text.contains("localhost") && text.contains("(--host)"), "{text}");
    let upgrade = [
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Protocol: mqtt",
        "Origin: http://evil.example",
    ];
    assert_eq!(get(server.address(), "/mqtt", &upgrade).status, 403);
}

/// A page's client at the server's WebSocket.
fn page(server: &Server, name: &str) -> (Client, Connection) {
    let address = server.address();
    let mut options = MqttOptions::new(name, format!("ws://{address}/mqtt"), address.port());
    options.set_transport(Transport::Ws);
    Client::new(options, 10)
}

#[test]
fn a_page_that_publishes_is_cut_off_and_the_broker_hears_nothing_of_it() {
    let place = Place::new();
    let embedded = Broker::start(broker::BrokerOptions::default()).expect("a broker");
    let options = mqtt::ClientOptions::from_url(&embedded.url()).unwrap();
    let server =
        Server::start(place.options(Upstream::Relay(Box::new(options)))).expect("it starts");
    let limit = Duration::from_secs(20);

    let (reader, mut heard) = page(&server, "twinscope-page-reader");
    reader.subscribe("#", QoS::AtLeastOnce).unwrap();
    loop {
        let event = heard.recv_timeout(limit).expect("an answer in time").expect("a page may read");
        if matches!(event, Event::Incoming(Packet::SubAck(_))) {
            break;
        }
    }

    let attempts: [fn(&Client); 3] = [
        |page| page.publish("plant/valve", QoS::AtMostOnce, false, "open").unwrap(),
        |page| page.publish("plant/valve", QoS::AtLeastOnce, true, "open").unwrap(),
        |page| page.subscribe("$share/group/#", QoS::AtMostOnce).unwrap(),
    ];
    for (attempt, number) in attempts.into_iter().zip(1..) {
        let (writer, mut events) = page(&server, "twinscope-page-writer");
        attempt(&writer);
        while let Ok(Ok(_)) = events.recv_timeout(limit) {}
        // It is counted once the page has been answered.
        assert!(eventually(limit, || server.refused() == number));
    }
    let address = server.address();
    let mut options =
        MqttOptions::new("twinscope-page-will", format!("ws://{address}/mqtt"), address.port());
    options.set_transport(Transport::Ws);
    options.set_last_will(LastWill::new("plant/valve", "open", QoS::AtMostOnce, true));
    let (_writer, mut events) = Client::new(options, 10);
    assert!(events.recv_timeout(limit).expect("an answer").is_err());

    publish(embedded.tcp_address().port());
    let first = loop {
        let event = heard.recv_timeout(limit).expect("a message in time").expect("it is connected");
        if let Event::Incoming(Packet::Publish(publish)) = event {
            break publish.topic;
        }
    };
    assert_eq!(first, "test/hello");
}

#[test]
fn a_page_with_the_identifier_of_another_client_does_not_cut_that_client() {
    let place = Place::new();
    let embedded = Broker::start(broker::BrokerOptions::default()).expect("a broker");
    let limit = Duration::from_secs(20);
    let address = embedded.tcp_address();
    let (plant, mut events) =
        Client::new(MqttOptions::new("plant", address.ip().to_string(), address.port()), 10);
    let is_connected = |event: Event| matches!(event, Event::Incoming(Packet::ConnAck(_)));
    while !is_connected(events.recv_timeout(limit).expect("in time").expect("it is connected")) {}

    let options = mqtt::ClientOptions::from_url(&embedded.url()).unwrap();
    let server =
        Server::start(place.options(Upstream::Relay(Box::new(options)))).expect("it starts");
    let (_page, mut refused) = page(&server, "plant");
    assert!(refused.recv_timeout(limit).expect("an answer").is_err());
    assert!(eventually(limit, || server.refused() == 1));

    plant.publish("plant/alive", QoS::AtLeastOnce, false, "1").unwrap();
    loop {
        let event = events.recv_timeout(limit).expect("in time").expect("it is still connected");
        if matches!(event, Event::Incoming(Packet::PubAck(_))) {
            break;
        }
    }
}

#[test]
fn a_page_does_not_cut_another_page_whose_identifier_it_knows() {
    let place = Place::new();
    let embedded = Broker::start(broker::BrokerOptions::default()).expect("a broker");
    let limit = Duration::from_secs(20);
    let options = mqtt::ClientOptions::from_url(&embedded.url()).unwrap();
    let server =
        Server::start(place.options(Upstream::Relay(Box::new(options)))).expect("it starts");
    let connected = || {
        let (client, mut events) = page(&server, "twinscope-page-known");
        client.subscribe("test/#", QoS::AtLeastOnce).unwrap();
        loop {
            let event = events.recv_timeout(limit).expect("in time").expect("it is connected");
            if matches!(event, Event::Incoming(Packet::SubAck(_))) {
                return (client, events);
            }
        }
    };
    let both = [connected(), connected()];
    publish(embedded.tcp_address().port());
    for (_client, mut events) in both {
        loop {
            let event = events.recv_timeout(limit).expect("in time").expect("it is not cut");
            if matches!(event, Event::Incoming(Packet::Publish(_))) {
                break;
            }
        }
    }
}

#[test]
fn certificates_that_cannot_be_used_are_refused_with_the_reason() {
    let place = Place::new();
    let file = place.path("page/index.html");
    let ends = |more: &[&str]| {
        let mut command = twinscope();
        command.args(["serve", "--http", "127.0.0.1:0", "--bundle"]).arg(place.path("page"));
        let output = command.args(more).arg("--ca").arg(&file).output().unwrap();
        assert!(!output.status.success());
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    for url in ["ws://127.0.0.1:9", "wss://127.0.0.1:9"] {
        let text = ends(&["--broker", url]);
        assert!(text.contains("of their browser") && text.contains("mqtts://"), "{text}");
    }
    let text = ends(&["--broker", "mqtt://127.0.0.1:9"]);
    assert!(text.contains("--ca goes with TLS"), "{text}");
    let text = ends(&[]);
    assert!(text.contains("--broker"), "{text}");
}

#[test]
fn no_more_pages_than_allowed_use_the_broker_at_a_time() {
    let place = Place::new();
    let embedded = Broker::start(broker::BrokerOptions::default()).expect("a broker");
    let relay = Upstream::Relay(Box::new(mqtt::ClientOptions::from_url(&embedded.url()).unwrap()));
    let options = ServeOptions { pages: 1, ..place.options(relay) };
    let server = Server::start(options).expect("it starts");
    let address = server.address();
    let ask = || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        write!(
            stream,
            "GET /mqtt HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Protocol: mqtt\r\n\r\n"
        )
        .unwrap();
        let mut first = [0; 12];
        stream.read_exact(&mut first).unwrap();
        (stream, String::from_utf8_lossy(&first).into_owned())
    };
    let (page, first) = ask();
    assert_eq!(first, "HTTP/1.1 101");
    assert_eq!(ask().1, "HTTP/1.1 503");
    drop(page);
    assert!(eventually(Duration::from_secs(10), || ask().1 == "HTTP/1.1 101"));
}

#[test]
fn a_server_that_others_could_reach_wants_a_login() {
    let place = Place::new();
    let nowhere = Upstream::Direct("ws://127.0.0.1:9".into());
    let open = ServeOptions { http: ([0, 0, 0, 0], 0).into(), ..place.options(nowhere.clone()) };
    assert!(matches!(Server::start(open.clone()), Err(ServeError::OpenToTheNetwork(_))));
    let server = Server::start(ServeOptions { login: true, ..open }).expect("with a login it may");
    let local = SocketAddr::from(([127, 0, 0, 1], server.address().port()));
    let config = get(local, "/config.json", &["Host: plant.example"]);
    assert_eq!(config.status, 200);
    assert!(config.text().contains(r#""login":true"#), "{}", config.text());
}

#[test]
fn a_page_that_is_not_built_a_wrong_name_and_a_wrong_origin_are_told() {
    let place = Place::new();
    let nowhere = Upstream::Direct("ws://127.0.0.1:9".into());
    let absent = ServeOptions { bundle: place.path("nowhere"), ..place.options(nowhere.clone()) };
    let error = Server::start(absent).expect_err("nothing to serve").to_string();
    assert!(error.contains("scripts/build-web"), "{error}");
    for wrong in ["plant.example:443", "https://plant.example", "*", ""] {
        let named = ServeOptions { hosts: vec![wrong.into()], ..place.options(nowhere.clone()) };
        let error = Server::start(named).expect_err("no name").to_string();
        assert!(
            error.contains(&format!("`{wrong}`")) && error.contains("plant.example,"),
            "{error}"
        );
    }
    let origin = ServeOptions { embed: vec!["grafana".into()], ..place.options(nowhere) };
    let error = Server::start(origin).expect_err("no origin").to_string();
    assert!(error.contains("https://grafana.example"), "{error}");
}

/// A client that is not ours tells the broker something.
fn publish(mqtt_port: u16) {
    publish_to(mqtt_port, &["-r", "-t", "test/hello", "-m", "hello"]);
}

/// Whether mqtt.js hears it over the server's WebSocket.
fn hears(server: &Server) -> bool {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/subscribe.mjs");
    let output = Command::new("node")
        .arg(script)
        .args([&format!("ws://{}/mqtt", server.address()), "test/#", "1", "4", "twinscope-page-js"])
        .env("TWINSCOPE_TEST_TOOLS", tools())
        .output()
        .expect("node is installed");
    output.status.success()
}

#[test]
fn the_broker_is_reached_through_the_page_s_own_address() {
    let place = Place::new();
    let embedded = Broker::start(broker::BrokerOptions::default()).expect("a broker");
    let options = mqtt::ClientOptions::from_url(&embedded.url()).unwrap();
    let server =
        Server::start(place.options(Upstream::Relay(Box::new(options)))).expect("it starts");
    publish(embedded.tcp_address().port());
    assert!(hears(&server));
    let mut mosquitto = Mosquitto::start();
    let options = mqtt::ClientOptions::from_url(&mosquitto.url()).unwrap();
    let server =
        Server::start(place.options(Upstream::Relay(Box::new(options)))).expect("it starts");
    publish(mosquitto.port);
    assert!(hears(&server));
    // A broker that is away is told by a close, and used again when it is back.
    mosquitto.kill();
    assert!(!hears(&server), "nobody is there");
    mosquitto.restart();
    publish(mosquitto.port);
    assert!(hears(&server));
}

#[test]
fn the_command_serves_the_demo_and_ends_when_it_is_asked_to() {
    let place = Place::new();
    let mut command = twinscope();
    command.args(["serve", "--http", "127.0.0.1:0", "--bundle"]).arg(place.path("page"));
    let mut served = Background::start(command.stdout(Stdio::piped()));
    let mut lines = BufReader::new(served.0.stdout.take().unwrap()).lines();
    let broker = lines.next().unwrap().unwrap();
    assert!(broker.starts_with("mqtt://127.0.0.1:"), "{broker}");
    let url = lines.next().unwrap().unwrap();
    let address: SocketAddr =
        url.trim_start_matches("http://").trim_end_matches('/').parse().expect("an address");
    let config = get(address, "/config.json", &[]).text();
    assert!(config.contains(r#""twin":"files/scenes/bottling.ron""#), "{config}");
    assert_eq!(get(address, "/files/assets/models/pump_skid.glb", &[]).status, 200);
    signal(&served.0, "TERM");
    let status = served.0.wait().expect("it ends");
    assert_eq!(status.code(), Some(0));
}

#[test]
fn a_taken_port_and_an_absent_page_end_with_status_2() {
    let place = Place::new();
    let taken = std::net::TcpListener::bind(("127.0.0.1", free_port())).unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for (http, bundle, expected) in [
        (address.as_str(), place.path("page"), "choose another port"),
        ("127.0.0.1:0", place.path("nowhere"), "scripts/build-web"),
    ] {
        let output =
            twinscope().args(["serve", "--http", http, "--bundle"]).arg(bundle).output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains(expected), "{text}");
    }
}
