// The page around the viewer: loading, login, drops, links, and the dashboard that embeds it.
// What is seen and mirrored is the program's own, compiled to WebAssembly.

const $ = (id) => document.getElementById(id);
const canvas = $("twinscope");

/** Bytes of dropped files that are read at most. */
const DROP_LIMIT = 64 << 20;
/** How often the program is asked for news, in milliseconds. */
const NEWS_EVERY = 100;
/** How long the program may take to answer, in milliseconds; a processor that draws is slow. */
const ANSWER_WITHIN = 30_000;

let page = null;
let program = null;
const listeners = new Set();
const answers = [];
/** Why the program answers nobody any more, once it has trapped. */
let stopped = null;
let newsTimer = null;

/** Numbers for people: 1.4 MB. */
const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

function say(text, share) {
  $("doing").textContent = text;
  const bar = $("bar");
  if (share === undefined) bar.removeAttribute("value");
  else bar.value = share;
}

/** Something stops the page: says what and what to do. */
function fail(title, text) {
  $("loading").classList.remove("done");
  $("loading").classList.add("trouble");
  $("title").textContent = title;
  $("bar").hidden = true;
  $("doing").textContent = "";
  $("trouble").hidden = false;
  $("trouble").textContent = text;
  $("again").hidden = false;
}
$("again").addEventListener("click", () => location.reload());

async function json(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`the server answered ${response.status} for ${url}`);
  return response.json();
}

/** Which bundle this browser can run: WebGPU where it has an adapter, else WebGL2. */
async function choose(bundles) {
  const wanted = new URLSearchParams(location.search).get("renderer");
  const gpu = wanted !== "webgl2" && bundles.webgpu && (await navigator.gpu?.requestAdapter().catch(() => null));
  if (gpu) return bundles.webgpu;
  const probe = document.createElement("canvas").getContext("webgl2");
  if (!probe) {
    throw new Error(
      "This browser does not offer WebGL2, with which the scene is drawn. Use a current Firefox, Chrome, Edge or " +
        "Safari, and see that hardware acceleration is not switched off in its settings.",
    );
  }
  probe.getExtension("WEBGL_lose_context")?.loseContext();
  return bundles.webgl2 ?? Promise.reject(new Error("The server has no WebGL2 bundle: run scripts/build-web."));
}

/** Fetches the program and shows how far it is. */
async function download({ wasm, bytes }) {
  const response = await fetch(wasm);
  if (!response.ok) throw new Error(`The server answered ${response.status} for ${wasm}.`);
  let received = 0;
  const counted = new TransformStream({
    transform(chunk, out) {
      received += chunk.byteLength;
      say(`Program ${megabytes(received)} of ${megabytes(bytes)}`, (0.7 * received) / bytes);
      out.enqueue(chunk);
    },
  });
  const body = response.body.pipeThrough(counted);
  return new Response(body, { headers: { "Content-Type": "application/wasm" } });
}

/** Address of a WebSocket from one relative to the page. */
function socketAddress(broker) {
  const url = new URL(broker, document.baseURI);
  if (/^mqtts?:$/.test(url.protocol)) {
    throw new Error(
      `A page cannot reach ${url.protocol}//${url.host}: browsers let pages use WebSockets alone. Name the broker's ` +
        "WebSocket (ws:// or wss://), or let `twinscope serve --broker` pass the messages on.",
    );
  }
  url.protocol = { "http:": "ws:", "https:": "wss:" }[url.protocol] ?? url.protocol;
  url.hash = "";
  return withoutLogin(url).href;
}

/** Refuses an address with a login: it may hide the host that is meant, and a link is no place for a password. */
function withoutLogin(url) {
  if (!url.username && !url.password) return url;
  [url.username, url.password] = ["", ""];
  throw new Error(`The address of ${url.href} has a user or a password before it. Leave them out; the page asks for a login.`);
}

/** Address of a twin file from one relative to the page. */
function twinAddress(twin) {
  const url = new URL(twin, document.baseURI);
  if (!/^https?:$/.test(url.protocol)) throw new Error(`A twin file is read by http:// or https://, not from ${url.href}`);
  return withoutLogin(url).href;
}

/** What a link names that is neither this server's nor what the server names itself: whole addresses. */
function foreignParts(link, config) {
  const foreign = [];
  const twin = link.get("twin");
  if (twin && new URL(twinAddress(twin)).origin !== location.origin) foreign.push(["twin", twinAddress(twin)]);
  const broker = link.get("broker");
  if (broker) {
    const address = socketAddress(broker);
    const own = config.broker ? socketAddress(config.broker) : null;
    if (address !== own && new URL(address).host !== location.host) foreign.push(["broker", address]);
  }
  return foreign;
}

/**
 * Asks before anything is fetched from an address that a link brought. What is refused is taken out of the page's own
 * address too, so that nothing asks for it again: not a reload, a later link, or a copy of the address.
 */
