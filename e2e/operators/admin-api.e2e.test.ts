import { afterAll, beforeAll, expect, test } from "vitest";
import { AdminClient, type Ask } from "../fixtures/admin-client";
import { until } from "../fixtures/process";
import { Spillway } from "../fixtures/spillway";
import { performCatalog } from "./actions/catalog-actions";
import { performInvitations } from "./actions/invitation-actions";
import { performMoney } from "./actions/money-actions";
import { performRemovals } from "./actions/removal-actions";
import { performSecondFactor } from "./actions/second-factor-actions";
import { performChannelEdit, performWishes } from "./actions/wish-actions";

let spillway: Spillway;
let client: AdminClient;

beforeAll(async () => {
  spillway = await Spillway.run();
  client = await AdminClient.from(spillway.baseUrl, spillway.demo.operatorToken);
});
afterAll(() => spillway.stop());

type Audit = { rows: { seq: number; action: string; target: string }[] };
const newest = async () => (await client.perform<Audit>("getAudit", { query: { limit: "1" } })).rows[0]?.seq ?? 0;

/** Performs a change and demands that it left exactly one audit row, of that action. */
async function change<Answer = { id: string }>(operationId: string, ask: Ask, action: string): Promise<Answer> {
  const before = await newest();
  const answer = await client.perform<Answer>(operationId, ask);
  const { rows } = await client.perform<Audit>("getAudit", { query: { limit: "5" } });
  expect(
    rows.filter(({ seq }) => seq > before).map((row) => row.action),
    operationId,
  ).toEqual([action]);
  return answer;
}

/** Some three hundred requests, one after the other, on a machine that runs much else. */
const ALL_ACTIONS_MS = 300_000;

const reason = "because the test says so";

