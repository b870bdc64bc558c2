// The page's picture for README, in the light theme: node tests/browser/draw.mjs FILE.png
import { browser, eventually, freePort, open, report, shown, twinscope } from "./support.mjs";

const [file] = process.argv.slice(2);
if (!file) throw new Error("usage: node tests/browser/draw.mjs FILE.png");
/** What ends with the picture, the last that was started first. */
const ends = [];
const t = { after: (end) => ends.unshift(end) };
try {
  const http = await freePort();
  await twinscope(t, ["serve", "--http", `127.0.0.1:${http}`], 2);
  const chromium = await browser(t);
  const context = await chromium.newContext({ viewport: { width: 1280, height: 720 }, colorScheme: "light" });
  // Of somebody who has read the hint.
  await context.addInitScript(() => localStorage.setItem("twinscope/hint.json", "true"));
  const page = await open(context, `http://127.0.0.1:${http}/`);
  await shown(page);
  await eventually("messages come and models are drawn", async () => {
    const { counts, models } = await report(page);
    return counts.messages > 100 && models[0] === models[1];
  });
  await page.waitForTimeout(20_000);
  await page.screenshot({ path: file, timeout: 120_000 });
} finally {
  for (const end of ends) await end();
}
