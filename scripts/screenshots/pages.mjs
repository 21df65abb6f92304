const MONTH = new Date().toISOString().slice(0, 7);

/** Pages of the console that show something in every state, by the name of their pictures. */
const EVERYWHERE = {
  setup: "/setup",
  providers: "/providers",
  catalog: "/catalog",
  tiers: "/tiers",
  everyone: "/everyone",
  tenants: "/tenants",
  keys: "/keys",
  brakes: "/brakes",
  requests: "/requests",
  "requests-log": "/requests/log",
  "requests-log-groups": "/requests/log?group=key",
  spend: "/spend",
  statements: "/statements",
  prices: "/prices",
  reconciliation: "/reconciliation",
  alerts: "/alerts",
  scarcity: "/scarcity",
  status: "/status",
  audit: "/audit",
  staff: "/staff",
  settings: "/settings",
  config: "/config",
  playground: "/playground",
  // Last: its movers are those of whole minutes.
  overview: "/",
};

/** Pages of one object. */
const OF_DEMO = {
  tier: "/tiers/standard",
  tenant: "/tenants/standard",
  "tenant-enterprise": "/tenants/enterprise",
  user: "/tenants/enterprise/user?name=user-3",
  "requests-tenant": "/requests?tenant=standard",
  "requests-log-tenant": "/requests/log?tenant=enterprise&kind=served",
  "spend-models": "/spend?by=model&range=30d",
  statement: `/statements?tenant=enterprise&month=${MONTH}`,
};
const OF_MANY = {
  tier: "/tiers/standard",
  tenant: "/tenants/many-1",
  user: "/tenants/many-1/user?name=user_3",
  "requests-tenant": "/requests?tenant=many-1",
  "requests-log-tenant": "/requests/log?tenant=many-1",
  "spend-keys": "/spend?by=key",
  statement: `/statements?tenant=many-1&month=${MONTH}`,
};
const UNKNOWN = {
  "no-page": "/nowhere-at-all",
  "no-tenant": "/tenants/nobody-at-all",
  "no-tier": "/tiers/nothing-at-all",
  "no-request": "/requests?id=req_00000000000000000000000000000000",
};

/** The pages of a state: `{ name, path, isStranger? }`. A path may be a whole address. */
export function pagesOf(state, demo) {
  const listed = (pages) => Object.entries(pages).map(([name, path]) => ({ name, path }));
  if (state === "many") return listed({ ...EVERYWHERE, ...OF_MANY });
  if (state === "empty") return [...listed(EVERYWHERE), ...strangers({ me: "/me", "sign-in": "/sign-in" })];
  if (state === "error") return listed({ ...EVERYWHERE, ...OF_DEMO });
  return [
    ...listed({ ...EVERYWHERE, ...OF_DEMO, ...UNKNOWN }),
    { name: "tier-edit", path: "/tiers/standard", act: editTier },
    { name: "log-open", path: "/requests/log?kind=refused", act: openFirstCall },
    ...strangers({
      "sign-in": "/sign-in",
      invitation: demo.invitation,
      "tenant-link": demo.link,
      "tenant-link-wrong": `${demo.link.slice(0, -2)}xx`,
    }),
    { name: "me", path: "/me", isStranger: true },
    { name: "me-limits", path: "/me", isStranger: true, act: showOwnLimits },
  ];
}

function strangers(pages) {
  return Object.entries(pages).map(([name, path]) => ({ name, path, isStranger: true }));
}

async function openFirstCall(tab) {
  await tab.getByRole("region", { name: "Calls", exact: true }).getByRole("link").first().click();
}

async function showOwnLimits(tab, demo) {
  await tab.getByRole("textbox", { name: "API key" }).or(tab.getByLabel("API key")).first().fill(demo.keys.enterprise);
  await tab.getByRole("button", { name: "Show" }).click();
  await tab.getByRole("region").first().waitFor();
}

const press = (name) => async (tab) => {
  await tab.getByRole("button", { name }).filter({ visible: true }).first().click();
  await tab.getByRole("dialog").waitFor();
};

/** Dialogs over a page, and a page after an act (`isWhole`). */
export const DIALOGS = [
  { name: "dialog-brake", path: "/?stop=standard", act: previewBrake },
  { name: "dialog-brake-all", path: "/?stop=all", act: (tab) => tab.getByRole("dialog").waitFor() },
  { name: "dialog-review", path: "/tiers/standard", act: reviewDraft },
  { name: "playground-sent", path: "/playground", act: sendCall, isWhole: true },
  { name: "dialog-new-tenant", path: "/tenants", act: press("New tenant") },
  { name: "dialog-new-key", path: "/keys", act: press("New key") },
  { name: "dialog-new-tier", path: "/tiers", act: press("New tier") },
  { name: "dialog-new-override", path: "/tiers", act: press("New override") },
  { name: "dialog-new-budget", path: "/spend", act: press("New budget") },
  { name: "dialog-new-rule", path: "/alerts", act: press("New rule") },
  { name: "dialog-new-channel", path: "/alerts", act: press("New channel") },
  { name: "dialog-new-provider", path: "/providers", act: press("New provider") },
  { name: "dialog-new-model", path: "/catalog", act: press("New model") },
  { name: "dialog-new-price", path: "/prices", act: press("New price") },
  { name: "dialog-import-bill", path: "/reconciliation", act: press("Import…") },
  { name: "dialog-new-operator", path: "/staff", act: press("New operator") },
  { name: "dialog-drill", path: "/status", act: press("Drill") },
  { name: "palette", path: "/", act: findTenant },
  { name: "shortcuts", path: "/", act: (tab) => tab.keyboard.press("?") },
];

async function previewBrake(tab) {
  await tab.getByRole("button", { name: "Runaway caller" }).click();
  await tab.getByRole("button", { name: "Preview the callers' error" }).click();
}

/** Changed cells, a removed limit and a new one. */
async function editTier(tab) {
  await tab
    .getByRole("textbox", { name: /^Limit of / })
    .first()
    .fill("5");
  await tab.getByRole("combobox", { name: "Store away of tokens-per-minute" }).selectOption("closed");
  await tab.getByRole("button", { name: "Remove concurrent-calls" }).click();
  await tab.getByRole("button", { name: "More of requests-per-minute" }).click();
  await tab.getByRole("button", { name: "Add a limit" }).click();
}

async function reviewDraft(tab) {
  await tab
    .getByRole("textbox", { name: /^Limit of / })
    .first()
    .fill("5");
  await tab.getByRole("button", { name: "Review…" }).click();
  await tab.getByText("with this draft").first().waitFor();
}

async function sendCall(tab, demo) {
  await tab.getByRole("textbox", { name: "API key" }).fill(demo.keys.standard);
  await tab.getByRole("button", { name: "Send" }).click();
  await tab.getByRole("region", { name: "The bill" }).waitFor();
}

async function findTenant(tab) {
  await tab.keyboard.press("Control+k");
  await tab.getByRole("textbox", { name: "Find anything" }).fill("stand");
}
