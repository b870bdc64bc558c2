// An MQTT client that is not ours: mqtt.js.
//
// node publish.mjs URL TOPIC < PAYLOAD: publishes standard input once, retained, at QoS 1.
// TWINSCOPE_TEST_TOOLS is a directory whose node_modules holds mqtt.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const tools = process.env.TWINSCOPE_TEST_TOOLS;
if (!tools) throw new Error("TWINSCOPE_TEST_TOOLS is not set");
const mqtt = createRequire(join(tools, "package.json"))("mqtt");

const [url, topic] = process.argv.slice(2);
const client = await mqtt.connectAsync(url, { reconnectPeriod: 0 });
await client.publishAsync(topic, readFileSync(0), { qos: 1, retain: true });
await client.endAsync();
