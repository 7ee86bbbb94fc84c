import type { PromptFile, PromptText } from "./model.ts";

/** An object with fields; neither an array nor null. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The words of a message's content, whatever else is in it. */
export function contentText(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content.flatMap((part) => (isText(part) ? [part.text] : [])).join("\n");
}

/** The words and pictures of a message's content. */
export function contentParts(content: unknown, onProblem: (problem: string) => void): (PromptText | PromptFile)[] {
  if (typeof content === "string") return content.trim() === "" ? [] : [{ type: "text", text: content }];
  if (!Array.isArray(content)) {
    onProblem("has no content");
    return [];
  }
  return content.flatMap((part) => {
    const used = isText(part) ? ({ type: "text", text: part.text } as const) : imageOf(part);
    if (used === undefined) onProblem("has a part that cannot be shown to a model");
    return used === undefined || (used.type === "text" && used.text.trim() === "") ? [] : [used];
  });
}

function isText(part: unknown): part is { readonly text: string } {
  return isRecord(part) && part.type === "text" && typeof part.text === "string";
}

function imageOf(part: unknown): PromptFile | undefined {
  if (!isRecord(part) || part.type !== "image_url" || !isRecord(part.image_url)) return undefined;
  const { url } = part.image_url;
  if (typeof url !== "string") return undefined;
  if (!url.startsWith("data:")) return linkedImage(url);
  const comma = url.indexOf(",");
  const [mediaType = "", ...parameters] = url.slice("data:".length, comma).split(";");
  if (comma === -1 || !mediaType.startsWith("image/") || !parameters.includes("base64")) return undefined;
  return { type: "file", data: url.slice(comma + 1), mediaType };
}

// Only https: whoever fetches it may sit inside a network that the peer who sent it cannot reach.
function linkedImage(url: string): PromptFile | undefined {
  if (!url.startsWith("https://") || !URL.canParse(url)) return undefined;
  return { type: "file", data: new URL(url), mediaType: "image/*" };
}
