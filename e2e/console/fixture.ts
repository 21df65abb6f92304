import { test as base, expect, type Page } from "@playwright/test";
import { Spillway } from "../fixtures/spillway";

type Own = { readonly spillway: Spillway; readonly session: string };

/** One server per worker, and pages that are signed in as its admin. */
export const test = base.extend<{ console: Page }, Own>({
  spillway: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of what a fixture needs from this pattern.
    async ({}, use) => {
      const spillway = await Spillway.run();
      await use(spillway);
      await spillway.stop();
    },
    { scope: "worker" },
  ],
  session: [
    async ({ browser, spillway }, use) => {
      const context = await browser.newContext();
      const page = await context.newPage();
      await signIn(page, spillway);
      await use(JSON.stringify(await context.storageState()));
      await context.close();
    },
    { scope: "worker" },
  ],
  console: async ({ browser, spillway, session, viewport, colorScheme }, use) => {
    const context = await browser.newContext({
      storageState: JSON.parse(session),
      baseURL: spillway.baseUrl,
      viewport,
      colorScheme,
    });
    const page = await context.newPage();
    const faults: string[] = [];
    page.on("pageerror", (error) => faults.push(error.message));
    page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
    await use(page);
    // The browser reports each refused request as an error of its own; those are what some tests are about.
    expect(faults.filter((fault) => !fault.startsWith("Failed to load resource"))).toEqual([]);
    await context.close();
  },
});

export async function signIn(page: Page, spillway: Spillway, password = spillway.demo.admin.password): Promise<void> {
  await page.goto(`${spillway.baseUrl}/`);
  await page.getByRole("textbox", { name: "E-mail" }).fill(spillway.demo.admin.email);
  await page.locator("input[name=password]").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  if (password === spillway.demo.admin.password)
    await expect(page.getByRole("heading", { name: "Overview" })).toBeVisible();
}

export { expect };
