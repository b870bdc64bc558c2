// The same plant in the browser: the real server, real brokers, a real Chromium.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { test as register } from "node:test";

import {
  Mosquitto,
  ask,
  browser,
  colours,
  difference,
  eventually,
  freePort,
  open,
  picture,
  read,
  report,
  shown,
  start,
  twinscope,
} from "./support.mjs";

/** Small, because it is drawn by a processor. */
const VIEW = { width: 1000, height: 600 };

/** A test that ends in four minutes, one way or the other: a software renderer may be slow. */
const test = (name, does) => register(name, { timeout: 240_000 }, does);

/** `twinscope serve` with more arguments; its address. */
async function serve(t, args, lines) {
  const http = await freePort();
  await twinscope(t, ["serve", "--http", `127.0.0.1:${http}`, ...args], lines);
  return `http://127.0.0.1:${http}/`;
}

/** The pump station on a broker of its own, in a page. */
async function station(t, fragment = "") {
  const broker = await Mosquitto.start(t);
  const url = await serve(t, ["scenes/pump_station.ron", "--broker", broker.url], 1);
  const complaints = [];
  const page = await open(await (await browser(t)).newContext({ viewport: VIEW }), url + fragment, complaints);
  await shown(page);
  await eventually("it is connected", async () => (await report(page)).connection === "connected");
  return { broker, page, url, complaints };
}

/** What a tank says. */
const tank = (percent) => JSON.stringify({ ts: Date.now(), level: { percent, mm: 24 * percent }, volume: 1, temperature: 20, flow: { in: 1, out: 1 } });

/** Tells the plant's time and what the tank holds, as its devices would. */
async function fill(broker, percent) {
  await broker.publish("pump_station/clock", JSON.stringify({ now: new Date().toISOString(), rate: 1 }));
  await broker.publish("pump_station/station/TK-1/telemetry", tank(percent));
}

/** A property's value as the panel shows it, with plain spaces. */
const value = (state, name) => state.properties.find((property) => property.name === name)?.value?.replace(/\s/g, " ");

test("one command serves the bottling plant, alive, in a page without a complaint", async (t) => {
  const url = await serve(t, [], 2);
  const complaints = [];
  const context = await (await browser(t)).newContext({ viewport: VIEW });
  const page = await open(context, url, complaints);
  await shown(page);
  assert.equal(await page.title(), "Bottling line · Twinscope");
  const first = await eventually("messages come", async () => {
    const state = await report(page);
    return state.counts.messages > 100 && state.models[0] === state.models[1] && state;
  });
  await page.waitForTimeout(3000);
  const before = await picture(page, "browser-bottling");
  assert.ok(colours(before) > 60, `the plant is drawn in ${colours(before)} colours`);
  await page.waitForTimeout(3000);
  const after = await picture(page);
  assert.ok(difference(before, after, [0.2, 0.1, 0.75, 0.9]) > 0.001, "something moves");
  const later = await report(page);
  assert.ok(later.mirror.applied > first.mirror.applied);
  assert.deepEqual([later.counts.malformed, later.counts.dropped], [0, 0]);
  assert.ok(later.memory.taken < later.memory.budget, JSON.stringify(later.memory));
  t.diagnostic(`frame ${later.frame_ms.toFixed(0)} ms, memory ${(later.memory.taken / 1e6).toFixed(0)} MB`);
  assert.deepEqual(complaints, []);
});

