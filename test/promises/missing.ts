/** Promises no test shows yet: a line, or a number. Take one away when a test does; add one only knowingly. */
export const expectedMissing: readonly string[] = [
  // The bus between processes is not built.
  "K53",
  "K54",
  "K55",
];
