import {
  BaseAgent,
  BusFrameMessage,
  type Frame,
  InputAudioRawFrame,
  TaskError,
  type TaskRequest,
  TextFrame,
} from "trunkline";

/** What came of asking for work: what was heard on the way, and the answer. */
export interface Outcome {
  readonly updates: readonly unknown[];
  readonly answer: unknown;
}

/**
 * An agent that counts, waits until it is told to stop, and sends frames back: the same one in the page and on the
 * server, so that each can ask the other.
 */
export class TabAgent extends BaseAgent {
  /** What has happened to it, for a test to read. */
  readonly diary: string[] = [];
  readonly frames: Frame[] = [];
  /** Sends each frame back to where it came from. */
  echoes = false;
  #numbersSent = 0;
  #sendsNumbers = false;
  #release = () => {};
  readonly #released = new Promise<void>((resolve) => {
    this.#release = resolve;
  });

  override tasks = {
    count: async (task: TaskRequest<{ readonly to: number }>) => {
      for (let counted = 1; counted <= task.payload.to; counted++) await task.update({ counted });
      return { total: task.payload.to };
    },
    wait: async (task: TaskRequest) => {
      const aborted = new Promise<void>((resolve) => {
        task.signal.addEventListener("abort", () => {
          this.diary.push(`aborted: ${reasonOf(task.signal.reason)}`);
          resolve();
        });
      });
      await task.update("waiting");
      await aborted;
    },
    hold: async (task: TaskRequest) => {
      await task.update("holding");
      await this.#released;
      return { by: this.name };
    },
  };

  override async onBusMessage(message: Parameters<BaseAgent["onBusMessage"]>[0]): Promise<void> {
    if (message instanceof BusFrameMessage && message.source !== this.name) {
      this.frames.push(message.frame);
      if (this.echoes) await this.sendFrame(message.frame);
    }
    await super.onBusMessage(message);
  }

  async sendFrame(frame: Frame): Promise<void> {
    await this.bus.send(new BusFrameMessage({ source: this.name, frame, direction: "downstream" }));
  }

  async sendText(text: string): Promise<void> {
    await this.sendFrame(new TextFrame({ text }));
  }

  /** Sends texts numbered from 1, about a thousand a second, until {@link stopNumbers}. */
  async sendNumbers(): Promise<void> {
    this.#sendsNumbers = true;
    while (this.#sendsNumbers) {
      for (let count = 0; count < 10; count++) await this.sendText(String(++this.#numbersSent));
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** Returns how many were sent. */
  stopNumbers(): number {
    this.#sendsNumbers = false;
    return this.#numbersSent;
  }

  /** The texts that have come. */
  get texts(): readonly string[] {
    return this.frames.flatMap((frame) => (frame instanceof TextFrame ? [frame.text] : []));
  }

  /** Lets the tasks that hold come to their end. */
  release(): void {
    this.#release();
  }

  /** Asks another agent to hold; what comes of it stands in the diary. */
  async askToHold(agentName: string): Promise<void> {
    const run = this.task(agentName, { name: "hold", timeoutMs: 30_000 });
    for await (const { data } of run) this.diary.push(`${agentName}: ${data}`);
    const answer = await run.catch(reasonOf);
    this.diary.push(`${agentName}: ${JSON.stringify(answer)}`);
  }

  /** Sends frames of audio, which differ from each other. */
  async sendAudio(count: number, byteLength: number): Promise<void> {
    for (let index = 0; index < count; index++) {
      const audio = new Uint8Array(byteLength).map((_, at) => (at * 31 + index) & 255);
      await this.sendFrame(new InputAudioRawFrame({ audio, sampleRate: 16_000 }));
    }
  }

  /** Of each frame of audio that has come: how long it is, and the SHA-256 of it. */
  async audioHeard(): Promise<readonly string[]> {
    const audio = this.frames.flatMap((frame) => (frame instanceof InputAudioRawFrame ? [frame.audio] : []));
    return Promise.all(audio.map(fingerprint));
  }

  /** Asks another agent to count. */
  async ask(agentName: string, to: number): Promise<Outcome> {
    const run = this.task(agentName, { name: "count", payload: { to }, timeoutMs: 10_000 });
    const updates: unknown[] = [];
    for await (const { data } of run) updates.push(data);
    return { updates, answer: await run };
  }

  /** Asks another agent to wait, and calls that off as soon as it does. */
  async askAndCancel(agentName: string): Promise<Outcome> {
    const run = this.task(agentName, { name: "wait", timeoutMs: 10_000 });
    const updates: unknown[] = [];
    for await (const { data } of run) {
      updates.push(data);
      run.cancel("changed my mind");
    }
    return { updates, answer: await run.catch(reasonOf) };
  }
}

export async function fingerprint(audio: Uint8Array): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", Uint8Array.from(audio)));
  return `${audio.byteLength} ${Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

function reasonOf(error: unknown): string {
  return error instanceof TaskError ? `${error.status}: ${error.reason}` : String(error);
}
