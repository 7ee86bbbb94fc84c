/** Adds observers without the program's knowledge, and says what it sees. */
export async function setupRunner(runner) {
  console.log(`set up ${runner.name}: ${runner.agents.map(({ name, state }) => `${name} ${state}`)}`);
  await new Promise((resolve) => setImmediate(resolve));
  runner.addObserver(({ name }) => {
    console.log(`asked about ${name}`);
    return name === "plain" ? undefined : { onStarted: () => console.log(`${name}'s pipeline started`) };
  });
  const names = new Set(["BusAgentReadyMessage", "BusEndMessage"]);
  const noting = {
    name: "noting",
    onBusMessage: (message) => {
      const kind = message.constructor.name;
      if (names.has(kind)) console.log(`${kind} of ${message.source}`);
    },
  };
  await runner.bus.subscribe(noting, { observe: true });
}
