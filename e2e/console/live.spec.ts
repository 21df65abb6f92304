import { expect, ofOneDay, runsWhenOpen, test } from "./fixture";

const TABS = 8;

test("from a call's end to its number in each of eight open tabs, over one stream for all of them", async ({
  browser,
  session,
  spillway,
}) => {
  await ofOneDay();
  const context = await browser.newContext({ storageState: JSON.parse(session), baseURL: spillway.baseUrl });
  let streams = 0;
  context.on("request", (request) => {
    if (request.url().endsWith("/api/admin/live")) streams += 1;
  });
  const tabs = await Promise.all(Array.from({ length: TABS }, () => context.newPage()));
  for (const tab of tabs) {
    await tab.goto("/");
    await expect(tab.getByRole("status", { name: "Data is live" })).toBeVisible();
  }
  expect(streams).toBe(1);
  const [first, second] = tabs;
  if (first === undefined || second === undefined) throw new Error("there are no tabs");
  const before = await first.evaluate(callsToday, 0);
  expect((await spillway.chat(spillway.demo.keys.enterprise)).status).toBe(200);
  const began = Date.now();
  const took = await Promise.all(
    tabs.map(async (tab) => {
      await tab.waitForFunction(callsToday, before + 1, { polling: 20 });
      return Date.now() - began;
    }),
  );
  process.stdout.write(
    `from a call's end to its number in ${TABS} tabs: ${Math.min(...took)} to ${Math.max(...took)} ms\n`,
  );
  // When the tab that holds the stream is closed, another takes it over.
  await first.close();
  await expect.poll(() => streams).toBe(2);
  expect((await spillway.chat(spillway.demo.keys.enterprise)).status).toBe(200);
  await second.waitForFunction(callsToday, before + 2);
  await context.close();
});

/**
 * The number of calls that the page shows; 0 while it is less than `least`. Not exactly that many: a call that another test
 * made last may come with the same figures. Runs in the browser.
 */
function callsToday(least: number): number {
  const shown = Number(/([\d,]+) today/.exec(document.body.textContent ?? "")?.[1]?.replaceAll(",", "") ?? 0);
  return shown < least ? 0 : shown;
}

test("a session that is ended loses its stream and its pages", async ({ browser, spillway }) => {
  const made = await spillway.admin<{ id: string; password: string }>("POST", "staff", {
    email: "short@example.test",
    name: "Short",
    role: "viewer",
  });
  const context = await browser.newContext({ baseURL: spillway.baseUrl });
  const page = runsWhenOpen(await context.newPage());
  await page.goto("/");
  await page.getByRole("textbox", { name: "E-mail" }).fill("short@example.test");
  await page.locator("input[name=password]").fill(made.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("status", { name: "Data is live" })).toBeVisible();
  await spillway.admin("DELETE", `staff/${made.id}/sessions`, {});
  // Nobody clicks: the stream ends, what asks instead is refused, and the page leads to sign-in.
  await expect(page.getByRole("button", { name: "Sign in" })).toBeVisible();
  await context.close();
});
