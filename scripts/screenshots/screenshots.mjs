import fs from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { chromium } from "@playwright/test";
import { root } from "../run.mjs";
import { makeSheets } from "./contact-sheets.mjs";
import { operatorOf, traffic } from "./furnish.mjs";
import { withInstallation } from "./installation.mjs";
import { DIALOGS, pagesOf } from "./pages.mjs";

// npm run screenshots [-- --state data,empty,error,many] [--theme light,dark] [--width 1440,360] [--dialogs] [name or path …]
// Takes every page in both themes and widths and in each state, into the ignored folder screenshots/, for review one by
// one: <state>/<page>-<width>-<theme>.png. Then joins them to sheets of several pages: sheets/. Names take a subset.
const { values: options, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: {
    state: { type: "string", default: "data,empty,error,many" },
    theme: { type: "string", default: "light,dark" },
    width: { type: "string", default: "1440,360" },
    /** only the dialogs */
    dialogs: { type: "boolean", default: false },
  },
});
const states = options.state.split(",");
const themes = options.theme.split(",");
const widths = options.width.split(",").map(Number);
const folder = path.join(root, "screenshots");
/** A list of 5,000 would be a picture that nobody looks at. */
const HEIGHT_MAX = 6000;
const HEIGHTS = { 360: 780 };
const SETTLE_MS = 500;
/** A read that fails is tried again before the page says so. */
const FAILING_MS = 6000;
const RESIZE_MS = 350;
const REDRAW_MS = 100;
const LOADED_MS = 8000;

const isWanted = ({ name, path: at }) => wanted.length === 0 || wanted.includes(name) || wanted.includes(at);

const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
try {
  for (const state of states) {
    const started = Date.now();
    const taken = await withInstallation(state, (installation) => shootState(state, installation));
    const seconds = Math.round((Date.now() - started) / 1000);
    process.stdout.write(`${state}: ${taken} pictures in ${seconds} s\n`);
    await makeSheets(browser, { folder, states: [state], widths, themes });
  }
} finally {
  await browser.close();
}

async function shootState(state, { base, demo }) {
  const target = path.join(folder, state);
  fs.mkdirSync(target, { recursive: true });
  const storageState = await signedIn(base, demo);
  const stranger = await browser.newContext();
  const context = await browser.newContext({ storageState });
  if (state === "error") await failEverything(context);
  const pages = options.dialogs ? [] : pagesOf(state, demo).filter(isWanted);
  for (const page of pages) await shoot(page.isStranger ? stranger : context, { page, base, demo, target });
  const dialogs = state === "data" ? DIALOGS.filter(isWanted) : [];
  for (const page of dialogs) await shoot(context, { page, base, demo, target, isDialog: page.isWhole !== true });
  if (state === "data" && isWanted({ name: "overview-brake" })) await shootBrake(context, { base, demo, target });
  await context.close();
  await stranger.close();
  return fs.readdirSync(target).length;
}

async function signedIn(base, demo) {
  const context = await browser.newContext();
  const tab = await context.newPage();
  await tab.goto(base);
  await tab.getByRole("textbox", { name: "E-mail" }).fill(demo.admin.email);
  await tab.locator("input[name=password]").fill(demo.admin.password);
  await tab.getByRole("button", { name: "Sign in" }).click();
  await tab.getByRole("heading", { name: "Overview" }).waitFor();
  const state = await context.storageState();
  await context.close();
  return state;
}

/** What the admin API answers while its database is away. Some pages still show the figures that came with them. */
async function failEverything(context) {
  const body = JSON.stringify({
    type: "about:blank",
    title: "database_unavailable",
    status: 503,
    detail: "The database cannot be reached. Calls are still served under the last known limits.",
  });
  await context.route(/\/api\/admin\//, (route) =>
    route.fulfill({ status: 503, contentType: "application/problem+json", body }),
  );
}

/** One page is opened once, and seen in every width and theme. A page that fails is printed; the others go on. */
async function shoot(context, { page, base, demo, target, isDialog = false }) {
  const tab = await context.newPage();
  tab.setDefaultTimeout(8000);
  try {
    const [first = 1440] = widths;
    await tab.setViewportSize({ width: first, height: HEIGHTS[first] ?? 900 });
    await tab.goto(page.path.startsWith("/") ? `${base}${page.path}` : page.path);
    await loaded(tab, page.name);
    await tab.waitForTimeout(target.endsWith("error") ? FAILING_MS : SETTLE_MS);
    // What was asked for after the first answer.
    await loaded(tab, page.name);
    if (page.act !== undefined) {
      await page.act(tab, demo);
      await tab.waitForTimeout(SETTLE_MS);
    }
    for (const width of widths) {
      await tab.setViewportSize({ width, height: HEIGHTS[width] ?? 900 });
      for (const colorScheme of themes) {
        await tab.emulateMedia({ colorScheme });
        await tab.waitForTimeout(RESIZE_MS);
        // The menu is as high as the window: the window becomes as high as the page.
        const height = await tab.evaluate(() => document.documentElement.scrollHeight);
        if (!isDialog) await tab.setViewportSize({ width, height: Math.min(height, HEIGHT_MAX) });
        if (!isDialog) await tab.waitForTimeout(REDRAW_MS);
        // Otherwise the menu is still growing.
        const animations = "disabled";
        await tab.screenshot({ path: path.join(target, `${page.name}-${width}-${colorScheme}.png`), animations });
      }
    }
  } catch (error) {
    process.stdout.write(`${page.name}: ${error instanceof Error ? error.message.split("\n")[0] : error}\n`);
  } finally {
    await tab.close();
  }
}

/** Everything that the page asked for is there. */
async function loaded(tab, name) {
  await tab
    .waitForFunction(areFiguresThere, undefined, { timeout: LOADED_MS })
    .catch(() => process.stdout.write(`${name}: parts of it were still loading\n`));
}

/** Runs in the browser. */
function areFiguresThere() {
  return document.querySelectorAll("[aria-busy=true], [data-visible=true].mantine-Skeleton-root").length === 0;
}

/** The README's picture: the overview while a brake is on. */
async function shootBrake(context, { base, demo, target }) {
  await traffic(base, demo);
  const ask = operatorOf(base, demo);
  const order = { scope: { tenant: "free" }, mode: "block", expiresInSeconds: 900 };
  const { id } = await ask("POST", "brakes", { ...order, reason: "runaway script, called at 14:20" });
  const act = (tab) => tab.getByText("runaway script").first().waitFor();
  await shoot(context, { page: { name: "overview-brake", path: "/", act }, base, demo, target, isDialog: true });
  await shoot(context, { page: { name: "brakes-on", path: "/brakes", act }, base, demo, target });
  await ask("DELETE", `brakes/${id}`, { reason: "the picture is taken" });
}
