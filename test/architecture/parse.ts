import ts from "typescript";
import { dynamicImports } from "./rules.ts";

export interface ImportOf {
  readonly specifier: string;
  readonly line: number;
}

/** A rule that one file alone breaks. */
export interface Finding {
  readonly line: number;
  readonly rule: string;
}

/** What one source file imports, and what in it no file may have. */
export interface ParsedFile {
  readonly lines: number;
  readonly imports: readonly ImportOf[];
  readonly findings: readonly Finding[];
  /** True when the file is a list of re-exported names. */
  readonly listsNamesOnly: boolean;
}

export function parse(path: string, text: string): ParsedFile {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const lineOf = (node: ts.Node): number => file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1;
  const imports: ImportOf[] = [];
  const findings: Finding[] = [];

  const visit = (node: ts.Node): void => {
    const specifier = specifierOf(node);
    if (specifier !== undefined) imports.push({ specifier, line: lineOf(node) });
    const rule = ruleBrokenBy(path, node);
    if (rule !== undefined) findings.push({ line: lineOf(node), rule });
    ts.forEachChild(node, visit);
  };
  visit(file);

  for (const statement of file.statements) {
    const rule = ruleBrokenAtTopLevel(statement);
    if (rule !== undefined) findings.push({ line: lineOf(statement), rule });
  }
  return {
    lines: text.trimEnd().split("\n").length,
    imports,
    findings,
    listsNamesOnly: file.statements.every((it) => ts.isExportDeclaration(it) && it.moduleSpecifier !== undefined),
  };
}

/** The module that a static import, a re-export or a type's `import("…")` names. */
function specifierOf(node: ts.Node): string | undefined {
  const named = ts.isImportDeclaration(node) || ts.isExportDeclaration(node) ? node.moduleSpecifier : undefined;
  if (named && ts.isStringLiteral(named)) return named.text;
  if (!ts.isImportTypeNode(node) || !ts.isLiteralTypeNode(node.argument)) return undefined;
  return ts.isStringLiteral(node.argument.literal) ? node.argument.literal.text : undefined;
}

function ruleBrokenBy(path: string, node: ts.Node): string | undefined {
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    if (Object.hasOwn(dynamicImports, path)) return undefined;
    return "import(…) is not used: what is loaded must be known before the program runs";
  }
  const called = ts.isCallExpression(node) || ts.isNewExpression(node) ? node.expression : undefined;
  if (called && ts.isIdentifier(called) && (called.text === "eval" || called.text === "Function")) {
    return `${called.text} makes code of text, and text may come from a socket`;
  }
  return undefined;
}

function ruleBrokenAtTopLevel(node: ts.Statement): string | undefined {
  if (ts.isExportAssignment(node) || hasModifier(node, ts.SyntaxKind.DefaultKeyword)) {
    return "a default export has no name that readers can search for";
  }
  if (ts.isExportDeclaration(node) && !(node.exportClause && ts.isNamedExports(node.exportClause))) {
    return "export * publishes names that nobody chose: write them out";
  }
  if (ts.isImportDeclaration(node) && node.importClause === undefined) {
    return "an import for its effect is work on import: call a function instead";
  }
  if (ts.isVariableStatement(node) && !(node.declarationList.flags & ts.NodeFlags.Const)) {
    return "a module-level variable is state without an owner: put it into an object";
  }
  if (isWork(node)) return "a module does no work on import: its statements only declare";
  return undefined;
}

function isWork(node: ts.Statement): boolean {
  const declares =
    ts.isImportDeclaration(node) ||
    ts.isExportDeclaration(node) ||
    ts.isExportAssignment(node) ||
    ts.isVariableStatement(node) ||
    ts.isFunctionDeclaration(node) ||
    ts.isClassDeclaration(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node);
  return !declares;
}

function hasModifier(node: ts.Statement, kind: ts.SyntaxKind): boolean {
  return ts.canHaveModifiers(node) && (ts.getModifiers(node)?.some((modifier) => modifier.kind === kind) ?? false);
}
