import { messageOf } from "../../errors.ts";
import { isRecord } from "../../util/index.ts";
import { type ListedTool, refused } from "./listed-tools.ts";

/** What the model is told of a tool. */
export interface ToolDeclaration {
  readonly description: string;
  readonly parameters: Readonly<Record<string, unknown>>;
}

// Every request to the model carries all of this.
const maximumDescription = 8_192;
const maximumSchema = 32_768;

/**
 * Checks what a server says of a tool before a model reads it.
 * @throws TrunklineError `TL_MCP_REFUSED` when it is too long, or its arguments are not described as an object
 */
export function toolDeclaration({ name, description = "", inputSchema }: ListedTool): ToolDeclaration {
  if (typeof description !== "string") throw refused(`The description of the tool ${quoted(name)} is not text.`);
  if (description.length > maximumDescription) {
    throw refused(
      `The description of the tool ${quoted(name)} has ${description.length} characters of at most ${maximumDescription}.`,
    );
  }
  return { description, parameters: parametersOf(name, inputSchema) };
}

/** A name of the server's choice, short enough for a message. */
export function quoted(name: string): string {
  return JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}…` : name);
}

function parametersOf(name: string, inputSchema: unknown): Readonly<Record<string, unknown>> {
  const copy = plainCopy(name, inputSchema);
  if (!isRecord(copy) || copy.type !== "object") {
    throw refused(`The input schema of the tool ${quoted(name)} does not describe an object.`);
  }
  const { $schema: _, ...schema } = copy;
  // A tool without arguments may leave it out, and some providers refuse an object without it.
  return { ...schema, properties: schema.properties ?? {} };
}

function plainCopy(name: string, inputSchema: unknown): unknown {
  let text: string | undefined;
  try {
    text = JSON.stringify(inputSchema) as string | undefined;
  } catch (error) {
    throw refused(`The input schema of the tool ${quoted(name)} is not JSON (${messageOf(error)}).`);
  }
  if (text === undefined) return undefined;
  if (text.length > maximumSchema) {
    throw refused(
      `The input schema of the tool ${quoted(name)} has ${text.length} characters of at most ${maximumSchema}.`,
    );
  }
  // A key that would change an object's prototype when it is copied is no property of any tool.
  return JSON.parse(text, (key, inner) => (key === "__proto__" ? undefined : inner));
}
