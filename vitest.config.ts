import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const alias = { "@": fileURLToPath(new URL(".", import.meta.url)).replace(/\/$/, "") };

export default defineConfig({
  test: {
    retry: 0,
    projects: [
      {
        resolve: { alias },
        test: {
          name: "unit",
          include: ["{lib,db,app}/**/*.test.ts"],
          exclude: ["**/*.rim.test.ts"],
          // Pure functions: what one file has imported, the next one uses as well. That halves the time.
          isolate: false,
          // A property over thousands of histories takes seconds, on a busy machine half a minute.
          testTimeout: 90_000,
        },
      },
      {
        resolve: { alias },
        test: {
          name: "rim",
          include: ["{lib,db}/**/*.rim.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        resolve: { alias },
        test: {
          name: "e2e",
          include: ["e2e/**/*.e2e.test.ts"],
          // Only what fails takes so long. A machine that runs much else needs a minute to start a server.
          testTimeout: 180_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
