//! Processes for tests and benches: the program itself, a plant, brokers and clients of others on free
//! ports of loopback, and waiting with a limit. All of them end when they are dropped.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use twinscope::twin::Twin;

/// A file or folder of the repository.
pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A committed scene; its errors end the test.
pub fn scene(name: &str) -> Twin {
    match twinscope::twin::load(&repository("scenes").join(name)) {
        Ok(loaded) => loaded.twin,
        Err(errors) => panic!("{errors}"),
    }
}

/// A folder that is removed with its value.
pub fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

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

/// Exit status, standard output and standard error of a run that ended by itself.
pub fn outcome(output: Output) -> (i32, String, String) {
    let text = |bytes| String::from_utf8(bytes).expect("text is UTF-8");
    (output.status.code().expect("it ends"), text(output.stdout), text(output.stderr))
}

/// Runs the program until it ends by itself; see [`outcome`].
pub fn run(args: &[&str]) -> (i32, String, String) {
    outcome(twinscope().args(args).output().expect("the program starts"))
}

/// What a run that has to end well writes to standard output.
pub fn fine(args: &[&str]) -> String {
    let (status, out, errors) = run(args);
    assert_eq!(status, 0, "{errors}");
    out
}

/// Sends a signal, such as `INT`.
pub fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args(["-s", name, &child.id().to_string()]).status();
    assert!(sent.expect("kill").success());
}

/// `twinscope plant` with a committed scene; killed when dropped.
pub fn plant(scene: &str, broker: &str, more: &[&str]) -> Background {
    let mut command = twinscope();
    command.arg("plant").arg(repository("scenes").join(scene)).args(["--broker", broker]);
    Background::start(command.args(more).stdout(Stdio::null()))
}

/// Publishes at QoS 1 with Debian's client to the broker on that port of loopback, and waits until
/// it is acknowledged.
pub fn publish_to(port: u16, more: &[&str]) {
    let mut command = Command::new("mosquitto_pub");
    let status = command.args(["-q", "1", "-p", &port.to_string()]).args(more).status();
    assert!(status.expect("mosquitto_pub must be installed (mosquitto-clients)").success());
}

/// The same to a mosquitto.
pub fn publish(broker: &Mosquitto, more: &[&str]) {
    publish_to(broker.port, more);
}

/// A program in the background; killed when dropped.
pub struct Background(pub Child);

impl Background {
    /// Starts it.
    pub fn start(command: &mut Command) -> Self {
        Self(command.spawn().expect("the program starts"))
    }

    /// Ends it at once, as a power cut would.
    pub fn kill(&mut self) {
        self.0.kill().expect("it can be killed");
        self.0.wait().expect("its end");
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

    /// Only who has that login may connect.
    pub fn with_login(user: &str, password: &str) -> Self {
        Self::with_config(|port, folder| {
            let file = folder.join("passwords");
            let mut make = Command::new("mosquitto_passwd");
            let made = make.args(["-b", "-c"]).arg(&file).args([user, password]).status();
            assert!(made.is_ok_and(|made| made.success()), "mosquitto_passwd must be installed");
            format!("listener {port} 127.0.0.1\npassword_file {}\nuser root\n", file.display())
        })
    }

    /// With that configuration, made from a free port and a folder for its files.
    pub fn with_config(config: impl FnOnce(u16, &Path) -> String) -> Self {
        let folder = folder();
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
            signal(&child, "TERM");
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
