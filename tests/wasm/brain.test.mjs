// Models, filters, forecasts and calibration give the same numbers in WebAssembly as natively, to the
// last bit. BRAIN_NATIVE names the program, BRAIN_WASM the module; both are `brain_digest`.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

const { BRAIN_NATIVE: program, BRAIN_WASM: file } = process.env;
if (!program || !file) throw new Error("BRAIN_NATIVE or BRAIN_WASM is not set: run scripts/test");

/** What the module asks of its host and never uses here. */
function host(module) {
  const imports = {};
  for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
    assert.equal(kind, "function", `${from}.${name}`);
    imports[from] ??= {};
    imports[from][name] = () => {
      throw new Error(`${from}.${name} was called: the brain needs no host`);
    };
  }
  return imports;
}

const native = (...args) => execFileSync(program, args, { encoding: "utf8", maxBuffer: 1 << 28 }).trimEnd().split("\n");

/** The first number of a run that differs, for people. */
function firstDifference(exports, at, name) {
  const ours = new BigUint64Array(exports.memory.buffer, exports.numbers(at), exports.count(at));
  const theirs = native(name);
  for (let place = 0; place < Math.max(ours.length, theirs.length); place++) {
    const bits = ours[place]?.toString(16).padStart(16, "0");
    if (bits !== theirs[place]) return `number ${place}: ${bits} in WebAssembly, ${theirs[place]} natively`;
  }
  return "no number differs, but the digests do";
}

test("every run gives the same bits natively and in WebAssembly", { timeout: 300_000 }, async () => {
  const module = await WebAssembly.compile(await readFile(file));
  const { exports } = await WebAssembly.instantiate(module, host(module));
  // First the length: computing it may move memory.
  const length = exports.text_length();
  const text = new TextDecoder().decode(new Uint8Array(exports.memory.buffer, exports.text(), length));
  const [ours, theirs] = [text.split("\n"), native()];
  assert.equal(ours.length, theirs.length);
  assert.ok(ours.length > 40, `${ours.length} runs`);
  for (const [at, line] of theirs.entries()) {
    const name = line.slice(26);
    assert.ok(Number(line.slice(17, 25)) > 0, `${name} computes nothing`);
    if (ours[at] !== line) assert.fail(`${name} differs: ${firstDifference(exports, at, name)}`);
  }
});
