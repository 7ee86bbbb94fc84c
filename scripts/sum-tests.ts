/**
 * Adds up the reports of several vitest runs and fails when a test failed, was skipped or was not found. What a machine's
 * kernel or rights do not allow cannot be installed: such tests may be skipped, and are named.
 */
import { readFileSync } from "node:fs";

interface Report {
  readonly success: boolean;
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly { readonly assertionResults: readonly TestResult[] }[];
}

interface TestResult {
  readonly fullName: string;
  readonly status: string;
}

const reports = process.argv.slice(2).map((path) => JSON.parse(readFileSync(path, "utf8")) as Report);
const total = (count: (report: Report) => number): number => reports.reduce((sum, report) => sum + count(report), 0);

const passed = total((report) => report.numPassedTests);
const failed = total((report) => report.numFailedTests);
const impossible = /^small versions of the proofs P2 .* \(Two network namespaces with .* cannot be made here: /;
const [lacking, skipped] = skippedTests();
const whole = reports.every((report) => report.success && report.numPassedTests > 0);
if (!whole && failed === 0) console.log("A test file failed outside its tests; see above.");
for (const name of new Set(lacking)) console.log(`  not possible here: ${name}`);
if (skipped.length > 0) console.log("A test that is skipped proves nothing: run it or remove it.");
for (const name of new Set(skipped)) console.log(`  skipped: ${name}`);
console.log(`${passed} passed, ${failed} failed, ${skipped.length} skipped, ${lacking.length} not possible here`);
process.exitCode = whole && failed === 0 && skipped.length === 0 ? 0 : 1;

/** By name, those that this machine does not let run, and all others. */
function skippedTests(): readonly [lacking: readonly string[], skipped: readonly string[]] {
  const results = reports.flatMap(({ testResults }) => testResults.flatMap(({ assertionResults }) => assertionResults));
  const notRun = results.filter(({ status }) => status === "pending" || status === "skipped" || status === "todo");
  const names = notRun.map(({ fullName }) => fullName);
  return [names.filter((name) => impossible.test(name)), names.filter((name) => !impossible.test(name))];
}
