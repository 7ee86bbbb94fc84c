import type { Host } from "./interleaving-cast.ts";
import type { Script } from "./interleaving-script.ts";

/**
 * Fails unless every call is followed by its result, every word stands in the conversation once, and nothing was
 * answered more often than it was asked.
 */
export function checkConversation({ host, script }: { readonly host: Host; readonly script: Script }): void {
  const fail = (problem: string) => {
    const story = host.context.messages.map((message) => JSON.stringify(message)).join("\n");
    throw new Error(`${problem}\n${story}`);
  };
  const open = new Set<string>();
  const seen = new Set<string>();
  let text = "";
  for (const message of host.context.messages) {
    if ("__specific__" in message) continue;
    if (message.role !== "tool" && open.size > 0) fail(`calls without results: ${[...open]}`);
    for (const { id } of message.tool_calls ?? []) {
      if (seen.has(id)) fail(`${id} was called twice`);
      seen.add(id);
      open.add(id);
    }
    if (message.role === "tool") {
      if (!open.delete(message.tool_call_id ?? "")) fail(`the result of ${message.tool_call_id} follows no call`);
      if (message.content === "IN_PROGRESS") fail(`${message.tool_call_id} is still running`);
    } else text += ` ${message.content ?? ""}`;
  }
  if (open.size > 0) fail(`calls without results: ${[...open]}`);
  const words = text.split(/\s+/).filter((word) => /^[unbxy]\d+\.$/.test(word));
  for (const word of new Set(words)) {
    const behind = words.flatMap((other, index) => (other === word ? [words[index + 1]] : []));
    if (behind.length > 1 && !isSentAgain(word, behind)) fail(`${word} is there twice`);
  }
  for (const word of [...script.userWords, ...script.briefings, ...host.listener.owed]) {
    if (!words.includes(word)) fail(`${word} is lost`);
  }
  const { userWords, briefings, lastWords, toolTurns, requests } = script;
  // What interruptions drop is asked for and not answered.
  const most = script.tasks + script.unowed + userWords.length + briefings.length + lastWords + toolTurns;
  if (requests.length > most) fail(`${requests.length} answers to ${most} questions`);
}

/**
 * A flow sends a node's messages again when the conversation comes back without them after an interruption: its task,
 * and what stands before that in the same frame, the briefing of the activation that led there.
 */
function isSentAgain(word: string, behind: readonly (string | undefined)[]): boolean {
  const [task] = behind;
  return word.startsWith("n") || (word.startsWith("b") && task?.startsWith("n") === true && new Set(behind).size === 1);
}
