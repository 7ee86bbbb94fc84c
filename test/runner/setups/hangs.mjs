/** Until the test says how it is to go on. */
export function setupRunner(runner) {
  return new Promise((resolve, reject) => runner.hanging({ resolve, reject }));
}
