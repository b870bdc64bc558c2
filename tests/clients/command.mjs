// An MQTT client that is not ours: mqtt.js, which tells a machine what to do and waits for its answers.
//
// node command.mjs URL SET_TOPIC ANSWER_TOPIC PAYLOAD
// Subscribes to the answers, publishes the payload, which is JSON with an `id`, and prints the answers to
// that id, a line each, until one of them is the last: refused, done or failed. Exit code 0 when it is
// done, 1 otherwise. TWINSCOPE_TEST_TOOLS is a directory whose node_modules holds mqtt.
import { createRequire } from "node:module";
import { join } from "node:path";

const tools = process.env.TWINSCOPE_TEST_TOOLS;
if (!tools) throw new Error("TWINSCOPE_TEST_TOOLS is not set");
const mqtt = createRequire(join(tools, "package.json"))("mqtt");

const [url, set, answers, payload] = process.argv.slice(2);
const { id } = JSON.parse(payload);
const client = mqtt.connect(url, { protocolVersion: 5, reconnectPeriod: 0 });

function finish(code) {
  client.end(true);
  process.exit(code);
}

client.on("connect", () => {
  client.subscribe(answers, { qos: 1 }, () => client.publish(set, payload, { qos: 1 }));
});
client.on("error", (error) => {
  console.error(String(error));
  finish(1);
});
client.on("message", (topic, bytes) => {
  const answer = JSON.parse(bytes.toString());
  if (answer.id !== id) return;
  console.log(`${answer.command} ${answer.answer} ${answer.reason ?? ""}`.trim());
  if (answer.answer !== "accepted") finish(answer.answer === "done" ? 0 : 1);
});
setTimeout(() => finish(1), 60_000);
