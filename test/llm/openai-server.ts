import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** What one request is answered with: words, chunk by chunk; calls of tools; or a refusal. */
export interface FakeAnswer {
  readonly words?: readonly string[];
  readonly toolCalls?: readonly {
    readonly id: string;
    readonly name: string;
    /** The arguments' JSON, in the pieces in which it is sent. */
    readonly arguments: readonly string[];
  }[];
  /** An HTTP status instead of an answer. */
  readonly status?: number;
  /** Sent with the status. */
  readonly headers?: Readonly<Record<string, string>>;
  /** What the answer used, in the words of the API. */
  readonly usage?: object;
  /** True breaks the connection off behind the words. */
  readonly cut?: boolean;
  /** Sent after the words: the answer goes on only when this resolves. */
  readonly hold?: Promise<unknown>;
}

export interface FakeRequest {
  readonly messages: readonly { readonly role: string; readonly content?: unknown; readonly [key: string]: unknown }[];
  readonly tools?: readonly unknown[];
  readonly [key: string]: unknown;
}

export interface OpenAIServer extends AsyncDisposable {
  /** Base URL for a client, `/v1` included. */
  readonly url: string;
  readonly requests: readonly FakeRequest[];
  /** Resolves once a client has hung up in the middle of an answer. */
  readonly hungUp: Promise<void>;
  close(): Promise<void>;
}

/** A local server that speaks the streaming chat completions of OpenAI's API as far as these tests need it. */
export async function startOpenAIServer(
  answer: (request: FakeRequest, count: number) => FakeAnswer,
): Promise<OpenAIServer> {
  const requests: FakeRequest[] = [];
  let hangUp = () => {};
  const hungUp = new Promise<void>((resolve) => {
    hangUp = resolve;
  });
  const server = createServer(async (incoming, response) => {
    const request = await bodyOf(incoming);
    requests.push(request);
    const { status, headers, words = [], toolCalls = [], hold, usage, cut } = answer(request, requests.length);
    if (status !== undefined) {
      response.writeHead(status, { "content-type": "application/json", ...headers });
      response.end(JSON.stringify({ error: { message: "The fake refuses.", type: "server_error" } }));
      return;
    }
    response.on("close", () => response.writableFinished || hangUp());
    response.writeHead(200, { "content-type": "text/event-stream" });
    const send = (delta: object, finishReason: string | null = null) =>
      response.write(`data: ${JSON.stringify(chunk(delta, finishReason))}\n\n`);
    send({ role: "assistant", content: "" });
    for (const content of words) send({ content });
    await hold;
    if (cut) {
      // What was written before a destroy may never have left; a comment that has, has the words before it.
      await new Promise((resolve) => response.write(": cut\n\n", resolve));
      response.destroy();
      return;
    }
    for (const [index, call] of toolCalls.entries()) {
      send({ tool_calls: [{ index, id: call.id, type: "function", function: { name: call.name, arguments: "" } }] });
      for (const piece of call.arguments) send({ tool_calls: [{ index, function: { arguments: piece } }] });
    }
    send({}, toolCalls.length > 0 ? "tool_calls" : "stop");
    if (usage !== undefined) {
      response.write(`data: ${JSON.stringify({ ...chunk({}, null), choices: [], usage })}\n\n`);
    }
    response.end("data: [DONE]\n\n");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/v1`, requests, hungUp, close, [Symbol.asyncDispose]: close };
}

async function bodyOf(incoming: IncomingMessage): Promise<FakeRequest> {
  return JSON.parse(await text(incoming)) as FakeRequest;
}

function chunk(delta: object, finishReason: string | null): object {
  return {
    id: "chatcmpl-1",
    object: "chat.completion.chunk",
    created: 0,
    model: "fake",
    choices: [{ index: 0, delta, finish_reason: finishReason }],
  };
}
