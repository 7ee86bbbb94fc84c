export async function setupRunner() {
  throw new Error("no such exporter");
}
