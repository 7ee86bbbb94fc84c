import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { bundle } from "../../examples/browser-agent/page-files.ts";

// What a page has to load before its agent lives. Above these, somebody should know why.
const bundles = [
  ["all of the core", "../../src/index.ts", 60],
  ["the page of the browser example, conversation included", "../../examples/browser-agent/page.ts", 60],
] as const;

it.each(bundles)("%s is small enough for a page", async (what, path, maximumKilobytes) => {
  const script = await bundle(fileURLToPath(new URL(path, import.meta.url)));
  const [whole, compressed] = [Buffer.byteLength(script), gzipSync(script).length].map((bytes) => bytes / 1_000);
  console.info(`${what}: ${whole?.toFixed(1)} kB, compressed ${compressed?.toFixed(1)} kB`);
  expect(whole).toBeGreaterThan(10);
  expect(compressed).toBeLessThan(maximumKilobytes);
});
