import { HungPostgres } from "../../fixtures/hung-postgres";
import { Spillway } from "../../fixtures/spillway";
import { expect, runsWhenOpen, signIn, test } from "../fixture";

test("while the database is away pages say so and what still works, and they come back by themselves", async ({
  browser,
}) => {
  const spillway = await Spillway.run();
  const postgres = new HungPostgres(spillway.dataDir);
  const context = await browser.newContext({ baseURL: spillway.baseUrl });
  const [open, asked] = [runsWhenOpen(await context.newPage()), await context.newPage()];
  const faults: string[] = [];
  asked.on("pageerror", (error) => faults.push(error.message));
  await signIn(open, spillway);
  await open.goto("/brakes");
  await expect(open.getByText("No active brakes.")).toBeVisible();
  try {
    await postgres.hang();
    // An open page keeps what it has, as old.
    await expect(open.getByRole("alert").filter({ hasText: "Calls are still served" })).toBeVisible();
    await expect(open.getByRole("region", { name: "On now" })).toContainText("None when last read.");
    // A new one has nothing to show.
    await asked.goto("/keys");
    await expect(asked.getByRole("heading", { name: "The database cannot be reached" })).toBeVisible();
    await expect(asked.getByText("Calls are served and limited as before.")).toBeVisible();
  } finally {
    postgres.goOn();
  }
  await expect(asked.getByRole("heading", { name: "Keys", level: 1 })).toBeVisible();
  await expect(open.getByText("No active brakes.")).toBeVisible();
  expect(faults).toEqual([]);
  await context.close();
  await spillway.stop();
});
