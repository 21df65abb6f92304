import { Provider } from "../fixtures/simulator";
import { expect, test } from "./fixture";

const CREDENTIAL = "sk-acme-0123456789";

test("a new provider, model, tenant and key, and the first call with what the page shows: no terminal", async ({
  console: page,
}) => {
  const provider = await Provider.run();
  try {
    await page.goto("/setup");
    await expect(page.getByRole("region", { name: "Provider", exact: true })).toContainText("Simulator");
    const began = Date.now();
    let clicks = 0;
    const click = async (name: string | RegExp) => {
      clicks += 1;
      await page.getByRole("button", { name, exact: true }).click();
    };
    const fill = (name: string, text: string) =>
      page.getByRole("dialog").getByRole("textbox", { name, exact: true }).fill(text);

    await click("Add another provider");
    await page.getByRole("textbox", { name: "Name" }).fill("Acme AI");
    await expect(page.getByRole("textbox", { name: "Slug" })).toHaveValue("acme-ai");
    await page.getByRole("textbox", { name: "Base URL" }).fill(`${provider.url}/v1`);
    await page.getByLabel("API key of the provider").fill(CREDENTIAL);
    await page.getByRole("switch", { name: "Allow a local or private address" }).check();
    await click("Create and test");
    const connection = page.getByRole("region", { name: "Connection to acme-ai" });
    await expect(connection).toContainText("acme-ai accepts the credential");
    await expect(connection).toContainText("sim-small");
    expect(await provider.credentials()).toEqual([`Bearer ${CREDENTIAL}`]);

    await click("Add another model");
    await page.getByRole("combobox", { name: "Provider's model name" }).fill("sim-small");
    await fill("Name for callers", "acme-small");
    await page.getByRole("combobox", { name: "Price" }).click();
    await page.getByRole("option", { name: "enter it" }).click();
    await fill("Input", "0.15");
    await fill("Output", "0.6");
    await click("Create");
    await expect(page.getByRole("region", { name: "Model", exact: true })).toContainText("acme-small");

    const tenants = page.getByRole("region", { name: "Tenant", exact: true });
    const count = async () =>
      Number(/([\d,]+) tenants/.exec((await tenants.textContent()) ?? "")?.[1]?.replaceAll(",", ""));
    await expect(tenants).toContainText(/[\d,]+ tenants/);
    const before = await count();
    await click("Add another tenant");
    await page.getByRole("textbox", { name: "Name" }).fill("Blue Heron");
    await click("Create");
    // Other tests of the same server have made tenants too.
    await expect.poll(count).toBe(before + 1);

    await click("Add another key");
    await page.getByRole("textbox", { name: "Name" }).fill("Web shop");
    await click("Create the key");
    const key = (await page.getByTestId("new-key").textContent()) ?? "";
    await click("I have it");

    const card = page.getByRole("region", { name: "First call", exact: true });
    const arrival = card.getByRole("region", { name: "Arrival of the first call" });
    await expect(arrival).toContainText("Waiting for the first call with this key");
    const snippet = (await page.getByTestId("first-call").textContent()) ?? "";
    expect(snippet).toContain(key);
    expect(snippet).toContain("acme-small");
    const answer = await sent(snippet);
    expect(answer.status).toBe(200);
    await expect(arrival).toContainText("Call received");
    await expect(arrival).toContainText("acme-small");
    const seconds = (Date.now() - began) / 1000;
    process.stdout.write(`set up and called in ${seconds.toFixed(1)} s with ${clicks} clicks on buttons\n`);
    expect(await page.content()).not.toContain(CREDENTIAL);
    // Its bill is the simulated provider's: the call went there and nowhere else.
    expect((await provider.bills()).map(({ model }) => model)).toEqual(["sim-small"]);
  } finally {
    await provider.stop();
  }
});

/** Sends what a curl command says, as a terminal would. */
function sent(command: string): Promise<Response> {
  const [, url = ""] = /^curl (\S+)/.exec(command) ?? [];
  const headers = [...command.matchAll(/-H '([^:]+): ([^']+)'/g)].map(
    ([, name = "", value = ""]) => [name, value] as const,
  );
  const [, body = ""] = /-d '(.*)'/.exec(command) ?? [];
  return fetch(url, { method: "POST", headers: Object.fromEntries(headers), body });
}

