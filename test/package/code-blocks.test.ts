import { describe, expect, it } from "vitest";
import { codeBlocks } from "../../scripts/markdown.ts";

describe("the code blocks of a page", () => {
  it("carry their language, their flags and the line they begin at", () => {
    const page = "# Title\n\n```ts run\nconst a = 1;\n\n```\ntext\n```sh\nls\n```\n";
    expect(codeBlocks("page.md", page)).toEqual([
      { file: "page.md", line: 4, language: "ts", flags: ["run"], code: "const a = 1;\n\n" },
      { file: "page.md", line: 9, language: "sh", flags: [], code: "ls\n" },
    ]);
  });

  it("may hold a shorter fence, and lines that end as on Windows", () => {
    expect(codeBlocks("page.md", "````md\r\n```ts\r\n```\r\n````\r\n").map((block) => block.code)).toEqual([
      "```ts\n```\n",
    ]);
  });

  it("have an end, or the page is refused", () => {
    expect(() => codeBlocks("page.md", "text\n```ts\nconst a = 1;\n")).toThrow("page.md:2");
  });
});
