const escapeCharacter = "\u001b";
// Colours, and what a line editor needs: to a column, clear from here.
const control = new RegExp(`${escapeCharacter}\\[([\\d;]*)([A-Za-z])|\\r|\\n|[^${escapeCharacter}\\r\\n]+`, "g");

/** What a terminal that is wide enough shows after all this was written to it. */
export function screenOf(written: string): string {
  const lines = [""];
  let column = 0;
  for (const [text, parameter = "", command] of written.matchAll(control)) {
    const line = lines.at(-1) ?? "";
    if (text === "\r") column = 0;
    else if (text === "\n") lines.push("");
    else if (command === "G") column = Number(parameter || 1) - 1;
    else if (command === "J" || command === "K") lines[lines.length - 1] = line.slice(0, column);
    else if (command === undefined) {
      lines[lines.length - 1] = line.padEnd(column).slice(0, column) + text + line.slice(column + text.length);
      column += text.length;
    }
  }
  return lines.join("\n");
}
