/** Adds up the reports of several vitest runs and fails when a test failed, was skipped or was not found. */
import { readFileSync } from "node:fs";

interface Report {
  readonly success: boolean;
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
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
const skipped = total((report) => report.numPendingTests + report.numTodoTests);
const whole = reports.every((report) => report.success && report.numPassedTests > 0);
if (!whole && failed === 0) console.log("A test file failed outside its tests; see above.");
if (skipped > 0) console.log("A test that is skipped proves nothing: run it or remove it.");
for (const name of skippedNames()) console.log(`  skipped: ${name}`);
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = whole && failed === 0 && skipped === 0 ? 0 : 1;

/** Each once, though several runs skipped it; whoever skips a test says why in its name. */
function skippedNames(): ReadonlySet<string> {
  const results = reports.flatMap(({ testResults }) => testResults.flatMap(({ assertionResults }) => assertionResults));
  const notRun = results.filter(({ status }) => status === "pending" || status === "skipped" || status === "todo");
  return new Set(notRun.map(({ fullName }) => fullName));
}