test(
  "a client made from the OpenAPI file performs every action of the console; each change leaves one audit row",
  async () => {
    const call = await spillway.chat(
      spillway.demo.keys.free,
      { user: "mia" },
      { headers: { "x-spillway-feature": "draft" } },
    );
    const requestId = call.headers.get("x-request-id") ?? "";

    await change("postTenants", { body: { slug: "acme", name: "Acme", tier: "free" } }, "tenants.create");
    await change("patchTenantsSlug", { path: { slug: "acme" }, body: { name: "Acme Ltd", reason } }, "tenants.edit");
    const path = { slug: "acme" };
    const classed = { path: { ...path, feature: "draft" }, body: { costClass: "M" } };
    await change("putTenantsSlugFeaturesFeature", classed, "features.put");
    // A name that no path can hold.
    await change("putTenantsSlugFeatures", { path, body: { feature: "a/../b%", costClass: null } }, "features.put");
    await change("putTenantsSlugClasses", { path: { slug: "acme" }, body: { M: 3 } }, "classes.put");
    expect(await client.perform("getTenantsSlugFeatures", { path: { slug: "acme" } })).toMatchObject({
      permits: { S: 1, M: 3, L: 4, XL: 8 },
      features: [{ feature: "draft", costClass: "M", calls: 0 }],
    });
    const link = await change<{ url: string }>(
      "postTenantsSlugLink",
      { path: { slug: "free" }, body: {} },
      "tenants.link",
    );
    expect((await fetch(link.url)).status).toBe(200);
    await change("deleteTenantsSlugLink", { path: { slug: "free" } }, "tenants.void-links");

    const key = await change<{ id: string; key: string }>(
      "postKeys",
      { body: { tenant: "acme", name: "first" } },
      "keys.create",
    );
    await change("patchKeysId", { path: { id: key.id }, body: { name: "renamed" } }, "keys.edit");
    const own = {
      name: "own",
      layer: "key",
      dimension: "requests",
      algorithm: "token_bucket",
      capacity: 3,
      windowSeconds: 60,
    };
    await change("putKeysIdLimits", { path: { id: key.id }, body: { limits: [own] } }, "keys.limits");
    const statuses = [];
    for (let round = 0; round < 4; round++) statuses.push((await spillway.chat(key.key)).status);
    expect(statuses).toEqual([200, 200, 200, 429]);
    await until("their rows", async () => (await spillway.ledger("acme")).rows.length === 3);
    const second = await change<{ id: string }>("postKeysIdRotate", { path: { id: key.id }, body: {} }, "keys.rotate");
    await change("postKeysIdRevoke", { path: { id: second.id }, body: { reason } }, "keys.revoke");
    await change("postKeysIdLeaked", { path: { id: key.id }, body: { reason } }, "keys.leaked");
    await client.perform("getKeysLastCalls", { query: { ids: key.id } });
    const use = await client.perform<{ rows: { calls: number; address: string }[] }>("getKeysIdUse", {
      path: { id: key.id },
    });
    // By the hour: one may have ended between them.
    expect(use.rows.reduce((sum, { calls }) => sum + calls, 0)).toBe(3);
    expect(new Set(use.rows.map(({ address }) => address))).toEqual(new Set(["127.0.0.1"]));

    const made = { slug: "made", name: "Made", limits: [{ ...own, layer: "tenant" }] };
    expect(await change("postTiers", { body: made }, "tiers.create")).toMatchObject({ slug: "made", version: 1 });
    await change("deleteTiersSlug", { path: { slug: "made" }, body: { reason } }, "tiers.remove");
    await expect(client.perform("deleteTiersSlug", { path: { slug: "free" } })).rejects.toThrow("are on this tier");
    const everyone = await client.perform("getEveryone");
    await change("putEveryone", { body: everyone }, "everyone.publish");
    const tier = await client.perform("getTiersSlug", { path: { slug: "free" } });
    await change("putTiersSlug", { path: { slug: "free" }, body: tier }, "tiers.publish");
    const now = await client.perform("getTiersSlug", { path: { slug: "free" } });
    const draft = { publishAt: new Date(Date.now() + 3_600_000).toISOString(), draft: now };
    const waits = await change("postTiersSlugSchedules", { path: { slug: "free" }, body: draft }, "tiers.schedule");
    await change("deleteTiersSlugSchedulesId", { path: { slug: "free", id: waits.id } }, "tiers.withdraw");
    const versions = await client.perform("getTiersSlugVersions", { path: { slug: "free" } });
    expect(versions).toMatchObject({
      versions: [{ version: 2 }, { version: 1, at: null }],
      schedules: [{ status: "withdrawn" }],
    });
    expect(await client.perform("getTiersSlugObserved", { path: { slug: "free" } })).toMatchObject({ limits: [] });
    const replayed = await client.perform<{ calls: number; draft: { refused: number } }>("postTiersSlugReplay", {
      path: { slug: "free" },
      body: { limits: [] },
    });
    // The fifth was refused by its key's own limit, which no draft of a tier changes.
    expect(replayed).toMatchObject({ calls: 5, servedInFact: 4, now: { refused: 1 }, draft: { refused: 1 } });
    const override = { tenant: "free", limit: "requests-per-minute", capacity: 1000, reason, expiresInSeconds: 600 };
    const { id: overrideId } = await change("postOverrides", { body: override }, "overrides.create");
    const file = await client.perform<{ tiers: { limits: { capacity: number }[] }[] }>("getLimits");
    const dry = { file: { ...file, overrides: [] }, dryRun: true };
    expect(await client.perform("putLimits", { body: dry })).toEqual({ applied: false, changes: ["overrides: 5 → 0"] });
    await change("deleteOverridesId", { path: { id: overrideId } }, "overrides.remove");
    const grown = structuredClone(file);
    const [limit] = grown.tiers[0]?.limits ?? [];
    if (limit !== undefined) limit.capacity = 77;
    expect(await change("putLimits", { body: { file: grown, reason } }, "limits.import")).toMatchObject({
      applied: true,
    });

    const brake = { scope: { tenant: "acme" }, mode: "block", reason, expiresInSeconds: 60 };
    const met = await client.perform("postBrakesDryRun", { body: { scope: { tenant: "acme" } } });
    expect(met).toEqual({ running: 0, runningTenants: 0, callsPerMinute: 0.6, tenants: 1 });
    const { id: brakeId } = await change("postBrakes", { body: brake }, "brakes.set");
    await change("deleteBrakesId", { path: { id: brakeId } }, "brakes.lift");
    const drilled = await change<{ slowestMs: number; processes: object[] }>(
      "postBrakesDrill",
      { body: {} },
      "brakes.drill",
    );
    expect(drilled.processes).toHaveLength(1);
    // How fast it is depends on the machine: the bench and `npm run chaos` say so.
    expect(drilled.slowestMs).toEqual(expect.any(Number));

    const budget = { slug: "monthly", level: "tenant", tenant: "free", period: "month", amountMicroUsd: 5_000_000 };
    const { id: budgetId } = await change("postBudgets", { body: budget }, "budgets.create");
    await change(
      "putBudgetsId",
      { path: { id: budgetId }, body: { version: 1, amountMicroUsd: 6_000_000 } },
      "budgets.edit",
    );
    const more = { byMicroUsd: 1_000_000, forSeconds: 3600, reason };
    await change("postBudgetsIdRaise", { path: { id: budgetId }, body: more }, "budgets.raise");

    const hook = { name: "hook", config: { kind: "webhook", url: "http://127.0.0.1:9/", allowLocal: true } };
    const channel = await change("postAlertChannels", { body: hook }, "alert-channels.create");
    await performChannelEdit({ client, change }, { channel: channel.id, config: hook.config });
    const watch = { name: "brakes", watch: { kind: "brake" }, channels: [channel.id] };
    const rule = await change("postAlertRules", { body: watch }, "alert-rules.create");
    await change(
      "putAlertRulesId",
      { path: { id: rule.id }, body: { ...watch, severity: "info" } },
      "alert-rules.edit",
    );
    await change(
      "postAlertRulesIdMute",
      { path: { id: rule.id }, body: { forSeconds: 600, reason } },
      "alert-rules.mute",
    );

    await performCatalog({ client, change });

    await performMoney({ client, change }, requestId);

    const explained = await client.perform<{ call: { requestId: string }; quota: { limits: unknown[] } }>(
      "getExplain",
      {
        query: { requestId },
      },
    );
    expect(explained.call.requestId).toBe(requestId);
    expect(explained.quota.limits.length).toBeGreaterThan(2);
    expect(await client.perform("getUsers", { query: { tenant: "free" } })).toMatchObject({
      users: [{ name: "mia", calls: 1 }],
    });
    const { rows: refused } = await client.perform<{ rows: object[] }>("getRefusals", { query: { tenant: "acme" } });
    expect(refused).toMatchObject([{ code: "rate_limit_exceeded", limitName: "own", count: 1 }]);
    const kept = await client.perform<{ calls: { requestId: string; met: object[] }[] }>("getRefusalsCalls", {
      query: { tenant: "acme", find: "OWN" },
    });
    expect(kept.calls).toMatchObject([{ tenant: "acme", code: "rate_limit_exceeded", limitName: "own" }]);
    const refusedId = kept.calls[0]?.requestId ?? "";
    expect(await client.perform("getExplain", { query: { requestId: refusedId } })).toMatchObject({
      call: null,
      refused: {
        requestId: refusedId,
        met: expect.arrayContaining([expect.objectContaining({ name: "own", asked: 1 })]),
      },
    });
    // A process tells once a second which policy it enforces.
    await until("the process to be current", async () => {
      const { instances } = await client.perform<{ instances: { alive: boolean; current: boolean }[] }>("getInstances");
      return instances.length === 1 && instances[0]?.alive && instances[0].current;
    });
    await client.perform("getTenantsSlug", { path: { slug: "acme" } });
    const free = { slug: "free" };
    const effective = await client.perform<{
      limits: { name: string; capacity: number; chain: { holds: boolean }[] }[];
    }>("getTenantsSlugLimits", { path: free });
    expect(effective.limits.find(({ name }) => name === "requests-per-minute")).toMatchObject({
      capacity: 1000,
      chain: [
        { from: "tier free", holds: false },
        { from: "override for free", capacity: 1000, holds: true },
      ],
    });
    for (const { chain } of effective.limits) expect(chain.filter(({ holds }) => holds)).toHaveLength(1);
    expect(await client.perform("getTenantsSlugNearest", { path: free })).toMatchObject({ limits: expect.any(Array) });
    const { clients } = await client.perform<{ clients: object[] }>("getTenantsSlugClients", { path: free });
    expect(clients).toMatchObject([{ client: "other", retries: 0, refused: 0 }]);
    const resetBody = { limit: "requests-per-minute", reason };
    expect(await change("postTenantsSlugReset", { path: free, body: resetBody }, "counters.reset")).toMatchObject({
      used: 0,
    });
    const note = await change("postTenantsSlugNotes", { path: free, body: { text: "calls at night" } }, "notes.write");
    expect(await client.perform("getTenantsSlugNotes", { path: free })).toMatchObject({
      notes: [{ text: "calls at night", by: "operator-token" }],
    });
    await change("deleteTenantsSlugNotesId", { path: { ...free, id: note.id } }, "notes.remove");
    await client.perform("getKeysIdLimits", { path: { id: key.id } });
    await client.perform("getBudgetsIdEvents", { path: { id: budgetId } });
    await client.perform("getLedger", { query: { tenant: "free" } });
    await client.perform("getQuota", { query: { tenant: "free", user: "mia" } });
    await client.perform("getEstimates", { query: { tenant: "free" } });
    for (const listed of ["Overview", "Openapi", "Tenants", "Keys", "Tiers", "Overrides", "Budgets", "AlertRules"])
      await client.perform(`get${listed}`);
    for (const listed of ["AlertChannels", "Alerts", "AlertDeliveries", "Brakes", "Catalog", "OverviewBefore"])
      await client.perform(`get${listed}`);

    const mate = await change<{ id: string; password: string }>(
      "postStaff",
      { body: { email: "bo@example.test", name: "Bo", role: "viewer" } },
      "staff.create",
    );
    expect(mate.password.length).toBeGreaterThan(15);
    await change("patchStaffId", { path: { id: mate.id }, body: { role: "operator" } }, "staff.edit");
    await change("postStaffIdPassword", { path: { id: mate.id }, body: {} }, "staff.password");
    await performInvitations({ client, change }, mate.id);
    const { password } = await client.perform<{ password: string }>("postStaffIdPassword", {
      path: { id: mate.id },
      body: {},
    });
    type Sessions = { sessions: { id: string; own: boolean; agent: string }[] };
    await client.signedIn("bo@example.test", password, async () => {
      expect(await client.perform("postConfirm", { body: { password } })).toEqual({ confirmed: true });
      await expect(client.perform("postConfirm", { body: { password: "another" } })).rejects.toThrow("403");
      expect((await client.perform<Sessions>("getSessions")).sessions).toMatchObject([{ own: true }]);
    });
    await client.signedIn("bo@example.test", password, async () => {
      const { sessions } = await client.perform<Sessions>("getSessions");
      expect(sessions.map(({ own }) => own).sort()).toEqual([false, true]);
      await client.perform("deleteSessionsId", { path: { id: sessions.find(({ own }) => !own)?.id ?? "" } });
      const later = { current: password, next: "chosen by Bo alone" };
      expect(await client.perform("postPassword", { body: later })).toEqual({ changed: true, ended: 0 });
    });
    const open = await client.perform<Sessions>("getStaffIdSessions", { path: { id: mate.id } });
    expect(open.sessions).toHaveLength(1);
    const one = { id: mate.id, session: open.sessions[0]?.id ?? "" };
    await change("deleteStaffIdSessionsSession", { path: one }, "sessions.end");
    await performSecondFactor({ client, change }, mate.id);
    const glass = await change<{ email: string; password: string }>(
      "postStaffBreakGlass",
      { body: {} },
      "staff.break-glass",
    );
    await client.signedIn(glass.email, glass.password, async () => {
      await client.perform("getStaff");
      // Nobody opens it again from within.
      await expect(client.perform("postStaffBreakGlass", { body: {} })).rejects.toThrow("403");
    });
    await performWishes({ client, change }, spillway);
    await client.perform("getSettings");
    await client.perform("getOverviewMovers");
    const { settings } = await client.perform<{ settings: object }>("getScarcity");
    expect(await client.perform("postScarcityReplay", { body: { settings } })).toMatchObject({ calls: 4 });
    await change("putScarcity", { body: { settings, reason } }, "scarcity.edit");
    expect(Object(await client.perform("getRequests")).requests.length).toBeGreaterThan(3);
    await client.perform("getRequestsFacets", { query: { tenant: "free" } });
    await client.perform("getRequestsSums", { query: { tenant: "free", by: "key" } });
    const view = { name: "refused ones", query: "tenant=free&kind=refused" };
    const saved = await change<{ id: string }>("postRequestsViews", { body: view }, "views.save");
    expect(await client.perform("getRequestsViews")).toEqual({ views: [{ id: saved.id, ...view }] });
    await change("deleteRequestsViewsId", { path: { id: saved.id } }, "views.remove");
    const { providers } = await client.perform<{ providers: { slug: string; calls: number }[] }>("getProviders");
    expect(providers.find(({ slug }) => slug === "simulator")?.calls).toBeGreaterThan(3);
    const { tiers } = await client.perform<{ tiers: object }>("getConfig");
    const configured = { file: { spillway: "config/1", tiers }, source: "tiers.yaml" };
    const { version } = await client.perform<{ version: number }>("postConfigPlan", { body: configured });
    await change("putConfig", { body: { ...configured, version } }, "config.apply");
    expect((await client.perform<{ objects: object[] }>("getConfigManaged")).objects).toHaveLength(3);
    expect(await client.perform("getConfigDrift")).toEqual({ drift: [] });
    await client.perform("getConfigSchema");
    await change("deleteStaffIdSessions", { path: { id: mate.id } }, "staff.end-sessions");
    const { staff } = await client.perform<{ staff: { email: string; role: string; id: string }[] }>("getStaff");
    expect(staff.map((one) => [one.email, one.role])).toContainEqual(["bo@example.test", "operator"]);
    await performRemovals(change, { rule: rule.id, channel: channel.id, budget: budgetId });
    expect(await client.perform("getAuditVerify")).toMatchObject({ intact: true, brokenAt: null, faults: [] });

    expect(await client.firstEvent("getLive")).toHaveProperty("figures.cards.openCalls");

    expect([...client.operations.keys()].filter((id) => !client.performed.has(id))).toEqual([]);
  },
  ALL_ACTIONS_MS,
);
