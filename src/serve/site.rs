//! What is served under which address, and how it is sent.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use serde_json::json;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower::ServiceExt;
use tower_http::compression::CompressionLayer;
use tower_http::services::{ServeDir, ServeFile};

use super::stamp::{self, Stamp};
use super::twin_files::TwinFiles;
use super::{ServeOptions, Upstream, guard, relay};

/// All that the handlers know.
pub(super) struct Site {
    twin: PathBuf,
    bundle: PathBuf,
    upstream: Upstream,
    login: bool,
    embed: Vec<String>,
    names: guard::Names,
    files: Mutex<Arc<TwinFiles>>,
    sent: Mutex<HashMap<PathBuf, Sent>>,
    refused: Arc<AtomicU64>,
    /// One for each page that may use the broker besides those that do.
    pages: Arc<Semaphore>,
}

/// Files whose sent versions are remembered; of others no answer is "not modified" by date.
const MOST_REMEMBERED: usize = 10_000;

/// What was sent of a file under the date of one second.
#[derive(Clone, Debug)]
struct Sent {
    second: u64,
    tag: String,
    /// Another version had the same date.
    ambiguous: bool,
}

impl Site {
    /// # Errors
    /// All that is wrong with the twin file.
    pub fn new(options: &ServeOptions) -> Result<Self, String> {
        Ok(Self {
            twin: options.twin.clone(),
            bundle: options.bundle.clone(),
            upstream: options.upstream.clone(),
            login: options.login,
            embed: options.embed.clone(),
            names: guard::Names {
                any: options.login && !options.http.ip().is_loopback(),
                own: options.hosts.clone(),
                option: Some("--host"),
            },
            files: Mutex::new(Arc::new(TwinFiles::read(&options.twin)?)),
            sent: Mutex::default(),
            refused: Arc::default(),
            pages: Arc::new(Semaphore::new(options.pages)),
        })
    }

    pub fn upstream(&self) -> &Upstream {
        &self.upstream
    }

    /// Connections of pages that said what a page may not.
    pub fn refused(&self) -> &Arc<AtomicU64> {
        &self.refused
    }

    /// Notes that a version of a file is sent; `true` when it is the only one that was sent under its
    /// date, and was sent before: then a client that names the date has it.
    fn sends(&self, file: &Path, second: u64, tag: &str) -> bool {
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = sent.get_mut(file).filter(|known| known.second == second) {
            let same = known.tag == tag;
            known.ambiguous |= !same;
            tag.clone_into(&mut known.tag);
            return same && !known.ambiguous;
        }
        if sent.len() < MOST_REMEMBERED || sent.contains_key(file) {
            let entry = Sent { second, tag: tag.to_owned(), ambiguous: false };
            sent.insert(file.to_owned(), entry);
        }
        false
    }

    /// A page's place at the broker, until it is dropped; `None`: all are taken.
    pub fn place(&self) -> Option<OwnedSemaphorePermit> {
        self.pages.clone().try_acquire_owned().ok()
    }

    /// The twin's files; read anew when one of its definitions or models was saved. While it has
    /// mistakes the old ones stay, for the page reports what is wrong with it.
    fn files(&self) -> Arc<TwinFiles> {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        if files.is_old() {
            match TwinFiles::read(&self.twin) {
                Ok(fresh) => *files = Arc::new(fresh),
                Err(error) => {
                    log::warn!("{error}");
                    *files = Arc::new(files.seen());
                }
            }
        }
        files.clone()
    }
}

/// All routes.
pub(super) fn router(site: Arc<Site>) -> Router {
    let headers = site.clone();
    let names = site.names.clone();
    Router::new()
        .route("/config.json", get(config))
        .route("/files/{*path}", get(file))
        .route("/mqtt", any(relay::socket))
        .fallback(page)
        .layer(CompressionLayer::new().gzip(true))
        .layer(middleware::from_fn_with_state(headers, dress))
        .layer(middleware::from_fn_with_state(names, guard::own_name))
        .with_state(site)
}

/// What the page needs to know at its start.
async fn config(State(site): State<Arc<Site>>) -> Response {
    // Reading a twin takes some milliseconds of disk and parsing.
    let files = {
        let site = site.clone();
        tokio::task::spawn_blocking(move || site.files()).await
    };
    let Ok(files) = files else {
        return (StatusCode::INTERNAL_SERVER_ERROR, "the twin cannot be read\n").into_response();
    };
    let broker = match &site.upstream {
        Upstream::Relay(_) => "mqtt",
        Upstream::Direct(url) => url,
    };
    axum::Json(json!({
        "twin": files.twin,
        "title": files.title,
        "broker": broker,
        "login": site.login,
        "simulate": false,
        "embed": site.embed,
        "files": files.sizes(),
    }))
    .into_response()
}

