import type { APIResponse, Page } from "@playwright/test";
import { inEachLook, overflow, violations } from "../fixtures/looks/axe";
import { expect, runsWhenOpen, test } from "./fixture";

const PAGES = [
  "/",
  "/tiers",
  "/tiers/standard",
  "/everyone",
  "/tenants",
  "/tenants/standard",
  "/tenants/enterprise/user?name=ada",
  "/audit",
  "/brakes",
  "/staff",
  "/me",
  "/requests",
  "/requests/log",
  "/setup",
  "/providers",
  "/catalog",
  "/keys",
  "/config",
  "/spend",
  "/alerts",
  "/statements",
  "/prices",
  "/reconciliation",
  "/playground",
  "/scarcity",
  "/status",
  "/settings",
];
/** Compressed script that a page loads: with charts, and pages without any. */
const JS_BYTES_MAX = { charts: 430 * 1024, plain: 320 * 1024 };
const WITH_CHARTS = ["/", "/spend", "/tenants/standard"];
/** What moves by less cannot be seen. */
const SHIFT_MAX = 0.01;

for (const path of PAGES) {
  test(`${path} and its dialogs are accessible by WCAG 2.2 AA and fit their width`, async ({
    console: page,
    spillway,
  }) => {
    await spillway.chat(spillway.demo.keys.enterprise);
    await page.goto(path);
    await whole(page);
    await inEachLook(page, async (look) => {
      expect(await violations(page), look).toEqual([]);
      expect(await overflow(page), look).toBe(0);
    });
    let opened = 0;
    for (const steps of await openers(page)) {
      await openDialog(page, steps);
      opened += 1;
      await inEachLook(page, async (look) => {
        expect(await violations(page, "[role=dialog]"), `"${steps.join(", ")}", ${look}`).toEqual([]);
        expect(await overflow(page), `"${steps.join(", ")}", ${look}`).toBe(0);
      });
      await closeDialog(page, path);
    }
    process.stdout.write(`${path}: ${opened} dialogs\n`);
  });
}

test("the palette and the review of a draft are accessible", async ({ console: page, spillway }) => {
  const answer = await spillway.chat(spillway.demo.keys.standard);
  await expect.poll(() => spillway.ledgerRow(answer.headers.get("x-request-id") ?? "")).not.toBeNull();
  await page.goto("/tiers/standard");
  await whole(page);
  await page.keyboard.press("Control+k");
  await page.getByRole("textbox", { name: "Find anything" }).fill("stand");
  await inEachLook(page, async (look) => expect(await violations(page), look).toEqual([]));
  await page.keyboard.press("Escape");
  await page
    .getByRole("textbox", { name: /^Limit of / })
    .first()
    .fill("5");
  // Every mark: a changed cell, one in the settings, a removed limit, and a new one with what is wrong with it.
  await page.getByRole("button", { name: "More of requests-per-minute" }).click();
  await page.getByRole("combobox", { name: "When it is used up" }).selectOption({ index: 1 });
  await page.getByRole("button", { name: "Remove concurrent-calls" }).click();
  await page.getByRole("button", { name: "Add a limit" }).click();
  await page.getByRole("textbox", { name: "Comment" }).focus();
  await expect(page.getByText("1 value to correct")).toBeVisible();
  await inEachLook(page, async (look) => {
    expect(await violations(page), look).toEqual([]);
    expect(await overflow(page), look).toBe(0);
  });
  await page.getByRole("button", { name: "Remove new limit" }).click();
  await page.getByRole("button", { name: "Review…" }).click();
  await page.getByText("with this draft").first().waitFor();
  await inEachLook(page, async (look) => expect(await violations(page), look).toEqual([]));
});

test("explained calls, a statement, and pages of what does not exist are accessible", async ({
  console: page,
  spillway,
}) => {
  const refused = await spillway.exhaust(spillway.demo.keys.free, "looks");
  const served = await spillway.chat(spillway.demo.keys.standard);
  const ids = [refused, served].map(({ headers }) => headers.get("x-request-id") ?? "");
  await expect.poll(() => spillway.ledgerRow(ids[1] ?? "")).not.toBeNull();
  const month = new Date().toISOString().slice(0, 7);
  for (const path of [
    ...ids.map((id) => `/requests?id=${id}`),
    `/statements?tenant=standard&month=${month}`,
    "/requests?tenant=nobody",
    "/tenants/nobody",
    "/tiers/nothing",
    "/nowhere",
  ]) {
    await page.goto(path);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
    await seenInEachLook(page, path);
  }
});

