import { expect } from "vitest";
import type { Spillway } from "../../fixtures/spillway";
import type { Performed } from "./catalog-actions";

type Wishes = {
  readonly wishes: readonly {
    readonly id: string;
    readonly tenant: string;
    readonly wish: string;
    readonly user: string;
  }[];
};
type Usage = { readonly days: readonly { readonly model: string; readonly calls: number }[] };

/** Without a beginning, days are those of today alone, and that may have just begun. */
export const EVER = "2026-01-01T00:00:00.000Z";

/** The holder of a key reads its own use and asks for more; the operators see it until one of them is done with it. */
export async function performWishes(
  { client, change }: Performed,
  { baseUrl, demo }: Pick<Spillway, "baseUrl" | "demo">,
): Promise<void> {
  const as = (key: string) => ({ authorization: `Bearer ${key}`, "content-type": "application/json" });
  const ask = (key: string, body: unknown) =>
    fetch(`${baseUrl}/v1/wishes`, { method: "POST", headers: as(key), body: JSON.stringify(body) });
  const { free, enterprise } = demo.keys;

  for (const body of [{}, { wish: " " }, { wish: "a\u0000b" }, { wish: "x".repeat(501) }, { wish: "x", more: 1 }]) {
    expect((await ask(free, body)).status, JSON.stringify(body).slice(0, 40)).toBe(400);
  }
  expect((await ask("sw_live_nobody", { wish: "everything" })).status).toBe(401);
  for (const wish of ["20 more calls a minute", "the same again", "and again"]) {
    expect((await ask(free, { wish })).status).toBe(201);
  }
  const fourth = await ask(free, { wish: "a fourth" });
  expect([fourth.status, fourth.headers.get("retry-after")]).toEqual([429, "86400"]);
  expect((await ask(enterprise, { wish: "of another key" })).status).toBe(201);

  const { wishes } = await client.perform<Wishes>("getWishes");
  expect(wishes.map(({ tenant, wish }) => [tenant, wish])).toEqual([
    ["enterprise", "of another key"],
    ["free", "and again"],
    ["free", "the same again"],
    ["free", "20 more calls a minute"],
  ]);
  const path = { id: wishes[0]?.id ?? "" };
  await change("postWishesIdDone", { path }, "wishes.done");
  await expect(client.perform("postWishesIdDone", { path })).rejects.toThrow("404");
  expect((await client.perform<Wishes>("getWishes")).wishes).toHaveLength(3);

  // What happened after a moment, and what happened at all.
  const at = new Date().toISOString();
  expect(await client.perform("getNotices", { query: { since: at } })).toEqual({ notices: [] });
  await client.perform("getNotices");

  const usageOf = async (key: string): Promise<Usage> =>
    (await fetch(`${baseUrl}/v1/usage`, { headers: as(key) })).json();
  expect((await usageOf(free)).days[0]?.calls).toBeGreaterThan(0);
  // Keys of several tenants may have one name.
  const byKey = await client.perform<{ rows: object[] }>("getUsage", {
    query: { grain: "day", by: "key", total: "true", from: EVER },
  });
  const displayName = expect.stringMatching(/. of Fern Street Florist$/);
  expect(byKey.rows).toContainEqual(expect.objectContaining({ displayName }));
  // What others used is nobody else's business.
  expect((await usageOf(enterprise)).days).toEqual([]);
}

type Channel = { readonly name: string; readonly enabled: boolean; readonly leadsTo: string; readonly secret?: string };

/** A channel gets another name, is off and on again, and leads elsewhere: only then it has another secret. */
export async function performChannelEdit(
  { client, change }: Performed,
  { channel, config }: { readonly channel: string; readonly config: object },
): Promise<void> {
  const edit = (body: object) =>
    change<Channel>("putAlertChannelsId", { path: { id: channel }, body }, "alert-channels.edit");
  const off = await edit({ name: "renamed", enabled: false });
  expect(off).toMatchObject({ name: "renamed", enabled: false });
  expect(off.secret).toBeUndefined();
  expect((await edit({ name: "renamed", enabled: true, config })).secret).toMatch(/^whsec_/);
  await change("postAlertChannelsIdTest", { path: { id: channel }, body: {} }, "alert-channels.test");
  const path = { id: "chn_none" };
  await expect(client.perform("putAlertChannelsId", { path, body: { name: "x", enabled: true } })).rejects.toThrow(
    "404",
  );
}
