/** A fenced block of a Markdown file. */
export interface CodeBlock {
  readonly file: string;
  /** Line of its first line of code, counted from 1. */
  readonly line: number;
  readonly language: string;
  /** The words after the language. */
  readonly flags: readonly string[];
  readonly code: string;
}

export function codeBlocks(file: string, text: string): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  let open: { readonly line: number; readonly fence: string; readonly info: string } | undefined;
  let code: string[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const [, fence = "", info = ""] = /^(`{3,})\s*(.*)$/.exec(line) ?? [];
    if (open === undefined) {
      if (fence) open = { line: index + 2, fence, info };
      code = [];
    } else if (fence.length >= open.fence.length && info === "") {
      const [language = "", ...flags] = open.info.split(/\s+/);
      blocks.push({ file, line: open.line, language, flags, code: `${code.join("\n")}\n` });
      open = undefined;
    } else {
      code.push(line);
    }
  }
  if (open !== undefined) throw new Error(`${file}:${open.line - 1}: this code block has no end`);
  return blocks;
}
