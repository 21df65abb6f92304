import fs from "node:fs";
import { createRequire } from "node:module";
import type { APIResponse, Page } from "@playwright/test";
import { expect, test } from "./fixture";

const AXE = fs.readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const PAGES = [
  "/",
  "/tiers",
  "/tiers/standard",
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

type Violation = { id: string; nodes: { html: string }[] };

for (const colorScheme of ["light", "dark"] as const) {
  for (const viewport of [
    { width: 1440, height: 900 },
    { width: 360, height: 740 },
  ]) {
    test.describe(`${colorScheme}, ${viewport.width} px`, () => {
      test.use({ colorScheme, viewport });

      for (const path of PAGES) {
        test(`${path} is accessible by WCAG 2.2 AA and fits its width`, async ({ console: page, spillway }) => {
          await spillway.chat(spillway.demo.keys.enterprise);
          await page.goto(path);
          await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
          await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
          await expect(page.getByRole("region").first()).toBeVisible();
          expect(await violations(page)).toEqual([]);
          const overflow = await page.evaluate(
            () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
          );
          expect(overflow).toBe(0);
        });
      }

      test("the brake dialog is accessible, and the banner too", async ({ console: page, spillway }) => {
        await page.goto("/");
        await page.getByRole("button", { name: "Stop calls…" }).filter({ visible: true }).click();
        await expect(page.getByRole("dialog", { name: "Stop calls" })).toBeVisible();
        expect(await violations(page)).toEqual([]);
        await page.keyboard.press("Escape");
        const { id } = await spillway.admin<{ id: string }>("POST", "brakes", {
          scope: { model: "sim-vision" },
          mode: "block",
          reason: "looks of the banner",
          expiresInSeconds: 60,
        });
        await expect(page.getByRole("alert", { name: "Active brakes" })).toBeVisible();
        expect(await violations(page)).toEqual([]);
        await spillway.admin("DELETE", `brakes/${id}`, {});
      });
    });
  }
}

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
    await page.addInitScript(() => {
      Reflect.set(window, "moved", []);
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) {
          if (Reflect.get(entry, "hadRecentInput") === true) continue;
          const sources: { node?: Node }[] = Reflect.get(entry, "sources") ?? [];
          const what = sources.map(({ node }) => (node instanceof Element ? node.outerHTML.slice(0, 120) : ""));
          Reflect.get(window, "moved").push({ by: Reflect.get(entry, "value"), what });
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
    await page.unrouteAll({ behavior: "ignoreErrors" });
    const moved: { by: number; what: string[] }[] = await page.evaluate(() => Reflect.get(window, "moved"));
    const shift = moved.reduce((sum, one) => sum + one.by, 0);
    process.stdout.write(`${path}: ${Math.round(bytes / 1024)} KB of script, layout moved by ${shift.toFixed(4)}\n`);
    expect(bytes).toBeGreaterThan(0);
    expect(bytes).toBeLessThanOrEqual(WITH_CHARTS.includes(path) ? JS_BYTES_MAX.charts : JS_BYTES_MAX.plain);
    expect(shift, JSON.stringify(moved)).toBeLessThanOrEqual(SHIFT_MAX);
  });
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

async function violations(page: Page): Promise<string[]> {
  const found: Violation[] = await page.evaluate(
    async ({ source }) => {
      // The page's policy forbids eval; a function made by the test's own world is not bound by it.
      if (!("axe" in window)) new Function(source)();
      const axe: { run(context: Document, options: object): Promise<{ violations: Violation[] }> } = Reflect.get(
        window,
        "axe",
      );
      const result = await axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] });
      return result.violations;
    },
    { source: AXE },
  );
  return found.map(
    (violation) => `${violation.id}: ${violation.nodes.map((node) => node.html.slice(0, 160)).join(" | ")}`,
  );
}
