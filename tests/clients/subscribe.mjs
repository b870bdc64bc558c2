// An MQTT client that is not ours: mqtt.js over WebSocket, as a browser would connect.
//
// node subscribe.mjs URL FILTER COUNT [PROTOCOL [IDENTIFIER]]
// Subscribes and counts different topics until COUNT are there; prints the count and the number of
// payloads that differ from their topic's last level. Exit code 0 when all came, 1 otherwise.
// TWINSCOPE_TEST_TOOLS is a directory whose node_modules holds mqtt.
import { createRequire } from "node:module";
import { join } from "node:path";

const tools = process.env.TWINSCOPE_TEST_TOOLS;
if (!tools) throw new Error("TWINSCOPE_TEST_TOOLS is not set");
const mqtt = createRequire(join(tools, "package.json"))("mqtt");

const [url, filter, count, protocol = "5", clientId] = process.argv.slice(2);
const client = mqtt.connect(url, { protocolVersion: Number(protocol), reconnectPeriod: 0, ...(clientId && { clientId }) });
const topics = new Set();
let wrong = 0;

function finish(code) {
  console.log(JSON.stringify({ topics: topics.size, wrong }));
  client.end(true);
  process.exit(code);
}

client.on("connect", () => client.subscribe(filter, { qos: 1 }));
client.on("error", (error) => {
  console.error(String(error));
  finish(1);
});
client.on("close", () => finish(1));
client.on("message", (topic, payload) => {
  topics.add(topic);
  if (payload.toString() !== topic.split("/").pop()) wrong += 1;
  if (topics.size === Number(count)) finish(wrong === 0 ? 0 : 1);
});
setTimeout(() => finish(1), 60_000);
