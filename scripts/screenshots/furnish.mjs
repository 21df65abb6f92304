/** An operator's requests with the token; throws when one fails. */
export function operatorOf(base, demo) {
  const headers = { authorization: `Bearer ${demo.operatorToken}`, "content-type": "application/json" };
  return async (method, name, body) => {
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const answer = await fetch(`${base}/api/admin/${name}`, { method, headers, ...sent });
    if (!answer.ok) throw new Error(`${method} ${name}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  };
}

/** Budgets, a rule and its channel, an import, overrides, notes, so that no page is empty. Adds links to `demo`. */
export async function furnish(base, demo, receiver) {
  const ask = operatorOf(base, demo);
  await liftEdge(base, demo);
  await furnishMoney(ask);
  await furnishAlerts(ask, receiver);
  await ask("POST", "overrides", {
    tenant: "stand*",
    limit: "requests-per-minute",
    capacity: 90,
    expiresInSeconds: 86_400,
    reason: "a pattern for the group, until the move is over",
  });
  await ask("POST", "overrides", {
    tenant: "standard",
    limit: "requests-per-minute",
    capacity: 120,
    expiresInSeconds: 3600,
    reason: "launch day, asked for by sales",
  });
  await ask("POST", "tenants/standard/notes", {
    text: "Their nightly batch begins at two. Call Ines before stopping it.",
  });
  await ask("POST", "brakes/drill", {});
  await furnishTier(ask);
  await furnishKeys(ask, demo);
  demo.link = (await ask("POST", "tenants/enterprise/link", {})).url;
  demo.invitation = (
    await ask("POST", "invitations", { email: "bea@example.test", name: "Bea Okoro", role: "viewer" })
  ).url;
}

/** All calls come from one address, so the demo's limit per address would refuse most of them. */
export async function liftEdge(base, demo) {
  const ask = operatorOf(base, demo);
  const { version } = await ask("GET", "everyone");
  await ask("PUT", "everyone", { version, limits: [], comment: "all calls come from one address" });
}

const money = (dollars) => Math.round(dollars * 1_000_000);

async function furnishMoney(ask) {
  const of = (tenant) => ({ level: "tenant", tenant, period: "month" });
  const northwind = { slug: "northwind-month", amountMicroUsd: money(0.12), carryOver: true };
  await ask("POST", "budgets", { ...of("enterprise"), ...northwind });
  await ask("POST", "budgets", {
    slug: "harbour-users",
    level: "user",
    tenant: "standard",
    period: "day",
    amountMicroUsd: money(0.02),
  });
  await ask("POST", "budgets", { slug: "everybody", level: "global", period: "month", amountMicroUsd: money(250) });
  const day = new Date().toISOString().slice(0, 10);
  const content = [
    "date,model,input_tokens,output_tokens,num_model_requests,cost_usd",
    `${day},sim-small,1300,1900,76,0.0013`,
    `${day},sim-large,470,620,27,0.0079`,
  ].join("\n");
  await ask("POST", "reconciliation/imports", { provider: "simulator", content });
  await ask("POST", "prices", {
    model: "sim-large",
    inputMicroUsdPerMillion: money(2),
    outputMicroUsdPerMillion: money(8),
    validFrom: new Date(Date.now() + 864e5).toISOString(),
    source: "contract of 2027",
  });
}

async function furnishAlerts(ask, receiver) {
  const config = { kind: "slack", url: `${receiver}/hooks`, allowLocal: true };
  const { id } = await ask("POST", "alert-channels", { name: "On call", config });
  const budgets = { name: "Budgets", watch: { kind: "budget_threshold" }, severity: "critical", channels: [id] };
  await ask("POST", "alert-rules", budgets);
  const used = { name: "Nearly used up", watch: { kind: "limit_remaining", percent: 20 }, channels: [id] };
  await ask("POST", "alert-rules", used);
}

/** Two versions of the tier, so that it has a history. */
async function furnishTier(ask) {
  const tier = await ask("GET", "tiers/standard");
  const wider = tier.limits.map((limit) => ({ ...limit, capacity: Math.round(limit.capacity * 1.5) }));
  for (const [index, limits] of [wider, tier.limits].entries()) {
    const comment = index === 0 ? "more room for the launch" : "back to what was agreed";
    const predicted = { calls: 240, refused: index * 6, hours: 24 };
    await ask("PUT", "tiers/standard", { ...tier, limits, version: tier.version + index, comment, predicted });
  }
}

/** A key that has leaked and one that was revoked: `demo.leaked` still calls. */
async function furnishKeys(ask, demo) {
  const make = (name, environment) => ask("POST", "keys", { tenant: "standard", name, environment });
  const leaked = await make("Nightly batch", "production");
  const old = await make("Old shop", "development");
  await ask("POST", `keys/${leaked.id}/leaked`, { reason: "found in a public repository" });
  await ask("POST", `keys/${old.id}/revoke`, { reason: "the shop was closed" });
  demo.leaked = leaked.key;
  // Its banner would stand on every picture.
  const { brakes } = await ask("GET", "brakes");
  for (const { id, liftedAt } of brakes)
    if (liftedAt === null) await ask("DELETE", `brakes/${id}`, { reason: "the key was replaced" });
}

const TENANTS = [
  ["enterprise", 60],
  ["standard", 30],
  ["free", 14],
];
const DENIED = 5;

/** Calls of three tenants in two dialects, some refused, and some that a leaked key sent. */
export async function traffic(base, demo) {
  for (const [tenant, calls] of TENANTS)
    for (let call = 0; call < calls; call++) await send(base, demo.keys[tenant], call);
  if (demo.leaked !== undefined) for (let call = 0; call < DENIED; call++) await send(base, demo.leaked, call);
}

async function send(base, key, call) {
  const body = {
    model: call % 4 === 0 ? "sim-large" : "sim-small",
    messages: [{ role: "user", content: "How does a spillway work?" }],
    user: `user-${call % 7}`,
  };
  const headers = {
    authorization: `Bearer ${key}`,
    "content-type": "application/json",
    "user-agent": call % 5 === 0 ? "Anthropic/JS 0.71.2" : "OpenAI/JS 6.49.0",
    "x-stainless-retry-count": call % 9 === 0 ? "1" : "0",
    "x-spillway-feature": call % 3 === 0 ? "search" : "chat",
  };
  const answer = await fetch(`${base}/v1/chat/completions`, { method: "POST", headers, body: JSON.stringify(body) });
  await answer.text();
}
