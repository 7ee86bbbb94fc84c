import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { allTests, promisesOf, promisesPage, promisesPagePath } from "../../scripts/promises.ts";
import { expectedMissing } from "./missing.ts";
import { testTitles } from "./test-titles.ts";

describe("the page of promises", () => {
  const promises = promisesOf(allTests());

  it("is what docs/promises.md holds: npm run docs:promises writes it", () => {
    expect(readFileSync(promisesPagePath, "utf8")).toBe(promisesPage(promises));
  });

  it("misses what missing.ts lists, no more and no less", () => {
    expect([...promises.missing].sort()).toEqual([...expectedMissing].sort());
  });

  it("has no entry in shown-by.ts for a promise or a test that is not there", () => {
    expect(promises.stale).toEqual([]);
  });
});

describe("what shows a promise", () => {
  const test = (title: string, ...within: string[]) => ({ file: "test/x.test.ts", title, within });
  const shown = (...titles: string[]) => {
    const { sections, bugs } = promisesOf(
      titles.map((title) => test(title)),
      {},
    );
    return [...sections.flatMap(({ lines }) => lines), ...bugs].filter(({ tests }) => tests.length > 0);
  };
  const keysOf = (...titles: string[]) => shown(...titles).map(({ key }) => key);

  it("is a title that holds its line, whatever the capitals and punctuation, as whole words", () => {
    expect(keysOf('"all watchers of a name: FIRE", each once')).toEqual(["All watchers of a name fire"]);
    expect(keysOf("all watchers of a name fired")).toEqual([]);
  });

  it("is a title, or a describe around it, that names its number, alone, in a list or in a range", () => {
    expect(keysOf("K10, K11: a close", "K52–K54: later (K1)")).toEqual(["K1", "K10", "K11", "K52", "K53", "K54"]);
    expect(promisesOf([test("cannot answer", "K4: strangers")], {}).bugs[3]?.tests).toHaveLength(1);
    expect(keysOf("TASK12 and OK3")).toEqual([]);
  });

  it("is a test that is named for it, and a name that leads nowhere is told", () => {
    const aliases = { K5: [["test/x.test.ts", "a"]], K6: [["test/y.test.ts", "a"]], K99: [] } as const;
    const { bugs, stale } = promisesOf([test("a")], aliases);
    expect(bugs.filter(({ tests }) => tests.length > 0).map(({ key }) => key)).toEqual(["K5"]);
    expect(stale).toEqual(['"K6": test/y.test.ts has no test "a"', '"K99" is no promise']);
  });
});

describe("the titles of a test file", () => {
  it("are those of its tests, with the suites around them, in whatever quotes", () => {
    const source = `
      // it("in a comment", () => {});
      const text = 'it("in a string", () => {})';
      describe("suite", () => {
        it("plain", () => {});
        test('it\\'s "quoted"', { timeout: 1 }, () => {});
        describe.each([["a"]])("inner %s", () => void it(\`made of \${text} here\`, () => {}));
        it.each(["it"])("each %s", () => {});
        it.skip("not run", () => {});
      });
      it(text, () => {});
      it("outside", () => {});`;
    expect(testTitles("x.test.ts", source).map(({ title, within }) => [...within, title])).toEqual([
      ["suite", "plain"],
      ["suite", `it's "quoted"`],
      ["suite", "inner %s", "made of … here"],
      ["suite", "each %s"],
      ["outside"],
    ]);
  });
});
