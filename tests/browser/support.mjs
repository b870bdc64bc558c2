// What the browser's tests need: programs on free ports that end with the test, Debian's Chromium,
// and patience with a limit.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const tools = process.env.TWINSCOPE_TEST_TOOLS;
if (!tools) throw new Error("TWINSCOPE_TEST_TOOLS is not set: run scripts/test");
const { chromium } = createRequire(join(tools, "package.json"))("playwright-core");

/** The checkout. */
export const root = resolve(fileURLToPath(import.meta.url), "../../..");
/** The program, as it was built for this machine. */
const program = process.env.TWINSCOPE_BIN;
if (!program) throw new Error("TWINSCOPE_BIN is not set: run scripts/test");
/** Where pictures are left, so that people can look at them. */
export const pictures = process.env.TWINSCOPE_PICTURES;

/** A port on which nobody listens now. */
export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** Asks again and again until it is so; a failure shows what was answered last, or what `shown` tells. */
export async function eventually(what, isSo, limit = 20_000, shown = undefined) {
  const since = Date.now();
  let last;
  while (Date.now() - since < limit) {
    last = await isSo();
    if (last) return last;
    await new Promise((wake) => setTimeout(wake, 50));
  }
  throw new Error(`not within ${limit} ms: ${what} (last: ${JSON.stringify(shown ? shown() : last)})`);
}

/** Starts a program; it ends with the test. */
export function start(t, command, args, options = {}) {
  const child = spawn(command, args, { cwd: root, stdio: ["ignore", "pipe", "inherit"], ...options });
  t.after(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill();
      await once(child, "exit");
    }
  });
  return child;
}

/** Starts a command of Twinscope's and waits for as many lines of it. */
export async function twinscope(t, args, lines = 0) {
  const child = start(t, program, args);
  const told = [];
  const reader = createInterface({ input: child.stdout });
  reader.on("line", (line) => told.push(line));
  await eventually(`twinscope ${args.join(" ")} speaks`, () => told.length >= lines);
  return { child, told };
}

/** Debian's mosquitto with a TCP and a WebSocket listener. */
export class Mosquitto {
  static async start(t, more = "") {
    const broker = new Mosquitto();
    broker.t = t;
    [broker.tcp, broker.ws] = [await freePort(), await freePort()];
    broker.folder = await mkdtemp(join(tmpdir(), "mosquitto-"));
    t.after(() => rm(broker.folder, { recursive: true, force: true }));
    const listeners =
      `listener ${broker.tcp} 127.0.0.1\nlistener ${broker.ws} 127.0.0.1\nprotocol websockets\n` +
      (more || "allow_anonymous true\n");
    await writeFile(join(broker.folder, "conf"), `log_type error\nmax_queued_messages 0\n${listeners}`);
    await broker.restart();
    return broker;
  }

  get url() {
    return `mqtt://127.0.0.1:${this.tcp}`;
  }

  async kill() {
    this.child.kill("SIGKILL");
    await once(this.child, "exit");
  }

  async restart() {
    const path = `${process.env.PATH}:/usr/sbin`;
    const env = { ...process.env, PATH: path };
    this.child = start(this.t, "mosquitto", ["-c", join(this.folder, "conf")], { env });
    await eventually("mosquitto listens", async () => {
      const probe = spawn("mosquitto_pub", ["-p", this.tcp, "-t", "probe", "-m", "1"], { stdio: "ignore" });
      const [code] = await once(probe, "exit");
      return code === 0;
    });
  }

  async publish(topic, message, ...more) {
    const args = ["-p", this.tcp, "-q", "1", "-t", topic, "-m", message, ...more];
    const [code] = await once(spawn("mosquitto_pub", args, { stdio: "inherit" }), "exit");
    if (code !== 0) throw new Error(`mosquitto_pub ended with ${code}`);
  }
}

/** Debian's Chromium, drawing WebGL2 in software. */
export async function browser(t, options = {}) {
  const launched = await chromium.launch({
    executablePath: process.env.TWINSCOPE_CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--use-angle=swiftshader",
      "--enable-unsafe-swiftshader",
      "--ignore-gpu-blocklist",
      "--disable-background-networking",
      "--disable-component-update",
      "--no-first-run",
      "--no-default-browser-check",
      "--disable-sync",
      ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
      ...(options.args ?? []),
    ],
    ignoreDefaultArgs: options.ignoreDefaultArgs,
  });
  t.after(() => launched.close());
  return launched;
}

/** Opens an address; what the console says goes into `complaints`, errors and warnings alike. */
export async function open(context, url, complaints = []) {
  const page = await context.newPage();
  page.setDefaultTimeout(120_000);
  page.on("console", (message) => {
    // What the software renderer says of its own speed is no complaint about the page.
    const ofSpeed = /GL Driver Message .*Performance/.test(message.text());
    if (["error", "warning"].includes(message.type()) && !ofSpeed) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.goto(url);
  return page;
}

/** Waits until everything is shown. */
export async function shown(page) {
  await page.waitForFunction(() => document.querySelector("#loading").matches(".done, .trouble"));
  const trouble = await page.locator("#trouble").textContent();
  if (trouble) throw new Error(trouble);
  await page.waitForTimeout(500);
}

export const report = (page) => page.evaluate(() => window.twinscope.report());
export const ask = (page, request) => page.evaluate((request) => window.twinscope.ask(request), request);

/** A picture as pixels: `at(x, y)` gives red, green, blue. */
export async function picture(page, name) {
  const png = await page.screenshot();
  if (pictures && name) await writeFile(join(pictures, `${name}.png`), png);
  const decoded = await page.evaluate(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    const context = canvas.getContext("2d");
    context.drawImage(bitmap, 0, 0);
    const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height);
    let text = "";
    for (let i = 0; i < data.length; i += 32768) text += String.fromCharCode(...data.subarray(i, i + 32768));
    return { width: bitmap.width, height: bitmap.height, pixels: btoa(text) };
  }, png.toString("base64"));
  const pixels = Buffer.from(decoded.pixels, "base64");
  const { width, height } = decoded;
  return { width, height, at: (x, y) => [...pixels.subarray(4 * (y * width + x), 4 * (y * width + x) + 3)] };
}

/** Share of pixels in a rectangle (parts of width and height) that differ visibly between two pictures. */
export function difference(a, b, [left, top, right, bottom] = [0, 0, 1, 1]) {
  let [differ, all] = [0, 0];
  for (let y = Math.floor(top * a.height); y < bottom * a.height; y += 2) {
    for (let x = Math.floor(left * a.width); x < right * a.width; x += 2) {
      const [one, other] = [a.at(x, y), b.at(x, y)];
      all += 1;
      if (one.some((value, channel) => Math.abs(value - other[channel]) > 24)) differ += 1;
    }
  }
  return differ / all;
}

/** How many clearly different colours a picture has in the scene: an empty scene has few. */
export function colours(image, [left, top, right, bottom] = [0.25, 0.15, 0.7, 0.85]) {
  const seen = new Set();
  for (let y = Math.floor(top * image.height); y < bottom * image.height; y += 3) {
    for (let x = Math.floor(left * image.width); x < right * image.width; x += 3) {
      seen.add(image.at(x, y).map((value) => value >> 4).join());
    }
  }
  return seen.size;
}

export const read = (path) => readFile(join(root, path));