test("a message that mosquitto_pub sends changes the picture and the property panel", async (t) => {
  const { broker, page, complaints } = await station(t);
  await ask(page, { select: "TK-1" });
  await ask(page, { view: "tank" });
  await fill(broker, 10);
  await eventually("the panel shows it", async () => value(await report(page), "percent") === "10.0 %");
  await page.waitForTimeout(1500);
  const low = await picture(page, "browser-tank-low");
  await fill(broker, 90);
  await eventually("the panel shows the next", async () => value(await report(page), "percent") === "90.0 %");
  await page.waitForTimeout(1500);
  const high = await picture(page, "browser-tank-high");
  assert.ok(difference(low, high, [0.75, 0.05, 1, 0.95]) > 0.002, "the panel's pixels change");
  // The label, and the level in the gauge glass.
  const scene = difference(low, high, [0.2, 0.07, 0.74, 0.74]);
  assert.ok(scene > 0.0003, `the scene's pixels change: ${scene}`);
  assert.deepEqual(complaints, []);
});

test("the page is current again after the broker was away", async (t) => {
  const { broker, page } = await station(t);
  await ask(page, { select: "TK-1" });
  await broker.kill();
  await eventually("it is noticed", async () => (await report(page)).connection === "disconnected");
  await broker.restart();
  await eventually("it is connected again", async () => (await report(page)).connection === "connected");
  await fill(broker, 42);
  await eventually("the value comes", async () => value(await report(page), "percent") === "42.0 %");
  assert.equal((await report(page)).counts.reconnects, 1);
});

test("a link restores what is selected and from where it is seen", async (t) => {
  const { page, url } = await station(t);
  await ask(page, { select: "P-1" });
  await ask(page, { camera: { eye: [4, 3, 5], target: [0.5, 1, 0] } });
  await page.waitForTimeout(2500);
  const { link } = await report(page);
  const before = await picture(page, "browser-link");
  const context = page.context();
  await page.close();
  const again = await open(context, `${url}#${link}`);
  await shown(again);
  const state = await eventually("it is selected", async () => {
    const state = await report(again);
    return state.selected && state;
  });
  assert.match(state.selected, /P-1$/);
  assert.equal(state.link, link);
  await again.waitForTimeout(2500);
  const after = await picture(again, "browser-link-restored");
  assert.ok(difference(before, after, [0.22, 0.1, 0.73, 0.85]) < 0.02, "the same view");
  // A link in the same page, and one that makes no sense.
  await again.evaluate(() => (location.hash = "asset=TK-1"));
  await eventually("the other is selected", async () => /TK-1$/.test((await report(again)).selected));
  const refused = again.evaluate(() => new Promise((told) => window.twinscope.on((event) => event.refused && told(event.refused))));
  await again.evaluate(() => (location.hash = "asset=TK-9"));
  assert.match(await refused, /TK-9.*nearest is/);
  // A program that has trapped: whoever has asked hears of it at once, and so does whoever looks.
  const answer = await again.evaluate(() => {
    const asked = window.twinscope.report().catch((error) => error.message);
    const error = new WebAssembly.RuntimeError("unreachable executed");
    dispatchEvent(new ErrorEvent("error", { error, message: error.message }));
    return asked;
  });
  assert.match(answer, /the program has stopped: unreachable executed/);
  assert.equal(await again.locator("#title").textContent(), "The program has stopped");
});

test("a broker that wants a login is asked for in the page, and nothing of it is stored", async (t) => {
  const { writeFile } = await import("node:fs/promises");
  const { execFileSync } = await import("node:child_process");
  const { mkdtemp } = await import("node:fs/promises");
  const folder = await mkdtemp("/tmp/login-");
  await writeFile(`${folder}/users`, "");
  execFileSync("mosquitto_passwd", ["-b", `${folder}/users`, "eva", "long secret"]);
  execFileSync("chmod", ["644", `${folder}/users`]);
  execFileSync("chmod", ["755", folder]);
  const tcp = await freePort();
  await writeFile(`${folder}/conf`, `log_type error\nlistener ${tcp} 127.0.0.1\nallow_anonymous false\npassword_file ${folder}/users\n`);
  start(t, "mosquitto", ["-c", `${folder}/conf`], { env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` } });
  const url = await serve(t, ["scenes/pump_station.ron", "--broker", `mqtt://127.0.0.1:${tcp}`], 1);
  const page = await open(await (await browser(t)).newContext({ viewport: VIEW }), url);
  await page.locator("#login[open]").waitFor();
  assert.match(await page.locator("#login").textContent(), /does not accept/);
  await page.fill("#user", "eva");
  await page.fill("#password", "long secret");
  await page.click("#login .main");
  await eventually("it is let in", async () => (await report(page)).connection === "connected");
  const stored = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href]));
  assert.ok(!stored.includes("secret") && !stored.includes("eva"), stored);
});

