//! What several tests need: a real broker on a free port, and patience with a limit.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A port on which nobody listens now.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("its address").port()
}

/// Asks again and again until it is so; whether it became so within the limit.
pub fn eventually(limit: Duration, mut is_so: impl FnMut() -> bool) -> bool {
    let since = Instant::now();
    loop {
        if is_so() {
            return true;
        }
        if since.elapsed() > limit {
            return false;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Directory with the MQTT clients of others, mqtt.js and Python's paho: `scripts/setup` installs them.
pub fn tools() -> PathBuf {
    let named = std::env::var_os("TWINSCOPE_TEST_TOOLS").map(PathBuf::from);
    let tools = named.or_else(|| Some(dirs::cache_dir()?.join("twinscope/tools")));
    let tools = tools.filter(|tools| tools.join("node_modules/mqtt").is_dir());
    tools.expect(
        "scripts/test installs the test tools, or TWINSCOPE_TEST_TOOLS names their directory",
    )
}

/// The program under test, without a login from outside and with a folder of its own to run in.
pub fn twinscope() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_twinscope"));
    command
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_remove("TWINSCOPE_MQTT_USER")
        .env_remove("TWINSCOPE_MQTT_PASSWORD")
        .env_remove("RUST_LOG");
    command
}

/// A program in the background; killed when dropped.
pub struct Background(pub Child);

impl Background {
    /// Starts it.
    pub fn start(command: &mut Command) -> Self {
        Self(command.spawn().expect("the program starts"))
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Debian's mosquitto with a configuration of its own; killed when dropped.
pub struct Mosquitto {
    /// Where it listens on loopback.
    pub port: u16,
    child: Option<Child>,
    folder: tempfile::TempDir,
}

impl Mosquitto {
    /// Anyone may connect over TCP.
    pub fn start() -> Self {
        Self::with_config(|port, _| format!("listener {port} 127.0.0.1\nallow_anonymous true\n"))
    }

    /// With that configuration, made from a free port and a folder for its files.
    pub fn with_config(config: impl FnOnce(u16, &Path) -> String) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let port = free_port();
        let common = "log_type error\nmax_queued_messages 0\n";
        let text = format!("{common}{}", config(port, folder.path()));
        std::fs::write(folder.path().join("mosquitto.conf"), text).expect("the configuration");
        let mut broker = Self { port, child: None, folder };
        broker.restart();
        broker
    }

    /// Address for a client.
    pub fn url(&self) -> String {
        format!("mqtt://127.0.0.1:{}", self.port)
    }

    /// Where its files are.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Ends it at once, as a power cut would.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("the broker can be killed");
            child.wait().expect("its end");
        }
    }

    /// Asks it to end, so that it saves its state first.
    pub fn terminate(&mut self) {
        if let Some(mut child) = self.child.take() {
            let asked = Command::new("kill").arg(child.id().to_string()).status();
            assert!(asked.expect("kill").success());
            child.wait().expect("its end");
        }
    }

    /// Starts it (again) on the same port, and waits until it listens.
    pub fn restart(&mut self) {
        self.kill();
        let child = Command::new("mosquitto")
            .arg("-c")
            .arg(self.folder.path().join("mosquitto.conf"))
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("mosquitto must be installed (apt-get install mosquitto)");
        self.child = Some(child);
        let port = self.port;
        let listens = || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok();
        assert!(eventually(Duration::from_secs(10), listens), "mosquitto does not listen");
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        self.kill();
    }
}
