/** Promises no test shows yet: a line, or a number. Take one away when a test does; add one only knowingly. */
export const expectedMissing: readonly string[] = [
  // A worker cannot give its stream anything to begin with.
  "Stream start goes to the requester with metadata",
  // Runners say goodbye; one that falls silent is not noticed. That needs a bus between processes.
  "K40",
  // The bus between processes is not built.
  "K53",
  "K54",
  "K55",
];