test("a link to a foreign broker or twin is asked about first, and what was refused is not asked for again", async (t) => {
  const { broker, page, url } = await station(t);
  const context = page.context();
  await page.close();
  const foreign = `ws://127.0.0.1:${broker.ws}/mqtt`;
  /** Follows a link; `reached` are the sockets and files that the page has asked others than its server for. */
  const follow = async (fragment) => {
    const page = await context.newPage();
    const reached = [];
    const note = (address) => address.replace(/^ws/, "http").startsWith(url) || reached.push(address);
    page.on("websocket", (socket) => note(socket.url()));
    page.on("request", (request) => note(request.url()));
    await page.goto(`${url}#${fragment}`);
    await page.locator("#foreign[open]").waitFor({ timeout: 120_000 });
    return { page, reached };
  };
  const answer = ({ page }, value) => page.click(`#foreign button[value=${value}]`);

  const refused = await follow(`broker=${encodeURIComponent(foreign)}&asset=P-1`);
  assert.equal(await refused.page.locator("#foreign-addresses").textContent(), `broker: ${foreign}`);
  await answer(refused, "own");
  await shown(refused.page);
  await eventually("it is connected", async () => (await report(refused.page)).connection === "connected");
  assert.equal(refused.page.url(), `${url}#asset=P-1`);
  await refused.page.evaluate(() => (location.hash = "asset=TK-1"));
  await eventually("a later link is followed", async () => /TK-1$/.test((await report(refused.page)).selected));
  await refused.page.reload();
  await shown(refused.page);
  assert.equal(await refused.page.locator("#foreign[open]").count(), 0, "a reload asks no more");
  assert.deepEqual(refused.reached, []);

  const twin = `http://127.0.0.1:${await freePort()}/a.ron`;
  const other = await follow(`twin=${encodeURIComponent(twin)}&asset=X-1`);
  assert.equal(await other.page.locator("#foreign-addresses").textContent(), `twin: ${twin}`);
  await answer(other, "own");
  await shown(other.page);
  assert.equal(other.page.url(), url);
  assert.deepEqual(other.reached, []);

  const opened = await follow(`broker=${encodeURIComponent(foreign)}`);
  assert.deepEqual(opened.reached, []);
  await answer(opened, "open");
  await eventually("the foreign broker is used", async () => opened.reached.includes(foreign));

  const login = await open(context, `${url}#broker=${encodeURIComponent("ws://plant@127.0.0.1:1/mqtt")}`);
  await eventually("a login in a link is refused", async () => /user or a password/.test(await login.locator("#trouble").textContent()));
});

test("without a server of Twinscope's the page runs the simulated plant by itself", async (t) => {
  const http = await freePort();
  start(t, "python3", ["-m", "http.server", String(http), "--bind", "127.0.0.1", "--directory", process.env.TWINSCOPE_PAGE ?? "web/dist"], { stdio: ["ignore", "pipe", "ignore"] });
  const url = `http://127.0.0.1:${http}/`;
  await eventually("the host listens", () => fetch(url).then((answer) => answer.ok, () => false));
  const complaints = [];
  const page = await open(await (await browser(t)).newContext({ viewport: VIEW }), url, complaints);
  await shown(page);
  const state = await eventually("the plant speaks", async () => {
    const state = await report(page);
    return state.mirror.applied > 500 && state;
  });
  assert.deepEqual([state.counts.malformed, state.counts.unmapped, state.counts.dropped], [0, 0, 0]);
  assert.deepEqual(complaints, []);
});

