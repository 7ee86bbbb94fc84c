import {
  isSpecificMessage,
  LLMContext,
  type LLMContextMessage,
  type LLMSpecificMessage,
  type ToolChoice,
  type ToolSchema,
} from "../frames/index.ts";
import { isRecord } from "../util/index.ts";
import { Flaw, within } from "./flaw.ts";
import { jsonObject, type Kind, listOf, optional, tag, tagged, text } from "./kinds.ts";
import { empty, fields, type Shape } from "./shape.ts";
import type { WireScope } from "./type-table.ts";

const contextType = "pipecat.processors.aggregators.llm_context.LLMContext";
const specificMessageType = "pipecat.processors.aggregators.llm_context.LLMSpecificMessage";
const toolsType = "pipecat.adapters.schemas.tools_schema.ToolsSchema";
// Where newer peers have moved the class; they still find it under the old name.
const movedToolsType = "pipecat.adapters.llm.schemas.tools_schema.ToolsSchema";

type CustomTools = Readonly<Record<string, readonly unknown[]>>;

/** A message inside a context, where a provider's own message is marked by `__specific__`. */
const contextMessage: Kind<LLMContextMessage> = {
  write: (message, scope) => jsonObject.write(message as unknown as Record<string, unknown>, scope),
  read: readMessage,
};

/** A message in a frame's list, where a provider's own message is a tagged object. Either form is read anywhere. */
const frameMessage: Kind<LLMContextMessage> = {
  write: (message, scope) => {
    const written = jsonObject.write(message as unknown as Record<string, unknown>, scope);
    if (!isSpecificMessage(message)) return written;
    return tag(specificMessageType, { llm: message.llm, message: message.message });
  },
  read: readMessage,
};

function readMessage(value: unknown, scope: WireScope): LLMContextMessage {
  const specific = tagged(value, specificMessageType);
  const message = jsonObject.read(specific ?? value, scope);
  if (specific === undefined && !("__specific__" in message)) return message as unknown as LLMContextMessage;
  const llm = within("llm", () => text.read(message.llm, scope));
  return { __specific__: true, llm, message: message.message } satisfies LLMSpecificMessage;
}

export const frameMessages = listOf(frameMessage);
const contextMessages = listOf(contextMessage);

/** A tool as the peers describe it. They make one of a name alone, so we do too. */
const tool: Kind<ToolSchema> = {
  write: (value, scope) => {
    const data: Record<string, unknown> = {};
    toolShape.write(value as unknown as Record<string, unknown>, data, scope);
    return data;
  },
  read: (value, scope) => {
    if (!isRecord(value)) throw new Flaw("shape", "must be an object");
    const init = { description: "", parameters: { type: "object", properties: {}, required: [] } };
    toolShape.read(value, init, scope);
    return init as unknown as ToolSchema;
  },
};

interface LenientTool {
  readonly name: string;
  readonly description?: string | undefined;
  readonly parameters?: Readonly<Record<string, unknown>> | undefined;
}

const toolShape = fields<LenientTool>({
  name: ["name", text],
  description: ["description", optional(text)],
  parameters: ["parameters", optional(jsonObject)],
});
const tools = listOf(tool);

const customTools: Kind<CustomTools> = {
  write: (value, scope) => {
    jsonObject.write(value, scope);
    return readCustomTools(value);
  },
  read: readCustomTools,
};

function readCustomTools(value: unknown): CustomTools {
  if (!isRecord(value)) throw new Flaw("shape", "must be an object");
  for (const [provider, list] of Object.entries(value)) {
    if (!Array.isArray(list)) throw new Flaw("shape", "must be a list").under(provider);
  }
  return value as CustomTools;
}

interface ToolSet {
  readonly tools?: readonly ToolSchema[] | undefined;
  readonly customTools?: CustomTools | undefined;
}

