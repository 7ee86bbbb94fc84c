/** 128 random bits: nobody who has not been told an id can guess it. */
export function newTaskId(): string {
  // `crypto.randomUUID` is missing on pages that were not served over TLS.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  let id = "";
  for (const byte of bytes) id += byte.toString(16).padStart(2, "0");
  return id;
}
