/** There is no environment here that could name anything. */
export function setUpRunner(_runner: object): Promise<void> | undefined {
  return undefined;
}