function writeToolSet(set: ToolSet, scope: WireScope): Record<string, unknown> {
  const data: Record<string, unknown> = {
    standard_tools: within("tools", () => tools.write(set.tools ?? [], scope)),
  };
  // An older peer looks only for the list and never sees these; peers of our own do.
  if (set.customTools !== undefined) data.custom_tools = customToolsField(set.customTools, scope);
  return data;
}

function customToolsField(value: CustomTools, scope: WireScope): unknown {
  return within("customTools", () => customTools.write(value, scope));
}

function readToolSet(value: unknown, scope: WireScope): ToolSet {
  if (!isRecord(value)) throw new Flaw("shape", "must be an object with standard_tools");
  const set = {
    tools: within("standard_tools", () => tools.read(value.standard_tools, scope)),
  };
  const own = within("custom_tools", () => optional(customTools).read(value.custom_tools, scope));
  return own === undefined ? set : { ...set, customTools: own };
}

const toolChoiceWords = ["none", "auto", "required"];

export const toolChoice: Kind<ToolChoice> = {
  write: (value, scope) => (typeof value === "string" ? readToolChoice(value) : jsonObject.write(value, scope)),
  read: readToolChoice,
};

function readToolChoice(value: unknown): ToolChoice {
  if (isRecord(value) || toolChoiceWords.includes(value as string)) return value as ToolChoice;
  throw new Flaw("shape", `must be ${toolChoiceWords.join(", ")} or an object`);
}

/** A conversation. The packages disagree about `tools`: a list there, an object here. Both are read everywhere. */
export const context: Kind<LLMContext> = {
  write: (value, scope) => {
    if (!(value instanceof LLMContext)) throw new Flaw("shape", "must be an LLMContext");
    const data: Record<string, unknown> = {
      messages: within("messages", () => contextMessages.write(value.messages, scope)),
    };
    if (!scope.vocabulary.contextToolsAreList) {
      if (value.tools !== undefined || value.customTools !== undefined) data.tools = writeToolSet(value, scope);
    } else {
      const { tools: standard, customTools: own } = value;
      // Beside a newer pipecat a peer fails on a context without the list; an empty one is no tools to all of them.
      data.tools = within("tools", () => tools.write(standard ?? [], scope));
      if (own !== undefined) data.custom_tools = customToolsField(own, scope);
    }
    const choice = value.toolChoice;
    if (choice !== undefined) data.tool_choice = within("toolChoice", () => toolChoice.write(choice, scope));
    return tag(contextType, data);
  },
  read: (value, scope) => {
    const data = tagged(value, contextType);
    if (!isRecord(data)) throw new Flaw("shape", "must be a tagged LLMContext");
    return new LLMContext({
      messages: within("messages", () => contextMessages.read(data.messages, scope)),
      toolChoice: within("tool_choice", () => optional(toolChoice).read(data.tool_choice, scope)),
      ...readContextTools(data, scope),
    });
  },
};

function readContextTools(data: Readonly<Record<string, unknown>>, scope: WireScope): ToolSet {
  const given = data.tools;
  if (isRecord(given)) return within("tools", () => readToolSet(given, scope));
  const list = within("tools", () => optional(tools).read(given, scope));
  return {
    tools: list?.length === 0 ? undefined : list,
    customTools: within("custom_tools", () => optional(customTools).read(data.custom_tools, scope)),
  };
}

/** The tools of `LLMSetToolsFrame`: two properties of ours, one tagged object there, and nothing when all are taken away. */
export const toolsShape: Shape = {
  ...empty,
  write: (frame, data, scope) => {
    data.tools = tag(toolsType, writeToolSet(frame as ToolSet, scope));
  },
  read: (data, init, scope) => {
    if (data.tools === undefined || data.tools === null) {
      init.tools = [];
      return;
    }
    const given = tagged(data.tools, toolsType, movedToolsType);
    Object.assign(
      init,
      within("tools", () => readToolSet(given, scope)),
    );
  },
};
