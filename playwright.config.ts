import { defineConfig } from "@playwright/test";

export default defineConfig({
  testDir: "e2e/console",
  // What is measured runs by `npm run workflows`, not in the check.
  testIgnore: process.env.TIMED === undefined ? ["**/timed/**"] : [],
  retries: 0,
  workers: 1,
  // Only what fails takes so long.
  timeout: 240_000,
  // A page's first view may take seconds on a busy machine; the expectation waits for the state, not for the time.
  expect: { timeout: 30_000 },
  // A folder of its own: Playwright empties it at its start, and other reports lie beside it.
  outputDir: "test-results/browser",
  reporter: [["list"], ["json", { outputFile: "test-results/browser.json" }]],
  use: {
    screenshot: "only-on-failure",
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
});
