import fs from "node:fs";
import { test as base, expect, type Page } from "@playwright/test";
import { DAY_MS, roomInWindow } from "../fixtures/process";
import { Spillway } from "../fixtures/spillway";

type Own = { readonly spillway: Spillway; readonly session: string; readonly given: { atMs: number } };

/** The console asks for the password again ten minutes after it was given: so much less leaves room for the longest test. */
const GIVEN_AGAIN_MS = 300_000;
const LEFT_OF_DAY_MS = 40_000;

/** One server per worker, and pages that are signed in as its admin. */
export const test = base.extend<{ console: Page }, Own>({
  spillway: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of what a fixture needs from this pattern.
    async ({}, use) => {
      const kept = process.env.FILLED_DIR;
      if (kept !== undefined) fs.mkdirSync(kept, { recursive: true });
      const spillway = await Spillway.run({}, kept === undefined ? {} : { dataDir: kept });
      await use(spillway);
      await (kept === undefined ? spillway.stop() : spillway.stopAndKeep());
    },
    // It starts a server, on a machine that runs much else at the same time.
    { scope: "worker", timeout: 180_000 },
  ],
  session: [
    async ({ browser, spillway }, use) => {
      const context = await browser.newContext();
      const page = runsWhenOpen(await context.newPage());
      await signIn(page, spillway);
      await use(JSON.stringify(await context.storageState()));
      await context.close();
    },
    { scope: "worker" },
  ],
  // When the session's password was given last.
  given: [async ({ session: _signedIn }, use) => use({ atMs: Date.now() }), { scope: "worker" }],
  console: async ({ browser, spillway, session, given, viewport, colorScheme }, use) => {
    const context = await browser.newContext({
      storageState: JSON.parse(session),
      baseURL: spillway.baseUrl,
      viewport,
      colorScheme,
    });
    if (Date.now() - given.atMs > GIVEN_AGAIN_MS) {
      const { password } = spillway.demo.admin;
      const headers = { origin: spillway.baseUrl };
      expect((await context.request.post("/api/admin/confirm", { data: { password }, headers })).status()).toBe(200);
      given.atMs = Date.now();
    }
    const page = runsWhenOpen(await context.newPage());
    const faults: string[] = [];
    page.on("pageerror", (error) => faults.push(error.message));
    page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
    await use(page);
    // An answer that a test changes may be on its way.
    await page.unrouteAll({ behavior: "ignoreErrors" });
    // The browser reports each refused request as an error of its own; those are what some tests are about.
    expect(faults.filter((fault) => !fault.startsWith("Failed to load resource"))).toEqual([]);
    await context.close();
  },
});

/**
 * The same page, which is only open when it runs. The server sends a page with its buttons; on a busy machine a click
 * that comes before React has taken them over does nothing.
 */
export function runsWhenOpen(page: Page): Page {
  const [goto, reload] = [page.goto.bind(page), page.reload.bind(page)];
  page.goto = async (...args) => {
    const answer = await goto(...args);
    await page.waitForFunction(areButtonsTaken);
    return answer;
  };
  page.reload = async (...args) => {
    const answer = await reload(...args);
    await page.waitForFunction(areButtonsTaken);
    return answer;
  };
  return page;
}

/** Figures of today start at 0 again at midnight: so near to it a test waits for the new day. */
export const ofOneDay = () => roomInWindow(DAY_MS, LEFT_OF_DAY_MS);

/** Waits until a page that another one has opened runs: no `goto` of the test does. */
export async function whenOpened(page: Page, path: string): Promise<void> {
  await page.waitForURL((url) => url.pathname === path);
  await page.waitForFunction(areButtonsTaken);
}

/** Whether React has put its mark on every button. Runs in the browser. */
function areButtonsTaken(): boolean {
  const isTaken = (one: Element) => Object.keys(one).some((name) => name.startsWith("__reactProps$"));
  return [...document.querySelectorAll("button")].every(isTaken);
}

export async function signIn(page: Page, spillway: Spillway, password = spillway.demo.admin.password): Promise<void> {
  await page.goto(`${spillway.baseUrl}/`);
  await page.getByRole("textbox", { name: "E-mail" }).fill(spillway.demo.admin.email);
  await page.locator("input[name=password]").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  if (password === spillway.demo.admin.password)
    await expect(page.getByRole("heading", { name: "Overview" })).toBeVisible();
}

export { expect };
