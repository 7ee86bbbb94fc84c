import { afterAll, beforeAll, describe } from "vitest";
import { missingPackages } from "./packages.ts";
import { Pair, type PairOptions, type Setting, settings } from "./pair.ts";

const missing = missingPackages();
const startMs = 60_000;

/** The tests of a scenario, once for each package and each way round. Skipped, with the reason, without the packages. */
export function scenarios(title: string, tests: (setting: Setting) => void): void {
  const reason = missing === undefined ? "" : ` (skipped: ${missing})`;
  describe.skipIf(missing !== undefined)(`interop: ${title}${reason}`, () => {
    for (const setting of settings) {
      describe(`[${setting.dialect}, ${setting.role}]`, { timeout: startMs }, () => tests(setting));
    }
  });
}

/** The same, where all tests of a setting share one pair that none of them ends. */
export function sharedScenarios(
  title: string,
  tests: (pair: () => Pair, setting: Setting) => void,
  options: PairOptions = {},
): void {
  scenarios(title, (setting) => {
    let shared: Pair | undefined;
    beforeAll(async () => {
      shared = await Pair.joined(setting, options);
    }, startMs);
    afterAll(() => shared?.[Symbol.asyncDispose](), startMs);
    tests(() => shared as Pair, setting);
  });
}
