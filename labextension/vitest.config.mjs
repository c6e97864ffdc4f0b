import { defineConfig } from "vitest/config";

// Two cores are shared with other tests: one worker is enough for tests of milliseconds. Tests
// that draw say so in their first line (@vitest-environment).
export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    fileParallelism: false,
    isolate: false,
    testTimeout: 30_000,
  },
});
