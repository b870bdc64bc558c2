//! The command `serve`: the page, the twin's files and the broker at one address.

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use twinscope::plant::broker::{self, Broker};
use twinscope::serve::{PAGES, ServeError, ServeOptions, Server, Upstream};
use twinscope::telemetry::mqtt::{self, Scheme};
use twinscope::twin::Twin;

use super::args::{BrokerArgs, Serve};
use super::demo::{self, Running};
use super::failure::{Failure, Outcome};
use super::{files, live, stop};

/// The page, as it is built in a checkout.
const PAGE: &str = "web/dist/index.html";

/// Serves until it is stopped.
pub fn run(args: &Serve) -> Outcome {
    let stop = stop::flag();
    let path = match &args.twin {
        Some(path) => path.clone(),
        None => demo::find(demo::TWIN)?,
    };
    let twin = files::open(&path)?;
    let bundle = bundle(args)?;
    let plant = match Plant::of(args, &twin, &stop) {
        // Asked for the end while its plant warmed up.
        Err(_) if stop.load(Ordering::Relaxed) => return Ok(()),
        plant => plant?,
    };
    let options = ServeOptions {
        http: args.http,
        bundle,
        twin: path,
        upstream: plant.upstream.clone(),
        login: plant.login,
        embed: args.embed.clone(),
        hosts: args.host.clone(),
        pages: PAGES,
    };
    let server = Server::start(options).map_err(serve_failure)?;
    files::print(server.url())?;
    while !stop.load(Ordering::Relaxed) && server.is_running() {
        std::thread::sleep(Duration::from_millis(50));
    }
    drop(server);
    plant.stop();
    Ok(())
}

fn bundle(args: &Serve) -> Result<PathBuf, Failure> {
    if let Some(folder) = &args.bundle {
        return Ok(folder.clone());
    }
    match demo::find(PAGE) {
        Ok(index) => Ok(index.parent().map(PathBuf::from).unwrap_or_default()),
        Err(_) => Err(Failure::environment(ServeError::NoBundle("web/dist".into()))),
    }
}

/// Where the pages' MQTT goes, and what runs for that.
struct Plant {
    upstream: Upstream,
    login: bool,
    running: Option<Running>,
    _broker: Option<Broker>,
}

impl Plant {
    fn of(args: &Serve, twin: &Arc<Twin>, stop: &AtomicBool) -> Result<Self, Failure> {
        match &args.broker {
            Some(url) => Self::elsewhere(args, url),
            None => Self::here(args, twin, stop),
        }
    }

    /// A broker that runs already. Whoever opens the page logs in there.
    fn elsewhere(args: &Serve, url: &str) -> Result<Self, Failure> {
        let options = mqtt::ClientOptions::from_url(url).map_err(Failure::input)?;
        if matches!(options.scheme, Scheme::Ws | Scheme::Wss)
            && (args.ca.is_some() || args.client_cert.is_some())
        {
            return Err(Failure::Input(format!(
                "pages connect to {} themselves, and by the certificates of their browser: --ca, --client-cert and \
                 --client-key cannot be used for it. Install them there and leave them out here, or give the \
                 broker's mqtts:// address, to which this server connects",
                options.broker()
            )));
        }
        let own = args.client_cert.as_deref().zip(args.client_key.as_deref());
        let options = live::with_certificates(options, args.ca.as_deref(), own)?;
        let login = login(args)?.is_some();
        let upstream = match options.scheme {
            // Whom that broker lets in, and whether it requires a login at all, is not known here.
            Scheme::Mqtt | Scheme::Mqtts if !args.http.ip().is_loopback() => {
                return Err(Failure::Input(format!(
                    "{} would be open to whoever reaches {}: let --http be 127.0.0.1 and put a \
                     proxy with a login before it, or give the broker's ws:// or wss:// address, to \
                     which pages connect themselves",
                    options.broker(),
                    args.http
                )));
            }
            Scheme::Mqtt | Scheme::Mqtts => Upstream::Relay(Box::new(options)),
            Scheme::Ws | Scheme::Wss => Upstream::Direct(options.url()),
        };
        Ok(Self { upstream, login, running: None, _broker: None })
    }

    /// An embedded broker, and the simulated plant where the twin has one.
    fn here(args: &Serve, twin: &Arc<Twin>, stop: &AtomicBool) -> Result<Self, Failure> {
        let login = login(args)?;
        let has_login = login.is_some();
        let tcp = (Ipv4Addr::LOCALHOST, 0).into();
        let broker = Broker::start(broker::BrokerOptions {
            tcp,
            login: login.clone(),
            ..Default::default()
        })
        .map_err(live::broker_failure)?;
        files::print(broker.url())?;
        let pages = mqtt::ClientOptions::from_url(&broker.url()).map_err(Failure::environment)?;
        let running = match &twin.simulation {
            None => None,
            Some(_) => {
                let mut options = pages.clone();
                if let Some(login) = login {
                    (options.user, options.password) = (Some(login.user), Some(login.password));
                }
                Some(Running::start(twin, live::simulation(&args.simulation, options), stop)?)
            }
        };
        let upstream = Upstream::Relay(Box::new(pages));
        Ok(Self { upstream, login: has_login, running, _broker: Some(broker) })
    }

    fn stop(self) {
        if let Some(running) = self.running {
            running.stop();
        }
    }
}

/// User and password, of the file that was named or of the environment.
fn login(args: &Serve) -> Result<Option<broker::Login>, Failure> {
    let args = BrokerArgs {
        broker: "mqtt://localhost".into(),
        credentials: args.credentials.clone(),
        ca: None,
        client_cert: None,
        client_key: None,
        client_id: None,
    };
    let known = live::connection(&args)?;
    Ok(known.user.zip(known.password).map(|(user, password)| broker::Login { user, password }))
}

/// How the server's failures end the program.
fn serve_failure(error: ServeError) -> Failure {
    match error {
        ServeError::OpenToTheNetwork(_) => Failure::Input(format!(
            "{error}. Set TWINSCOPE_MQTT_USER and TWINSCOPE_MQTT_PASSWORD, or name a file with both: \
             --credentials FILE"
        )),
        ServeError::Origin(_) | ServeError::Host(_) | ServeError::Twin(_) => Failure::input(error),
        ServeError::NoBundle(_) | ServeError::Bind { .. } | ServeError::Start(_) => {
            Failure::environment(error)
        }
    }
}
