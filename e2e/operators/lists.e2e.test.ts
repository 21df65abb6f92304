import { afterAll, beforeAll, expect, test } from "vitest";
import { AdminClient } from "../fixtures/admin-client";
import { until } from "../fixtures/process";
import { Spillway } from "../fixtures/spillway";

let spillway: Spillway;
let client: AdminClient;

beforeAll(async () => {
  spillway = await Spillway.run();
  client = await AdminClient.from(spillway.baseUrl, spillway.demo.operatorToken);
});
afterAll(() => spillway.stop());

test("lists come in pages, and following the cursor meets everything once", async () => {
  await client.perform("postTenants", { body: { slug: "acme", name: "Acme", tier: "free" } });
  for (let round = 0; round < 7; round++) {
    await client.perform("postKeys", { body: { tenant: "acme", name: `page ${round}` } });
    await spillway.chat(spillway.demo.keys.enterprise);
  }
  const walk = async (operationId: string, list: string, cursor: string, query: Record<string, string>) => {
    const ids: string[] = [];
    for (let next: unknown = null; ; ) {
      const after = next === null ? {} : { [cursor]: String(next) };
      const page = await client.perform<Record<string, { id?: string; requestId?: string; seq?: number }[]>>(
        operationId,
        { query: { ...query, limit: "3", ...after } },
      );
      ids.push(...(page[list] ?? []).map((one) => one.id ?? one.requestId ?? String(one.seq)));
      next = Reflect.get(page, "next");
      if (next === null) return ids;
    }
  };
  await until(
    "the rows",
    async () => (await walk("getLedger", "rows", "after", { tenant: "enterprise" })).length === 7,
  );
  const keys = await walk("getKeys", "keys", "after", { tenant: "acme" });
  expect(new Set(keys).size).toBe(7);
  expect(keys).toHaveLength(7);
  const rows = await walk("getLedger", "rows", "after", { tenant: "enterprise" });
  expect(new Set(rows).size).toBe(7);
  const audit = await walk("getAudit", "rows", "before", {});
  expect(new Set(audit).size).toBe(audit.length);
});

test("tables are given as CSV, with what a spreadsheet would run made harmless", async () => {
  await client.perform("postKeys", { body: { tenant: "free", name: '=HYPERLINK("http://x")' } });
  const csv = async (path: string) => {
    const response = await fetch(`${spillway.baseUrl}/api/admin/${path}`, {
      headers: { authorization: `Bearer ${spillway.demo.operatorToken}` },
    });
    expect(response.headers.get("content-type")).toContain("text/csv");
    return response.text();
  };
  const keys = await csv("keys?tenant=free&format=csv");
  expect(keys.split("\r\n")[0]).toContain("id,tenant,family,name");
  expect(keys).toContain("'=HYPERLINK");
  expect(await csv("usage?grain=day&by=model&from=2026-01-01T00:00:00.000Z&format=csv")).toContain("sim-small");
  expect(await csv("reconciliation?provider=simulator&format=csv")).toContain("bookedMicroUsd");
});

test.each([
  ["the request log", "requests?size=50"],
  ["the latest calls", "ledger?tenant=enterprise&limit=50"],
  ["spend", "usage?grain=hour&by=tenant&top=50&from=2026-01-01T00:00:00.000Z"],
])("%s is sent again only when it has changed", async (_name, path) => {
  const ask = (tag: string) =>
    fetch(`${spillway.baseUrl}/api/admin/${path}`, {
      headers: { authorization: `Bearer ${spillway.demo.operatorToken}`, "if-none-match": tag },
    });
  await spillway.chat(spillway.demo.keys.enterprise);
  // The call is booked after its answer.
  const [tag] = await until("a state that stays", async () => {
    const first = (await ask("")).headers.get("etag") ?? "none";
    const again = await ask(first);
    return again.status === 304 && [first, await again.text()];
  });
  await spillway.chat(spillway.demo.keys.enterprise);
  const changed = await until("the new call", async () => {
    const answer = await ask(tag ?? "");
    return answer.status === 200 && answer;
  });
  expect(changed.headers.get("etag")).not.toBe(tag);
  expect((await changed.text()).length).toBeGreaterThan(100);
});

test("names are found whatever the case of their letters, also beyond ASCII", async () => {
  await client.perform("postTenants", { body: { slug: "soehne", name: "Müller & Söhne", tier: "free" } });
  await client.perform("postKeys", { body: { tenant: "soehne", name: "Größe" } });
  for (const find of ["söhne", "SÖHNE", "MÜLLER söhne"]) {
    const { tenants } = await client.perform<{ tenants: { slug: string }[] }>("getTenants", { query: { find } });
    expect(tenants.map(({ slug }) => slug)).toEqual(["soehne"]);
  }
  const { keys } = await client.perform<{ keys: { name: string }[] }>("getKeys", { query: { find: "grÖßE" } });
  expect(keys.map(({ name }) => name)).toEqual(["Größe"]);
});
