/** One bad input at the console's side: what is asked, by whom, and the statuses that are right. */
export type ConsoleRow = {
  readonly id: string;
  readonly what: string;
  readonly method: string;
  readonly path: string;
  readonly body?: string | object;
  readonly headers?: Readonly<Record<string, string>>;
  /** without the operator token, as a stranger */
  readonly isStranger?: true;
  readonly answer: readonly number[];
  /** what the answer's text may not hold */
  readonly never?: RegExp;
};

const admin = (path: string) => `/api/admin/${path}`;
export const REASON = "the corpus says so";
const OVERRIDE = { tenant: "free", limit: "requests-per-minute", reason: REASON, expiresInSeconds: 60 };
const TENANT = { slug: "corpus-tenant", name: "Corpus", tier: "free" };
/** Of pages and of the data behind them: what a stranger may never see. */
const OPERATORS = /enterprise|operator-token|sw_op_|policyVersion/;

const MORE = ["role", "tenantId", "tenant_id", "isAdmin", "createdBy", "id", "version", "spent", "hash", "hmac"];
const NUMBERS: Readonly<Record<string, string>> = {
  "an empty text": '""',
  "below nothing": "-1",
  "half a call": "0.5",
  "beyond a double": "1e309",
  "beyond what is counted": "1e21",
  "beyond exact integers": "9007199254740993",
  "a statement": '"10; drop table limits"',
  "Arabic digits": '"\u0661\u0660"',
  "a thousands separator": '"10,000"',
  "a number with blanks": '" 10 "',
  "a list": "[10]",
  "no number": "NaN",
};
const SEARCHES = ["%", "_", "\\", "%_".repeat(90), "' OR 1=1--", "(a+)+$", "\u202eevil"];
const RSC = { rsc: "1", "next-router-state-tree": "%5B%22%22%5D" };

function rows(id: string, more: Readonly<Record<string, Omit<ConsoleRow, "id" | "what">>>): ConsoleRow[] {
  return Object.entries(more).map(([what, row]) => ({ id, what, ...row }));
}

/** What operators' forms, searches and pages get from somebody who means harm, and from nobody at all. */
export const CONSOLE_ROWS: readonly ConsoleRow[] = [
  ...["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"].flatMap((type) =>
    rows("C-04", {
      [`a change as ${type}`]: {
        method: "POST",
        path: admin("tenants"),
        headers: { "content-type": type },
        body: JSON.stringify(TENANT),
        answer: [415],
      },
    }),
  ),
  ...MORE.flatMap((member) =>
    rows("C-06", {
      [`${member} of a new tenant`]: {
        method: "POST",
        path: admin("tenants"),
        body: { ...TENANT, [member]: "x" },
        answer: [400],
      },
      [`${member} of a tenant`]: {
        method: "PATCH",
        path: admin("tenants/free"),
        body: { [member]: "x" },
        answer: [400],
      },
      [`${member} of an operator`]: {
        method: "POST",
        path: admin("staff"),
        body: { email: "corpus@example.test", name: "Corpus", role: "viewer", [`${member}s`]: "admin" },
        answer: [400],
      },
    }),
  ),
  ...Object.entries(NUMBERS).flatMap(([what, number]) =>
    rows("C-07", {
      [`a capacity that is ${what}`]: {
        method: "POST",
        path: admin("overrides"),
        body: `${JSON.stringify(OVERRIDE).slice(0, -1)},"capacity":${number}}`,
        answer: [400],
      },
    }),
  ),
  ...rows("C-12", {
    "a name of 10,000 characters": {
      method: "POST",
      path: admin("tenants"),
      body: { ...TENANT, name: "x".repeat(10_000) },
      answer: [400],
    },
    "a name with U+0000": { method: "POST", path: admin("tenants"), body: { ...TENANT, name: "a\0b" }, answer: [400] },
    "a slug that is markup": {
      method: "POST",
      path: admin("tenants"),
      body: { ...TENANT, slug: "<b>" },
      answer: [400],
    },
    "a slug like a path": { method: "POST", path: admin("tenants"), body: { ...TENANT, slug: "../x" }, answer: [400] },
  }),
  ...SEARCHES.flatMap((text) =>
    rows("C-13", {
      [`a search for ${text.slice(0, 12)}`]: {
        method: "GET",
        path: `${admin("tenants")}?find=${encodeURIComponent(text)}`,
        answer: [200],
        never: /enterprise/,
      },
    }),
  ),
  ...rows("C-13", {
    "a search of 10 KB": { method: "GET", path: `${admin("tenants")}?find=${"a".repeat(1900)}`, answer: [400] },
  }),
  ...["password", "hmac", "1;--", '"'].flatMap((column) =>
    rows("C-14", {
      [`sorted by ${column}`]: {
        method: "GET",
        path: `${admin("tenants")}?sort=${encodeURIComponent(column)}`,
        answer: [400],
      },
    }),
  ),
  ...["-1", "0", "1000000000", "1e9", "x"].flatMap((size) =>
    rows("C-15", {
      [`a page of ${size}`]: { method: "GET", path: `${admin("keys")}?limit=${size}`, answer: [400] },
    }),
  ),
  ...rows("C-15", {
    "a cursor that is none": { method: "GET", path: `${admin("requests")}?after=garbage`, answer: [400] },
  }),
  ...["/.rsc", "/?_rsc=1", "/tenants?_rsc=1", "/keys", "/audit", "/TENANTS", "/_next/data/x/index.json"].flatMap(
    (path) =>
      rows("C-24", {
        [`${path} as data`]: {
          method: "GET",
          path,
          headers: RSC,
          isStranger: true,
          answer: [200, 303, 307, 308, 404],
          never: OPERATORS,
        },
      }),
  ),
  ...["/", "/tenants", "/sign-in", "/api/admin/brakes"].flatMap((path) =>
    rows("C-25", {
      [`an action at ${path}`]: {
        method: "POST",
        path,
        headers: { "next-action": "4".repeat(40), "content-type": "text/plain;charset=UTF-8" },
        body: '["$1","$K1",{"then":"$1:__proto__:then"}]',
        isStranger: true,
        answer: [303, 307, 401, 403, 404, 405, 415],
        never: OPERATORS,
      },
    }),
  ),
  ...rows("C-26", {
    "an image of another host": {
      method: "GET",
      path: "/_next/image?url=http://169.254.169.254/&w=64&q=75",
      isStranger: true,
      answer: [404],
    },
  }),
  ...["2000-01-01T00:00:00Z", "+275761-01-01T00:00:00Z", "never", "2027-01-01 00:00", ""].flatMap((expiresAt) =>
    rows("C-27", {
      [`a key until ${expiresAt}`]: {
        method: "POST",
        path: admin("keys"),
        body: { tenant: "free", name: "corpus", expiresAt },
        answer: [400],
      },
    }),
  ),
];