test("a recording leads to the same state natively and in the page, to the bit", async (t) => {
  const url = await serve(t, [], 2);
  const page = await open(await (await browser(t)).newContext({ viewport: VIEW }), url);
  await shown(page);
  const recording = (await read("tests/data/bottling.jsonl")).toString();
  const inPage = await page.evaluate(
    (text) => window.twinscope.replay("files/scenes/bottling.ron", new TextEncoder().encode(text)),
    recording,
  );
  const { child, told } = await twinscope(t, ["replay", "scenes/bottling.ron", "tests/data/bottling.jsonl"], 1);
  if (child.exitCode === null) await once(child, "exit");
  assert.deepEqual(inPage, JSON.parse(told[0]));
  assert.equal(inPage.state_hash, (await read("tests/data/bottling.hash")).toString().trim());
});

test("files that are dropped are opened, and what cannot be is reported", async (t) => {
  const { page } = await station(t);
  await ask(page, { select: "P-1" });
  await eventually("it is selected", async () => /P-1$/.test((await report(page)).selected));
  const drop = (name, text) =>
    page.evaluate(
      ([name, text]) => {
        const transfer = new DataTransfer();
        transfer.items.add(new File([text], name));
        dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, cancelable: true, bubbles: true }));
      },
      [name, text],
    );
  await drop("small.ron", `Twin(schema: 2, name: "small", classes: {"A": (properties: {"v": (unit: "Cel")}, mappings: [Scalar(topic: "small/v", property: "v")])}, assets: [(name: "only", class: "A")])`);
  // What the old twin had is selected no more.
  await eventually("the other twin is shown", async () => (await report(page)).selected === null);
  await ask(page, { select: "only" });
  await eventually("its asset is selected", async () => (await report(page)).selected === "only");
  await drop("broken.ron", "Twin(schema: 2, assets: [(nam: 1)])");
  await page.waitForTimeout(1000);
  assert.equal((await report(page)).selected, "only", "the scene stays");
  await drop("minutes.csv", "time,only.v\n2026-03-01T12:00:00Z,10\n2026-03-01T12:10:00Z,20\n");
  await eventually("the table is on screen", async () => (await report(page)).recording === "minutes.csv");
  // It plays: what is compared has to stand still.
  await ask(page, { play: false });
  await ask(page, { seek: "2026-03-01T12:05:00Z" });
  await eventually("it is read between its rows", async () => /^15(\.0+)?\s°C$/.test(value(await report(page), "v")));
  const header = JSON.stringify({ twinscope: "recording", version: 1, twin: "small" });
  const line = (s) => JSON.stringify({ at: `2026-03-01T12:00:0${s}Z`, topic: "small/v", payload: String(30 + s) });
  await drop("shift.jsonl", [header, ...[1, 2, 3].map(line)].join("\n"));
  await eventually("the recording is on screen", async () => (await report(page)).recording === "shift.jsonl");
  await ask(page, { play: false });
  await ask(page, { seek: "2026-03-01T12:00:02.5Z" });
  await eventually("its message is seen", async () => value(await report(page), "v")?.startsWith("32"));
  await ask(page, "follow");
  await eventually("the plant is on screen again", async () => (await report(page)).recording === null);
});

