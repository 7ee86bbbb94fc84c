/** Notes the runners it is called for, where the test looks. */
export function setupRunner({ name }) {
  globalThis.runnersSetUp?.push(name);
}