/// One of the twin's files.
async fn file(State(site): State<Arc<Site>>, mut request: Request) -> Response {
    let path = percent_encoding::percent_decode_str(request.uri().path()).decode_utf8_lossy();
    let name = path.trim_start_matches('/').to_owned();
    let keeper = site.clone();
    let found = tokio::task::spawn_blocking(move || {
        let files = keeper.files();
        let file = files.find(&name)?;
        // Before it is opened: what is saved meanwhile is sent under an older tag, and so once more.
        Some((file.to_owned(), Stamp::of(file)?))
    });
    let (file, stamp) = match found.await {
        Ok(Some(found)) => found,
        Ok(None) => {
            let text = "this is no file of the twin, or it is not there\n";
            return (StatusCode::NOT_FOUND, text).into_response();
        }
        Err(_) => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    };
    let tag = stamp.tag();
    let known_by_date = site.sends(&file, stamp.second(), &tag);
    let mut response = if is_known(request.headers_mut(), &tag, known_by_date) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        match ServeFile::new(file).oneshot(request).await {
            Ok(response) => response.into_response(),
            Err(never) => match never {},
        }
    };
    set_tag(&mut response, &tag);
    response
}

/// Whether a client has the version with this tag; takes out of its request what would be judged anew.
fn is_known(headers: &mut HeaderMap, tag: &str, known_by_date: bool) -> bool {
    let wanted = headers.remove(header::IF_NONE_MATCH);
    // A date has seconds only: it says which version a client has only where there was one of them.
    if wanted.is_some() || !known_by_date {
        headers.remove(header::IF_MODIFIED_SINCE);
    }
    let wanted = wanted.as_ref().and_then(|wanted| wanted.to_str().ok());
    wanted.is_some_and(|wanted| stamp::names(wanted, tag))
}

fn set_tag(response: &mut Response, tag: &str) {
    if let Ok(tag) = HeaderValue::from_str(tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
}

/// A file of the page.
async fn page(State(site): State<Arc<Site>>, mut request: Request) -> Response {
    let path = percent_encoding::percent_decode_str(request.uri().path()).decode_utf8_lossy();
    let name = path.trim_start_matches('/').to_owned();
    let bundle = site.bundle.clone();
    // Before it is opened, as with the twin's files.
    let found = tokio::task::spawn_blocking(move || find_page(&bundle, &name)).await;
    let Ok(Some((file, stamp, tag))) = found else {
        return (StatusCode::NOT_FOUND, "this is no file of the page\n").into_response();
    };
    let known_by_date = site.sends(&file, stamp.second(), &tag);
    let mut response = if is_known(request.headers_mut(), &tag, known_by_date) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let page = ServeDir::new(&site.bundle).precompressed_br().precompressed_gzip();
        match page.oneshot(request).await {
            Ok(response) => response.into_response(),
            Err(never) => match never {},
        }
    };
    set_tag(&mut response, &tag);
    response
}

/// A file of the page with its version, where it is a regular one and reached, as it is or compressed,
/// without leaving the page's folder, also by links.
fn find_page(bundle: &Path, name: &str) -> Option<(PathBuf, Stamp, String)> {
    let root = bundle.canonicalize().ok()?;
    let relative = Path::new(name);
    if !relative.components().all(|part| matches!(part, Component::Normal(_))) {
        return None;
    }
    let file = root.join(relative);
    let file = if file.is_dir() { file.join("index.html") } else { file };
    let forms = ["", ".br", ".gz"].map(|end| {
        let mut name = file.clone().into_os_string();
        name.push(end);
        PathBuf::from(name).canonicalize().ok()
    });
    if !forms.iter().flatten().all(|form| form.starts_with(&root) && form.is_file()) {
        return None;
    }
    let stamps = forms.map(|form| form.as_deref().and_then(Stamp::of));
    Some((file, stamps[0]?, Stamp::tag_of(&stamps)))
}

/// Gives every answer its headers: what it is, how long it may be kept, who may embed it.
async fn dress(State(site): State<Arc<Site>>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let mut response = next.run(request).await;
    let found = response.status().is_success() || response.status() == StatusCode::NOT_MODIFIED;
    let headers = response.headers_mut();
    if let Some(kind) = media_type(&path).filter(|_| found) {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    let keep = if found && is_named_by_content(&path) {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    embed(headers, &site.embed);
    response
}

fn embed(headers: &mut HeaderMap, origins: &[String]) {
    let policy = format!("frame-ancestors 'self' {}", origins.join(" "));
    if let Ok(value) = HeaderValue::from_str(policy.trim_end()) {
        headers.insert(header::CONTENT_SECURITY_POLICY, value);
    }
}

/// What the files are whose types are not known everywhere.
fn media_type(path: &str) -> Option<&'static str> {
    Some(match Path::new(path).extension()?.to_str()? {
        "wasm" => "application/wasm",
        "js" => "text/javascript",
        "ron" => "text/plain; charset=utf-8",
        "glb" => "model/gltf-binary",
        "gltf" => "model/gltf+json",
        _ => return None,
    })
}

/// Whether a file's name states its content: `name-0123456789abcdef.js`, `…_bg.wasm`.
fn is_named_by_content(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let stem = name.split('.').next().unwrap_or_default();
    let stem = stem.strip_suffix("_bg").unwrap_or(stem);
    stem.rsplit_once('-').is_some_and(|(_, hash)| {
        hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_named_by_its_content_is_kept_for_ever() {
        assert!(is_named_by_content("/webgl2-0123456789abcdef_bg.wasm"));
        assert!(is_named_by_content("/webgl2-0123456789abcdef.js"));
        for other in ["/index.html", "/", "/files/a-b.glb", "/x-0123456789abcde.js"] {
            assert!(!is_named_by_content(other), "{other}");
        }
    }
}
