import fs from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "@playwright/test";

const AXE = fs.readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
const WIDTHS = [
  { width: 1440, height: 900 },
  { width: 360, height: 740 },
];

type Violation = { id: string; nodes: { html: string }[] };

/** Looks at the same page in both themes and at both widths; at the end it is light and wide again. */
export async function inEachLook(page: Page, see: (look: string) => Promise<void>): Promise<void> {
  for (const viewport of WIDTHS) {
    await page.setViewportSize(viewport);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      await page.locator(`html[data-mantine-color-scheme=${colorScheme}]`).waitFor({ state: "attached" });
      await settled(page);
      await see(`${colorScheme}, ${viewport.width} px`);
    }
  }
  const [wide] = WIDTHS;
  if (wide !== undefined) await page.setViewportSize(wide);
  await page.emulateMedia({ colorScheme: "light" });
}

/** Colours change by transitions; a half changed one has another contrast. */
async function settled(page: Page): Promise<void> {
  await page.evaluate(async () => {
    await new Promise((resolve) => requestAnimationFrame(resolve));
    const ending = document.getAnimations().filter((one) => one.effect?.getComputedTiming().iterations !== Infinity);
    await Promise.all(ending.map((one) => one.finished.catch(() => undefined)));
  });
}

/** What breaks WCAG 2.2 AA on the page, or inside what the selector names. */
export async function violations(page: Page, within?: string): Promise<string[]> {
  const found: Violation[] = await page.evaluate(
    async ({ source, where, rules }) => {
      // The page's policy forbids eval; the test's own world may, until it first waits.
      if (!("axe" in window)) new Function(source)();
      const axe: { run(context: unknown, options: object): Promise<{ violations: Violation[] }> } = Reflect.get(
        window,
        "axe",
      );
      const result = await axe.run(where ?? document, { runOnly: rules, resultTypes: ["violations"] });
      return result.violations;
    },
    { source: AXE, where: within, rules: RULES },
  );
  return found.map(
    (violation) => `${violation.id}: ${violation.nodes.map((node) => node.html.slice(0, 160)).join(" | ")}`,
  );
}

/** Pixels by which the page is wider than its window. */
export function overflow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}
