import { TrunklineError } from "../../errors.ts";
import { isRecord } from "../../util/index.ts";

/**
 * A tool's result, for the model: its structured content if it has any, else its text, else its parts as they are.
 * @throws TrunklineError `TL_TOOL_FAILED` when the server says so, or the result is longer than `maximum` characters
 */
export function callResult(answer: unknown, maximum: number): unknown {
  if (!isRecord(answer)) throw failed("The server's answer is not a result.");
  const content = readContent(answer.content);
  if (answer.isError === true) throw failed(failureText(content, maximum));
  const result = answer.structuredContent ?? content;
  const { length } = JSON.stringify(result);
  if (length > maximum) throw failed(`The result has ${length} characters of at most ${maximum}. Ask for less.`);
  return result;
}

/** Text parts as one text; with anything else among them, the parts. */
function readContent(content: unknown): string | readonly unknown[] {
  if (content === undefined) return "";
  if (!Array.isArray(content)) throw failed("The content of the result is not a list.");
  const texts = content.flatMap((part: unknown) =>
    isRecord(part) && part.type === "text" && typeof part.text === "string" ? [part.text] : [],
  );
  return texts.length === content.length ? texts.join("\n") : content;
}

function failureText(content: string | readonly unknown[], maximum: number): string {
  const text = typeof content === "string" ? content : JSON.stringify(content);
  if (text === "") return "The tool failed and does not say why.";
  return text.length > maximum ? `${text.slice(0, maximum)}…` : text;
}

function failed(message: string): TrunklineError {
  return new TrunklineError("TL_TOOL_FAILED", message);
}
