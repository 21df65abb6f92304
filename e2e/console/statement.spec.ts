import { roomInWindow } from "../fixtures/process";
import { expect, test } from "./fixture";

const HOUR_MS = 3_600_000;
/** A month ends with an hour, in each zone: so near to one, the calls could be of another month than the statement. */
const LEFT_OF_HOUR_MS = 20_000;

test("a month-end statement: what a tenant used by model, feature and key adds up, on paper and as a table", async ({
  console: page,
  spillway,
}) => {
  await roomInWindow(HOUR_MS, LEFT_OF_HOUR_MS);
  for (const feature of ["search", "search", "draft"])
    await spillway.chat(spillway.demo.keys.enterprise, {}, { headers: { "x-spillway-feature": feature } });
  // A statement is of a month in its tenant's time zone.
  const { timeZone } = await spillway.admin<{ timeZone: string }>("GET", "tenants/enterprise");
  const month = new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short" }).format(new Date()).slice(0, 7);
  // The page is a sheet that is read once: the calls are in the books before it is opened.
  const booked = () => spillway.admin("GET", `statement?tenant=enterprise&month=${month}`);
  await expect.poll(async () => /"search".*"draft"|"draft".*"search"/.test(JSON.stringify(await booked()))).toBe(true);
  const began = Date.now();
  await page.goto(`/statements?tenant=enterprise&month=${month}`);
  const sheet = page.getByRole("region", { name: "Statement of Northwind Bank" });
  await expect(sheet).toContainText("month to date");
  const total = (await page.getByTestId("statement-total").textContent()) ?? "";
  expect(total).toMatch(/^\$\d/);
  for (const part of ["By model", "By feature", "By API key", "By day"])
    await expect(sheet.getByRole("region", { name: part }).getByRole("row").last()).toContainText(total);
  await expect(sheet.getByRole("region", { name: "By feature" })).toContainText("search");
  await page.emulateMedia({ media: "print" });
  await expect(page.getByRole("button", { name: "Print or save as PDF" })).toBeHidden();
  await expect(page.getByRole("navigation", { name: "Pages" })).toBeHidden();
  await expect(sheet).toBeVisible();
  await page.emulateMedia({ media: "screen" });
  const download = page.waitForEvent("download");
  await page.getByRole("link", { name: "CSV" }).click();
  const file = await download;
  expect(file.suggestedFilename()).toBe(`statement-enterprise-${month}.csv`);
  process.stdout.write(`statement read and saved in ${((Date.now() - began) / 1000).toFixed(1)} s\n`);

  const answer = await fetch(`${spillway.baseUrl}/api/admin/statement?tenant=enterprise&month=${month}&format=csv`, {
    headers: { authorization: `Bearer ${spillway.demo.operatorToken}` },
  });
  const [head = "", first = "", ...rest] = (await answer.text()).trim().split("\r\n");
  expect(head).toBe("tenant,month,zone,part,name,calls,inputTokens,cachedInputTokens,outputTokens,costUsd");
  const cost = (line: string) => Number(line.split(",").at(-1));
  for (const part of ["model", "feature", "key", "day"]) {
    const own = rest.filter((line) => line.split(",")[3] === part);
    expect([part, own.reduce((sum, line) => sum + cost(line), 0).toFixed(6)]).toEqual([part, cost(first).toFixed(6)]);
  }
  // A month that has not begun is refused; one without calls is an empty sheet.
  await spillway.admin("GET", "statement?tenant=enterprise&month=2999-01", undefined, [400]);
  await page.goto("/statements?tenant=enterprise&month=2026-01");
  await expect(sheet).toContainText("No calls in this month.");
});
