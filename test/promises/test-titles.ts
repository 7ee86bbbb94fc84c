import ts from "typescript";

/** One `it` or `test` of a test file. */
export interface TestTitle {
  /** From the repository's folder. */
  readonly file: string;
  /** As it is written; an ellipsis stands for what a template fills in. */
  readonly title: string;
  /** Titles of the `describe`s around it, outermost first. */
  readonly within: readonly string[];
}

/** The tests of a file, read from its source and not run. Titles in variables cannot be read and are left out. */
export function testTitles(file: string, source: string): TestTitle[] {
  const tree = ts.createSourceFile(file, source, ts.ScriptTarget.Latest);
  const found: TestTitle[] = [];
  const visit = (node: ts.Node, within: readonly string[]): void => {
    const call = ts.isCallExpression(node) ? titledCall(node) : undefined;
    if (call?.kind === "test") found.push({ file, title: call.title, within });
    const inner = call?.kind === "suite" ? [...within, call.title] : within;
    ts.forEachChild(node, (child) => visit(child, inner));
  };
  visit(tree, []);
  return found;
}

function titledCall(node: ts.CallExpression): { readonly kind: "suite" | "test"; readonly title: string } | undefined {
  const name = rootName(node.expression);
  const title = node.arguments[0] === undefined ? undefined : textOf(node.arguments[0]);
  if (title === undefined || node.arguments.length < 2) return undefined;
  if (name === "describe") return { kind: "suite", title };
  return name === "it" || name === "test" ? { kind: "test", title } : undefined;
}

/** `it` of `it(…)`, `it.only(…)`, `it.each(rows)(…)` and `` it.each`rows`(…) ``. The rows themselves are no title. */
function rootName(callee: ts.Expression): string | undefined {
  if (ts.isIdentifier(callee)) return callee.text;
  if (ts.isPropertyAccessExpression(callee)) {
    const { text } = callee.name;
    return takesRows.has(text) || isNotRun.has(text) ? undefined : rootName(callee.expression);
  }
  const rows = ts.isCallExpression(callee)
    ? callee.expression
    : ts.isTaggedTemplateExpression(callee)
      ? callee.tag
      : undefined;
  return rows !== undefined && ts.isPropertyAccessExpression(rows) && takesRows.has(rows.name.text)
    ? rootName(rows.expression)
    : undefined;
}

const takesRows: ReadonlySet<string> = new Set(["each", "for", "skipIf", "runIf"]);
const isNotRun: ReadonlySet<string> = new Set(["skip", "todo"]);

function textOf(node: ts.Expression): string | undefined {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (!ts.isTemplateExpression(node)) return undefined;
  return node.head.text + node.templateSpans.map(({ literal }) => `…${literal.text}`).join("");
}
