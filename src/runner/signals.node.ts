export type SignalName = "SIGINT" | "SIGTERM";

/** Calls the handler for every such signal until the returned function is called. */
export function onSignal(name: SignalName, handler: () => void): () => void {
  process.on(name, handler);
  return () => void process.off(name, handler);
}