test("a provider's credential is refused, corrected, and what still serves a model is not removed", async ({
  console: page,
  spillway,
}) => {
  await spillway.admin("PUT", "providers/nowhere", {
    name: "Nowhere",
    baseUrl: "http://127.0.0.1:9/v1",
    allowLocal: true,
    credential: "sk-first",
  });
  await page.goto("/providers");
  const listing = page.getByRole("region", { name: "Providers", exact: true });
  await expect(listing).toContainText("stored, …irst");
  await listing.getByRole("button", { name: "Test Nowhere" }).click();
  await expect(page.getByRole("region", { name: "Connection to nowhere" })).toContainText(
    "nothing listens at this address",
  );
  await listing.getByRole("button", { name: "Remove Simulator" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("textbox", { name: "Reason" }).fill("tried in a test");
  await dialog.getByRole("button", { name: "Remove" }).click();
  await expect(dialog.getByRole("alert")).toContainText("serves sim-");
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await listing.getByRole("button", { name: "Remove Nowhere" }).click();
  await dialog.getByRole("textbox", { name: "Reason" }).fill("it is nowhere");
  await dialog.getByRole("button", { name: "Remove" }).click();
  await expect(listing).not.toContainText("Nowhere");
});

test("a further credential of a provider is added with its share, taken out, put back and removed", async ({
  console: page,
  spillway,
}) => {
  const provider = { name: "Pair", baseUrl: "http://127.0.0.1:9/v1", allowLocal: true, credential: "sk-pair-one" };
  await spillway.admin("PUT", "providers/pair", provider);
  await page.goto("/providers");
  const listing = page.getByRole("region", { name: "Providers", exact: true });
  const dialog = page.getByRole("dialog");
  await listing.getByRole("button", { name: "Edit Pair" }).click();
  await dialog.getByRole("button", { name: "Add a credential" }).click();
  const second = dialog.getByRole("group", { name: "Credential second" });
  await second.getByLabel("API key").fill("sk-pair-two");
  await second.getByRole("textbox", { name: "Share" }).fill("3");
  await dialog.getByRole("button", { name: "Save and test" }).click();
  const credentials = page.getByRole("region", { name: "Credentials", exact: true });
  const row = credentials.getByRole("row").filter({ hasText: "second" });
  await expect(row).toContainText("stored, …-two");
  await expect(row).toContainText("3 of 4");
  await expect(listing).toContainText("stored, …-one, and 1 more credential");
  await row.getByRole("button", { name: "Take out pair's second" }).click();
  await dialog.getByRole("textbox", { name: "Reason" }).fill("its account is closed");
  await dialog.getByRole("button", { name: "Take out" }).click();
  await expect(row).toContainText("its account is closed");
  await row.getByRole("button", { name: "Put back pair's second" }).click();
  await dialog.getByRole("textbox", { name: "Reason" }).fill("it is open again");
  await dialog.getByRole("button", { name: "Put back" }).click();
  await expect(row).toContainText("in service");
  await listing.getByRole("button", { name: "Edit Pair" }).click();
  await dialog.getByRole("button", { name: "Remove second" }).click();
  await dialog.getByRole("button", { name: "Save and test" }).click();
  await expect(credentials).toHaveCount(0);
  await spillway.admin("DELETE", "providers/pair", { reason: "tried in a test" });
});

test("a tier is made as a copy of another one, and removed while no tenant is on it", async ({ console: page }) => {
  await page.goto("/tiers");
  await page.getByRole("button", { name: "Copy Standard" }).click();
  await page.getByRole("textbox", { name: "Name" }).fill("Standard plus");
  await page.getByRole("button", { name: "Create", exact: true }).click();
  await expect(page).toHaveURL(/\/tiers\/standard-plus$/);
  await expect(page.getByText("requests-per-minute").first()).toBeVisible();
  await page.goto("/tiers");
  const card = page.getByRole("region", { name: "Standard plus" });
  await card.getByRole("button", { name: "Remove Standard plus" }).click();
  await page.getByRole("dialog").getByRole("textbox", { name: "Reason" }).fill("tried in a test");
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await expect(card).toHaveCount(0);
  // A tier with tenants offers no removal.
  await expect(page.getByRole("button", { name: "Remove Standard" })).toHaveCount(0);
});

test("keys of all tenants are found, and a file shows what it would change before it does", async ({
  console: page,
  spillway,
}) => {
  await page.goto("/keys");
  const keys = page.getByRole("region", { name: "Keys", exact: true });
  await page.getByRole("textbox", { name: "Find a key" }).fill(spillway.demo.keys.enterprise.split("_")[2] ?? "");
  await expect(keys.getByRole("row")).toHaveCount(2);
  await expect(keys).toContainText("Northwind Bank");
  await page.goto("/config");
  const file = "spillway: config/1\ntenants:\n  heron-two: { name: Heron Two, tier: free }\n";
  await page.getByRole("textbox", { name: "File content" }).fill(file);
  await page.getByRole("button", { name: "Preview changes" }).click();
  const plan = page.getByRole("region", { name: "Preview of changes" });
  await expect(plan).toContainText("tenant heron-two");
  await plan.getByRole("button", { name: "Apply 1 change" }).click();
  await expect(page.getByRole("status").filter({ hasText: "1 change made" })).toBeVisible();
  expect(await spillway.admin("GET", "tenants/heron-two")).toMatchObject({ name: "Heron Two" });
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download spillway.yaml" }).click();
  const stream = await (await download).createReadStream();
  let text = "";
  for await (const chunk of stream) text += String(chunk);
  expect(text).toContain("spillway: config/1");
  expect(text).toContain("heron-two");
  expect(text).not.toContain("credentialSealed");
});
