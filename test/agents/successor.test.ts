import {
  AgentRunner,
  BaseAgent,
  type Frame,
  type FrameDirection,
  FrameProcessor,
  LocalBus,
  Pipeline,
  StartFrame,
  TaskError,
  TextFrame,
} from "trunkline";
import { expect, it } from "vitest";
import { Running } from "../support/running.ts";
import { turns, until } from "../support/settled.ts";

class Worker extends BaseAgent {
  override tasks = {
    wait: () => new Promise<never>(() => {}),
    greet: () => "hello",
  };
}

class Stuck extends FrameProcessor {
  override process(frame: Frame, direction: FrameDirection): Promise<void> {
    return frame instanceof StartFrame ? this.push(frame, direction) : new Promise(() => {});
  }
}

class StuckAgent extends BaseAgent {
  override buildPipeline(): Pipeline {
    return new Pipeline([new Stuck()]);
  }
}

it("a task asked of an agent's successor does not fail with what was asked of its forerunner", async () => {
  const bus = new LocalBus();
  let asker!: BaseAgent;
  await using here = await Running.with(
    () => {
      asker = new BaseAgent("asker", { bus });
      return [asker];
    },
    { bus, name: "here" },
  );
  const first = new AgentRunner({ bus, name: "first", handleSigint: false });
  await first.addAgent(new Worker("worker", { bus }));
  const firstRun = first.run();
  await until(() => here.runner.registry.has("worker"), "the worker");
  const old = asker.task("worker", { name: "wait" });
  const oldFails = expect(old).rejects.toBeInstanceOf(TaskError);
  const answers: unknown[] = [];
  here.runner.registry.on("agentGone", () => {
    // Its successor is there in the same moment, and is asked at once.
    here.runner.registry.register({ agentName: "worker", runner: "second", active: true, bridged: false });
    void asker.task("worker", { name: "greet", timeoutMs: 300 }).then(
      (answer) => answers.push(answer),
      (error: TaskError) => answers.push(error.reason),
    );
  });
  await first.cancel("over");
  await firstRun;
  await oldFails;
  await until(() => answers.length > 0, "what became of the second task");
  // Nobody answers here; what matters is that it was not given up with the first.
  expect(answers).toEqual(["timeout"]);
});

it("frames that a full pipeline refuses trouble nobody who does not wait for them", async () => {
  const rejections: unknown[] = [];
  const heard = (reason: unknown) => void rejections.push(reason);
  process.on("unhandledRejection", heard);
  try {
    let agent!: StuckAgent;
    await using running = await Running.with((runner) => {
      agent = new StuckAgent("agent", { bus: runner.bus });
      return [agent];
    });
    await until(() => agent.ready, "the agent being ready");
    for (let index = 0; index < 70_000; index++) void agent.queueFrame(new TextFrame({ text: "x" }));
    await until(() => running.errors.length > 0, "the refusal being reported");
    expect(running.errors[0]?.message).toContain("refused");
    await turns();
    expect(rejections).toEqual([]);
  } finally {
    process.off("unhandledRejection", heard);
  }
});