async function askForeign(link, config) {
  const foreign = foreignParts(link, config);
  if (foreign.length === 0) return;
  const dialog = $("foreign");
  $("foreign-addresses").textContent = foreign.map(([what, address]) => `${what}: ${address}`).join("\n");
  dialog.returnValue = "";
  dialog.showModal();
  await new Promise((closed) => dialog.addEventListener("close", closed, { once: true }));
  if (dialog.returnValue === "open") return;
  const refused = foreign.map(([what]) => what);
  // What else a link to another twin says, such as an asset, is of that twin.
  const gone = refused.includes("twin") ? [...link.keys()] : refused;
  gone.forEach((key) => link.delete(key));
  const rest = link.toString();
  history.replaceState(history.state, "", location.href.split("#")[0] + (rest && `#${rest}`));
}

/** What follows the `#`, with what the server says where it says nothing. */
async function settingsOf(config) {
  const link = new URLSearchParams(location.hash.slice(1));
  await askForeign(link, config);
  const broker = link.get("broker") || (config.simulate ? null : config.broker);
  const address = broker ? socketAddress(broker) : null;
  const own = config.broker ? socketAddress(config.broker) : null;
  return {
    twin: link.get("twin") || config.twin,
    broker: address,
    // Logins that the browser keeps for this page are those of the server's own broker.
    foreign: address !== null && address !== own,
    seed: config.seed ?? 1,
    story: config.story ?? false,
    speed: config.speed ?? 1,
    link: location.hash.slice(1),
    linkBase: location.href.split("#")[0],
    light: matchMedia("(prefers-color-scheme: light)").matches,
  };
}

/** Asks who is to log in; nothing of it is kept outside the page. A foreign broker is offered no login that the browser keeps. */
function askLogin({ broker, foreign }, reason) {
  const dialog = $("login");
  if (dialog.open) return;
  $("login-broker").textContent = broker ?? "";
  if (foreign) {
    $("user").setAttribute("autocomplete", "off");
    // Of the values by which browsers are asked to leave a field alone, the one that they keep to.
    $("password").setAttribute("autocomplete", "new-password");
    $("user").value = "";
  }
  $("login-reason").textContent = reason ? "does not accept the user or the password." : "wants a login.";
  $("password").value = "";
  dialog.showModal();
}
$("later").addEventListener("click", () => $("login").close("later"));
$("login").addEventListener("close", () => {
  if ($("login").returnValue !== "later" && $("user").value) page?.log_in($("user").value, $("password").value);
  $("password").value = "";
  canvas.focus();
});

/** Tells the program something; a refusal is an error. */
function ask(request) {
  if (stopped) throw new Error(stopped);
  if (!page) throw new Error("the viewer is not there yet");
  page.ask(JSON.stringify(request));
}

/** How the viewer is doing: time, selection, connection, counters, the selected asset's properties, memory. */
function report() {
  return new Promise((resolve, reject) => {
    const waited = () => reject(new Error(`the viewer has not answered within ${ANSWER_WITHIN / 1000} s`));
    const patience = setTimeout(waited, ANSWER_WITHIN);
    const settle = (end) => (answer) => (clearTimeout(patience), end(answer));
    answers.push({ resolve: settle(resolve), reject: settle(reject) });
    try {
      ask("report");
    } catch (error) {
      answers.pop();
      clearTimeout(patience);
      reject(error);
    }
  });
}

function news(config, settings) {
  for (const event of JSON.parse(page.events())) {
    const [kind, value] = typeof event === "string" ? [event, null] : Object.entries(event)[0];
    if (kind === "progress") {
      say(`Models ${value.done} of ${value.total}`, 0.7 + (0.3 * value.done) / Math.max(1, value.total));
    } else if (kind === "ready") {
      $("loading").classList.add("done");
      $("status").textContent = "The plant is shown.";
    } else if (kind === "selected") {
      $("status").textContent = value ? `Selected: ${value}` : "Nothing is selected.";
    } else if (kind === "connection") {
      $("status").textContent = `The broker is ${value.state}. ${value.reason ?? ""}`;
      if (value.state === "rejected") askLogin(settings, value.reason);
    } else if (kind === "report") {
      const [taken, budget] = page.memory();
      const answer = { ...value, memory: { taken, budget } };
      answers.splice(0).forEach(({ resolve }) => resolve(answer));
      continue;
    }
    listeners.forEach((listener) => listener(event));
  }
}