test("pages for people without a session are accessible", async ({ browser, spillway }) => {
  const { url } = await spillway.admin<{ url: string }>("POST", "tenants/enterprise/link", {});
  const context = await browser.newContext({ baseURL: spillway.baseUrl });
  const page = runsWhenOpen(await context.newPage());
  for (const path of [
    url,
    `${url.slice(0, -2)}xx`,
    "/sign-in",
    "/sign-in?error=not_invited",
    "/invitation#of-nobody",
  ]) {
    await page.goto(path);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await seenInEachLook(page, path);
  }
  await context.close();
});

test("the banner of a brake is accessible", async ({ console: page, spillway }) => {
  const scope = { model: "sim-vision" };
  const order = { scope, mode: "block", reason: "looks of the banner", expiresInSeconds: 600 };
  const { id } = await spillway.admin<{ id: string }>("POST", "brakes", order);
  await page.goto("/");
  await expect(page.getByRole("alert", { name: "Active brakes" })).toBeVisible();
  await inEachLook(page, async (look) => expect(await violations(page), look).toEqual([]));
  await spillway.admin("DELETE", `brakes/${id}`, {});
});

for (const path of PAGES) {
  test(`${path} loads little script, and nothing moves while it does`, async ({ console: page, spillway }) => {
    // Something to draw. In the books before the page is opened: a row that comes later moves those below it, as it should.
    const answer = await spillway.chat(spillway.demo.keys.standard);
    await expect.poll(() => spillway.ledgerRow(answer.headers.get("x-request-id") ?? "")).not.toBeNull();
    const zlib = await import("node:zlib");
    const sizes: Promise<number>[] = [];
    page.on("response", (response) => {
      if (response.url().includes("/_next/static/") && response.url().endsWith(".js"))
        sizes.push(response.body().then((body) => zlib.gzipSync(body).byteLength));
    });
    await page.addInitScript(drawBetweenTimers);
    await page.addInitScript(() => {
      Reflect.set(window, "moved", []);
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) {
          if (Reflect.get(entry, "hadRecentInput") === true) continue;
          const sources: { node?: Node; previousRect: DOMRect; currentRect: DOMRect }[] =
            Reflect.get(entry, "sources") ?? [];
          const at = ({ x, y, width, height }: DOMRect) => `${x},${y} ${width}×${height}`;
          const what = sources.map(({ node, previousRect, currentRect }) => {
            const name =
              node instanceof Element ? `${node.getAttribute("aria-label")} ${node.textContent?.slice(0, 300)}` : "";
            return `${at(previousRect)} → ${at(currentRect)}: ${name}`;
          });
          Reflect.get(window, "moved").push({ ms: Math.round(entry.startTime), by: Reflect.get(entry, "value"), what });
        }
      }).observe({ type: "layout-shift", buffered: true });
    });
    await holdStill(page);
    await page.goto(path);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
    await expect(page.getByRole("region").first()).toBeVisible();
    await expect(page.locator(".mantine-Skeleton-root")).toHaveCount(0);
    if (WITH_CHARTS.includes(path)) await expect(page.locator(".recharts-surface").first()).toBeVisible();
    // What is loaded behind the page counts as well.
    if (path !== "/me") {
      await page.keyboard.press("Control+k");
      await expect(page.getByRole("textbox", { name: "Find anything" })).toBeVisible();
    }
    const bytes = (await Promise.all(sizes)).reduce((sum, one) => sum + one, 0);
    const moved: { by: number; what: string[] }[] = await page.evaluate(() => Reflect.get(window, "moved"));
    const shift = moved.reduce((sum, one) => sum + one.by, 0);
    process.stdout.write(`${path}: ${Math.round(bytes / 1024)} KB of script, layout moved by ${shift.toFixed(4)}\n`);
    expect(bytes).toBeGreaterThan(0);
    expect(bytes).toBeLessThanOrEqual(WITH_CHARTS.includes(path) ? JS_BYTES_MAX.charts : JS_BYTES_MAX.plain);
    expect(shift, JSON.stringify(moved)).toBeLessThanOrEqual(SHIFT_MAX);
  });
}