test("a dashboard of the same origin steers the page, and is sent its events; a foreign one does neither", async (t) => {
  const { page, url } = await station(t);
  const outer = await page.context().newPage();
  outer.setDefaultTimeout(90_000);
  const frame = async (origin) => {
    await outer.route(`${origin}/dashboard`, (route) => route.fulfill({ contentType: "text/html", body: `<iframe src="${url}" width="900" height="600"></iframe>` }));
    await outer.goto(`${origin}/dashboard`);
  };
  await frame(url.replace(/\/$/, ""));
  const told = await outer.evaluate(
    () =>
      new Promise((resolve) => {
        const events = [];
        addEventListener("message", ({ data }) => {
          const event = data.twinscope;
          events.push(event);
          if (event === "ready") document.querySelector("iframe").contentWindow.postMessage({ twinscope: { select: "P-1" } }, "*");
          if (/P-1$/.test(event?.selected ?? "")) resolve(events.length);
        });
      }),
  );
  assert.ok(told > 1);
  await frame("http://foreign.example");
  const refused = await outer.evaluate(() => document.querySelector("iframe").contentDocument === null);
  assert.ok(refused, "a foreign page cannot embed it");
});

register("under 1,000 messages a second, hidden for a minute, it loses none and keeps to its memory", { timeout: 360_000 }, async (t) => {
  const broker = await Mosquitto.start(t);
  const url = await serve(t, ["scenes/bottling.ron", "--broker", broker.url], 1);
  const chromium = await browser(t, {
    ignoreDefaultArgs: ["--disable-backgrounding-occluded-windows", "--disable-renderer-backgrounding", "--disable-background-timer-throttling"],
  });
  const context = await chromium.newContext({ viewport: VIEW });
  const page = await open(context, url);
  await shown(page);
  await eventually("it is connected", async () => (await report(page)).connection === "connected");
  const speed = Number(process.env.TWINSCOPE_LOAD_SPEED ?? 8);
  const half = Number(process.env.TWINSCOPE_LOAD_SECONDS ?? 120) * 500;
  const { counts: before } = await report(page);
  // Another client counts what is published, without what the page has no property for.
  const heardBy = ["-t", "bottling/#", "-T", "bottling/instructor/#", "-T", "bottling/maintenance"];
  const counter = spawn("mosquitto_sub", ["-p", broker.tcp, ...heardBy, "-q", "1", "-F", "%t"], { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => counter.kill());
  let published = 0;
  createInterface({ input: counter.stdout }).on("line", () => (published += 1));
  await new Promise((wake) => setTimeout(wake, 500));
  const { child: plant } = await twinscope(t, ["plant", "scenes/bottling.ron", "--broker", broker.url, "--speed", String(speed)]);
  const began = Date.now();
  await page.waitForTimeout(half);
  const other = await context.newPage();
  await other.bringToFront();
  await page.evaluate(() => {
    if (!document.hidden) {
      Object.defineProperty(document, "hidden", { get: () => window.pretendHidden, configurable: true });
      window.pretendHidden = true;
      window.pretended = true;
      document.dispatchEvent(new Event("visibilitychange"));
    }
  });
  const pretended = await page.evaluate(() => window.pretended === true);
  await other.waitForTimeout(half);
  const rate = published / ((Date.now() - began) / 1000);
  await page.evaluate(() => {
    window.pretendHidden = false;
    document.dispatchEvent(new Event("visibilitychange"));
  });
  await page.bringToFront();
  const back = await eventually("it is current on return", async () => {
    const state = await report(page);
    return state.queue < 5 && state.lag_s < 2 * speed && state;
  }, 10_000);
  plant.kill("SIGTERM");
  await once(plant, "exit");
  let heard;
  const after = await eventually(
    "it has heard all",
    async () => {
      heard = await report(page);
      return heard.counts.messages - before.messages >= published && heard;
    },
    20_000,
    () => ({ published, before, ...heard }),
  );
  t.diagnostic(`${rate.toFixed(0)} messages/s, hidden ${pretended ? "as the page is told" : "by the browser"}, lag ${back.lag_s.toFixed(2)} s, memory ${(after.memory.taken / 1e6).toFixed(0)} MB`);
  assert.equal(after.counts.messages - before.messages, published);
  assert.equal(after.counts.dropped, 0);
  assert.ok(rate > 800, `${rate} messages a second`);
  assert.ok(after.memory.taken <= after.memory.budget, JSON.stringify(after.memory));
});