/** Files that are dropped onto the page. */
function acceptDrops() {
  const files = (event) => event.dataTransfer?.types.includes("Files");
  addEventListener("dragover", (event) => {
    if (!files(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    $("drop").classList.add("over");
  });
  addEventListener("dragleave", (event) => event.relatedTarget ?? $("drop").classList.remove("over"));
  addEventListener("drop", async (event) => {
    if (!files(event)) return;
    event.preventDefault();
    $("drop").classList.remove("over");
    const dropped = [...event.dataTransfer.files];
    const size = dropped.reduce((sum, file) => sum + file.size, 0);
    if (size > DROP_LIMIT) {
      const text = `${megabytes(size)} are more than this page takes at a time (${megabytes(DROP_LIMIT)}).`;
      $("doing").textContent = text;
      console.warn(text);
      return;
    }
    const contents = await Promise.all(dropped.map(async (file) => new Uint8Array(await file.arrayBuffer())));
    page.open_files(
      dropped.map((file) => file.name),
      contents,
    );
  });
}

/** The keys that would scroll or search the page; all others stay the browser's. */
function keepKeys() {
  const ours = new Set(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", " ", "Home", "End", "/", "'"]);
  canvas.addEventListener("keydown", (event) => {
    const modified = event.ctrlKey || event.metaKey || event.altKey;
    if (!modified && ours.has(event.key)) event.preventDefault();
  });
  // The right button moves the scene.
  canvas.addEventListener("contextmenu", (event) => event.preventDefault());
  canvas.addEventListener(
    "wheel",
    (event) => {
      // With Ctrl it is the browser's own zoom.
      if (!event.ctrlKey) event.preventDefault();
    },
    { passive: false },
  );
  canvas.addEventListener("pointerdown", () => canvas.focus({ preventScroll: true }));
}

/** A dashboard around the page: what it may ask, and what is reported to it. Only of this origin, or one that is allowed. */
function serveFrame(config) {
  if (parent === window) return;
  const allowed = new Set([location.origin, ...(config.embed ?? [])]);
  addEventListener("message", async (event) => {
    const request = event.data?.twinscope;
    if (event.source !== parent || request === undefined) return;
    if (!allowed.has(event.origin)) {
      console.warn(`${event.origin} may not steer this page; the server allows it with --embed ${event.origin}`);
      return;
    }
    const answer = (content) => event.source.postMessage({ twinscope: content }, event.origin);
    try {
      if (request === "report") answer({ report: await report() });
      else ask(request);
    } catch (error) {
      answer({ refused: String(error.message ?? error) });
    }
  });
  // A frame does not know who is around it; who is not allowed gets nothing, by the browser's rule.
  listeners.add((event) => allowed.forEach((origin) => parent.postMessage({ twinscope: event }, origin)));
}

function followLinks(settings) {
  addEventListener("hashchange", () => {
    const link = new URLSearchParams(location.hash.slice(1));
    const other = (key, now) => link.has(key) && link.get(key) !== now;
    const before = new URLSearchParams(settings.link);
    if (other("twin", settings.twin) || other("broker", before.get("broker"))) location.reload();
    else ask({ link: location.hash.slice(1) });
  });
}

async function main() {
  const [manifest, config] = await Promise.all([json("manifest.json"), json("config.json")]);
  if (config.title) {
    document.title = `${config.title} · Twinscope`;
    $("title").textContent = config.title;
    canvas.setAttribute("aria-label", `3D view of ${config.title}`);
  }
  const bundle = await choose(manifest.bundles);
  let response;
  [program, response] = await Promise.all([import(new URL(bundle.js, document.baseURI)), download(bundle)]);
  await program.default({ module_or_path: response });
  const settings = await settingsOf(config);
  page = await program.open(JSON.stringify(settings), (text) => say(text));
  acceptDrops();
  keepKeys();
  serveFrame(config);
  followLinks(settings);
  newsTimer = setInterval(() => news(config, settings), NEWS_EVERY);
  document.addEventListener("visibilitychange", () => ask({ seen: !document.hidden }));
  canvas.addEventListener("webglcontextlost", () => {
    fail("The graphics are lost", "The browser has taken the graphics card away from this page. Load it again.");
  });
  canvas.focus({ preventScroll: true });
  if (config.login && settings.broker && !settings.foreign) askLogin(settings);
}

/** The program has trapped and answers nobody any more. */
function stop(reason) {
  if (stopped) return;
  stopped = `the program has stopped: ${reason}`;
  clearInterval(newsTimer);
  answers.splice(0).forEach(({ reject }) => reject(new Error(stopped)));
  fail("The program has stopped", `${reason}\nThe browser's console says more. Load the page again.`);
}
addEventListener("error", (event) => {
  if (event.error instanceof WebAssembly.RuntimeError) stop(event.message);
});
addEventListener("unhandledrejection", (event) => {
  if (event.reason instanceof WebAssembly.RuntimeError) stop(event.reason.message);
});

/** Replays a recording of a twin that the server has; returns the state's hash and what was counted. */
async function replay(twin, recording) {
  return JSON.parse(await program.replay(twin, recording));
}

window.twinscope = { ask, report, replay, on: (listener) => listeners.add(listener) };
main().catch((error) => {
  console.error(error);
  fail("Twinscope cannot start", String(error?.message ?? error));
});
