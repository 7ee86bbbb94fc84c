import { isRecord } from "../util/index.ts";
import type { PromptFile, PromptFileData } from "./model.ts";

/**
 * The picture, sound or file that a part of a message is, in the forms of OpenAI's chat API and of the Python peers:
 * `image_url`, `input_audio`, `file`, `file_base64`, `file_url`. Undefined: none that can be used.
 */
export function fileOf(part: unknown): PromptFile | undefined {
  if (!isRecord(part)) return undefined;
  switch (part.type) {
    case "image_url":
      return isRecord(part.image_url) ? image(part.image_url.url) : undefined;
    case "input_audio":
      return isRecord(part.input_audio) ? audio(part.input_audio) : undefined;
    case "file":
    case "file_base64":
      return isRecord(part.file) ? inlineFile(part.file) : undefined;
    case "file_url":
      return isRecord(part.file) ? linkedFile(part.file) : undefined;
    default:
      return undefined;
  }
}

type Fields = Readonly<Record<string, unknown>>;

function image(url: unknown): PromptFile | undefined {
  if (typeof url !== "string") return undefined;
  if (!url.startsWith("data:")) return linked(url, "image/*");
  const inline = fromDataUrl(url);
  return inline?.mediaType.startsWith("image/") ? inline : undefined;
}

// The types that providers know these two by; other formats are not in the API.
const audioTypes: Readonly<Record<string, string>> = { wav: "audio/wav", mp3: "audio/mpeg" };

function audio({ data, format }: Fields): PromptFile | undefined {
  const mediaType = typeof format === "string" && Object.hasOwn(audioTypes, format) ? audioTypes[format] : undefined;
  return typeof data !== "string" || mediaType === undefined ? undefined : inline(data, mediaType);
}

/** A data URL, or base64 beside its media type. */
function inlineFile({ file_data: data, mime_type: mediaType, filename }: Fields): PromptFile | undefined {
  if (typeof data !== "string") return undefined;
  const file = data.startsWith("data:")
    ? fromDataUrl(data)
    : isMediaType(mediaType)
      ? inline(data, mediaType)
      : undefined;
  return file && named(file, filename);
}

function linkedFile({ url, mime_type: mediaType, filename }: Fields): PromptFile | undefined {
  const file = typeof url === "string" && isMediaType(mediaType) ? linked(url, mediaType) : undefined;
  return file && named(file, filename);
}

function fromDataUrl(url: string): PromptFile | undefined {
  const comma = url.indexOf(",");
  const [mediaType, ...parameters] = url.slice("data:".length, comma).split(";");
  if (comma === -1 || !isMediaType(mediaType) || !parameters.includes("base64")) return undefined;
  return inline(url.slice(comma + 1), mediaType);
}

function inline(data: string, mediaType: string): PromptFile | undefined {
  return data === "" ? undefined : { type: "file", data: data as PromptFileData, mediaType };
}

// Only https: whoever fetches it may sit inside a network that the peer who sent it cannot reach.
function linked(url: string, mediaType: string): PromptFile | undefined {
  if (!url.startsWith("https://") || !URL.canParse(url)) return undefined;
  return { type: "file", data: new URL(url) as PromptFileData, mediaType };
}

function named(file: PromptFile, filename: unknown): PromptFile {
  return typeof filename === "string" && filename !== "" ? { ...file, filename } : file;
}

function isMediaType(value: unknown): value is string {
  return typeof value === "string" && /^[\w.+-]+\/[\w.+-]+$/.test(value);
}
