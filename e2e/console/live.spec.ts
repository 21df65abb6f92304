import { expect, runsWhenOpen, test } from "./fixture";

const TABS = 8;

test("from a call's end to its number in each of eight open tabs, over one stream for all of them", async ({
  browser,
  session,
  spillway,
}) => {
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
  const shown = (tab: (typeof tabs)[number]) => tab.getByRole("region", { name: "Calls", exact: true }).textContent();
  const before = Number(
    /([\d,]+) today/.exec((await shown(tabs[0] ?? (await context.newPage()))) ?? "")?.[1]?.replace(",", "") ?? 0,
  );
  expect((await spillway.chat(spillway.demo.keys.enterprise)).status).toBe(200);
  const began = Date.now();
  const took = await Promise.all(
    tabs.map(async (tab) => {
      await tab.waitForFunction(
        (wanted) => document.body.textContent?.includes(`${wanted.toLocaleString("en-US")} today`),
        before + 1,
        { polling: 20 },
      );
      return Date.now() - began;
    }),
  );
  process.stdout.write(
    `from a call's end to its number in ${TABS} tabs: ${Math.min(...took)} to ${Math.max(...took)} ms\n`,
  );
  // When the tab that holds the stream is closed, another takes it over.
  await tabs[0]?.close();
  await expect.poll(() => streams).toBe(2);
  expect((await spillway.chat(spillway.demo.keys.enterprise)).status).toBe(200);
  await tabs[1]?.waitForFunction((wanted) => document.body.textContent?.includes(`${wanted} today`), before + 2);
  await context.close();
});

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
  await expect(page.getByRole("button", { name: "Sign in" })).toBeVisible({ timeout: 20_000 });
  await context.close();
});
