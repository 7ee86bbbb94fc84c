import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { conditions: ["trunkline-source", "node"] },
  ssr: { resolve: { conditions: ["trunkline-source", "node"], externalConditions: ["trunkline-source", "node"] } },
  test: {
    include: ["test/**/*.test.ts"],
    setupFiles: ["test/setup/no-open-handles.ts"],
    // A process for each file: signals, child processes and open handles are its own.
    pool: "forks",
    testTimeout: 15_000,
    hookTimeout: 15_000,
    // A test that is not run is not a test; CI fails on skipped ones too.
    allowOnly: false,
    coverage: {
      provider: "v8",
      include: ["src/**/*.ts"],
      reporter: ["text"],
      reportOnFailure: true,
    },
  },
});
