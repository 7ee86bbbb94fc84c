export type SignalName = "SIGINT" | "SIGTERM";

/** There are no signals here. */
export function onSignal(_name: SignalName, _handler: () => void): () => void {
  return () => {};
}
