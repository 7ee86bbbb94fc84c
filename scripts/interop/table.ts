/** What of a vitest report this needs. */
export interface Report {
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly { readonly assertionResults: readonly AssertionResult[] }[];
}

interface AssertionResult {
  readonly ancestorTitles: readonly string[];
  readonly status: string;
}

const prefix = "interop: ";

/** A row for each scenario, a column for each peer and role; how many tests passed of how many. */
export function tableOf(report: Report): string {
  const counts = new Map<string, Map<string, { passed: number; all: number }>>();
  const columns: string[] = [];
  for (const { ancestorTitles, status } of report.testResults.flatMap(({ assertionResults }) => assertionResults)) {
    const [scenario, setting] = ancestorTitles;
    if (!scenario?.startsWith(prefix) || setting === undefined) continue;
    const column = setting.replaceAll(/[[\]]/g, "");
    if (!columns.includes(column)) columns.push(column);
    const row = counts.get(scenario) ?? new Map<string, { passed: number; all: number }>();
    const cell = row.get(column) ?? { passed: 0, all: 0 };
    cell.all += 1;
    if (status === "passed") cell.passed += 1;
    counts.set(scenario, row.set(column, cell));
  }
  columns.sort();
  const rows = [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    `| scenario | ${columns.join(" | ")} |`,
    `| --- | ${columns.map(() => "---").join(" | ")} |`,
    ...rows.map(
      ([scenario, row]) => `| ${scenario.slice(prefix.length)} | ${columns.map((c) => cellOf(row, c)).join(" | ")} |`,
    ),
  ].join("\n");
}

function cellOf(row: ReadonlyMap<string, { passed: number; all: number }>, column: string): string {
  const cell = row.get(column);
  return cell === undefined ? "not run" : `${cell.passed} of ${cell.all} passed`;
}