/**
 * As on a busy machine: timers of no time come one by one, and the browser draws between them. What a page shows half done
 * for a moment is seen. Runs in the browser.
 */
function drawBetweenTimers(): void {
  const FRAMES_MS = 50;
  const real = window.setTimeout.bind(window);
  let next = 0;
  const later = (work: TimerHandler, ms = 0, ...given: unknown[]): number => {
    if (ms > 0) return real(work, ms, ...given);
    next = Math.max(next + FRAMES_MS, performance.now());
    return real(work, next - performance.now(), ...given);
  };
  Reflect.set(window, "setTimeout", later);
}

/**
 * Answers that nothing has changed when a page reads again what it has, also what came with the page: an alert, a call
 * or a provider of another test would move rows, as it should.
 */
async function holdStill(page: Page): Promise<void> {
  const first = new Map<string, Promise<APIResponse>>();
  await page.route("**/api/admin/**", async (route) => {
    const request = route.request();
    if (request.method() !== "GET" || request.resourceType() === "eventsource") return route.fallback();
    if (request.headers()["if-none-match"] !== undefined) return route.fulfill({ status: 304 });
    const answer = first.get(request.url()) ?? route.fetch();
    first.set(request.url(), answer);
    await route.fulfill({ response: await answer });
  });
}

async function seenInEachLook(page: Page, what: string): Promise<void> {
  await inEachLook(page, async (look) => {
    expect(await violations(page), `${what}, ${look}`).toEqual([]);
    expect(await overflow(page), `${what}, ${look}`).toBe(0);
  });
}

async function whole(page: Page): Promise<void> {
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
  await expect(page.getByRole("region").first()).toBeVisible();
}

/** Named as if they opened a dialog, but they add or load something on the page itself. */
const IN_PLACE = /^(Add a limit|Add note|Choose a file|Restore version)/;

/**
 * What opens dialogs, as names to press one after the other: buttons that say that more is asked, and such items of menus.
 * One of each kind, because rows repeat them.
 */
async function openers(page: Page): Promise<string[][]> {
  const kinds = new Map<string, string[]>();
  for (const name of await namesOf(page, "main button:visible:enabled:not([aria-haspopup=menu])")) {
    const kind = /^(New|Add|Set up) .*|^[^…]*…/.exec(name)?.[0];
    if (kind !== undefined && !kinds.has(kind) && !IN_PLACE.test(name)) kinds.set(kind, [name]);
  }
  const [menu] = await namesOf(page, "main button:visible[aria-haspopup=menu]");
  if (menu === undefined) return [...kinds.values()];
  await buttonOf(page, menu).click();
  // Escape reaches the menu only when that has the focus.
  await expect(page.getByRole("menu").locator(":focus")).toHaveCount(1);
  for (const item of await namesOf(page, "[role=menuitem]")) {
    if (item.endsWith("…")) kinds.set(`${menu}: ${item}`, [menu, item]);
  }
  await page.keyboard.press("Escape");
  await expect(page.getByRole("menu")).toHaveCount(0);
  return [...kinds.values()];
}

function namesOf(page: Page, selector: string): Promise<string[]> {
  const named = (found: Element[]) =>
    found.map((one) => one.getAttribute("aria-label") ?? one.textContent?.trim() ?? "");
  return page.locator(selector).evaluateAll(named);
}

const buttonOf = (page: Page, name: string) =>
  page.locator("main").getByRole("button", { name, exact: true }).filter({ visible: true }).first();

const dialogOf = (page: Page) => page.getByRole("dialog").first();

async function openDialog(page: Page, [name = "", item]: string[]): Promise<void> {
  await buttonOf(page, name).click();
  if (item !== undefined) await page.getByRole("menuitem", { name: item, exact: true }).click();
  await expect(dialogOf(page), `"${name}" opens a dialog`).toBeVisible();
}

async function closeDialog(page: Page, path: string): Promise<void> {
  await page.keyboard.press("Escape");
  if (await isDone(dialogOf(page).waitFor({ state: "detached", timeout: 2000 }))) return;
  await page.goto(path);
  await whole(page);
}

function isDone(work: Promise<void>): Promise<boolean> {
  return work.then(() => true).catch(() => false);
}
