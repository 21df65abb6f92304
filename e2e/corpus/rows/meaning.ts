import type { KeyName, Row, Sent } from "../row";
import { fields, sends } from "./make";

const chat = { only: "chat" } as const;
const messages = { only: "messages" } as const;
const model = (name: string) => ({ [`model ${JSON.stringify(name).slice(0, 30)}`]: { model: name } });
const as = (key: KeyName): Sent => ({ key });
const idempotency = (value: string): Sent => ({ lines: [`Idempotency-Key: ${value}`] });
const credential = (...lines: string[]): Sent => ({ without: ["authorization"], lines });

/** What is sound JSON and means something that may not be, or that has to be judged exactly. */
export const MEANING_ROWS: readonly Row[] = [
  ...[
    "sim-SMALL",
    " sim-small",
    "sim-small ",
    "sim\u2011small",
    "sim-small\n",
    "sim-small\u200b",
    "\u0455im-small",
  ].flatMap((name) => fields("S-01", "404 model_not_found", model(name))),
  ...[
    "ft:sim-small:org::id",
    "../sim-small",
    "sim-small?x=1",
    "sim-small#",
    "__proto__",
    "constructor",
    "a/b/../c",
  ].flatMap((name) => fields("S-03", "404 model_not_found", model(name))),
  ...fields("S-03", "400 invalid_value | 404 model_not_found", model("m".repeat(10_000))),
  ...fields("S-03", "400 invalid_value", model("sim\0small")),
  ...fields("S-03", "400 invalid_value | 400 missing_field", model("")),
  ...sends("S-04", "403 model_not_allowed", { "a key for another model": as("narrow") }),
  ...fields(
    "S-06",
    "400 invalid_messages | 400 unknown_field | 400 invalid_value | 400 invalid_type",
    {
      "system instructions as an object": { system: { a: 1 } },
    },
    messages,
  ),
  ...sends(
    "S-06",
    "400 missing_field",
    {
      "no cap on the answer": { body: '{"model":"sim-small","messages":[{"role":"user","content":"hi"}]}' },
    },
    messages,
  ),
  ...fields(
    "S-07",
    "400 invalid_n",
    { "n: 128": { n: 128 }, "n: 0": { n: 0 }, "n: -1": { n: -1 }, "n: 2.5": { n: 2.5 } },
    chat,
  ),
  ...fields("S-10", "400 conflicting_fields", { "two caps that differ": { max_completion_tokens: 17 } }, chat),
  ...fields("S-11", "400 invalid_max_tokens", {
    "a cap of 2^31": { max_tokens: 2 ** 31 },
    "a cap of 10^15": { max_tokens: 1e15 },
    "more than the model can": { max_tokens: 9_000_000 },
  }),
  ...fields(
    "S-15",
    "400 invalid_value",
    { "stream options without a stream": { stream_options: { include_usage: true } } },
    chat,
  ),
  ...fields(
    "S-23",
    "400 invalid_value",
    {
      "a user of 64 KB": { user: "u".repeat(65_536) },
      "a user with NUL": { user: "a\0b" },
    },
    chat,
  ),
  ...fields(
    "S-23",
    "400 invalid_value",
    {
      "a user of 64 KB": { metadata: { user_id: "u".repeat(65_536) } },
      "a user with NUL": { metadata: { user_id: "a\0b" } },
    },
    messages,
  ),
  ...fields(
    "S-23",
    "200",
    {
      "a user like a key": { user: "a:b" },
      "a user like a hash tag": { user: "{x}" },
      "a user like a pattern": { user: "*" },
      "a user like a path": { user: "../.." },
      "a user of emoji": { user: "\u{1F600}" },
      "a user like a script": { user: "<script>alert(1)</script>" },
    },
    chat,
  ),
  ...fields("S-24", "400 invalid_type", { "a user of 1": { user: 1 } }, chat),
  ...sends("S-28", "400 invalid_value", {
    "an empty idempotency key": idempotency(""),
    "an idempotency key of 256": idempotency("k".repeat(256)),
    "an idempotency key that is not ASCII": idempotency("\u00e9"),
  }),
  ...sends("S-28", "400 | 400 duplicate_header", {
    "an idempotency key with a line feed": idempotency("a\nb"),
    "two idempotency keys": { lines: ["Idempotency-Key: a", "Idempotency-Key: b"] },
  }),
  ...sends("S-34", "200", { "a priority above the key's": { lines: ["x-spillway-priority: interactive"] } }),
  ...sends("S-35", "401 key_expired", { "a key that has expired": as("expired") }),
  ...sends("S-35", "401 invalid_api_key", { "a key that was revoked": as("revoked") }),
];

/** What is sent instead of a key, and keys that look nearly right. */
export const KEY_ROWS: readonly Row[] = [
  ...sends("K-01", "401 missing_api_key", {
    "no key": credential(),
    "a bearer of nothing": credential("Authorization: Bearer"),
    "a bearer of spaces": credential("Authorization: Bearer   "),
    "another scheme": credential("Authorization: Basic dXNlcjpwYXNz"),
    "a key without its scheme": credential("Authorization: {key}"),
    "an empty x-api-key": credential("x-api-key:"),
  }),
  ...sends("K-01", "200", {
    "a lower-case scheme": credential("Authorization: bearer {key}"),
    "a key in x-api-key": credential("x-api-key: {key}"),
    "one key in both places": { lines: ["x-api-key: {key}"] },
  }),
  ...sends("K-04", "401 invalid_api_key | 401 missing_api_key", {
    "a key like SQL": credential("x-api-key: ' OR 1=1--"),
    "a key of %": credential("Authorization: Bearer %"),
    "a key of $1": credential("Authorization: Bearer $1"),
    "a key like a statement": credential("Authorization: Bearer ;DROP"),
    "a key like JSON": credential('Authorization: Bearer {"a":1}'),
    "a key and more": credential("Authorization: Bearer {key}x"),
    "a key that lost its end": credential("Authorization: Bearer sw_test_aaaaaaaaaaaa"),
    "the operator's scheme": credential("Authorization: Bearer sw_op_aaaaaaaaaaaaaaaaaaaa"),
  }),
  ...sends("K-04", "431 | closed", { "a key of 17 KB": credential(`Authorization: Bearer ${"k".repeat(17_000)}`) }),
  ...sends("K-05", "400 ambiguous_credentials", {
    "two authorizations": { lines: ["Authorization: Bearer {other}"] },
    "the same one twice": { lines: ["Authorization: Bearer {key}"] },
    "two in x-api-key": credential("x-api-key: {key}", "x-api-key: {other}"),
  }),
  ...sends("K-06", "400 ambiguous_credentials", {
    "two keys in two headers": { lines: ["x-api-key: {other}"] },
  }),
  ...sends("K-07", "401 invalid_api_key | 401 missing_api_key", {
    "two keys with a comma": credential("Authorization: Bearer {key},{other}"),
    "two keys with a space": credential("Authorization: Bearer {key} {other}"),
    "two keys with a tab": credential("Authorization: Bearer {key}\t{other}"),
    "a key with a next line character": credential("Authorization: Bearer {key}\u0085"),
  }),
  ...sends("K-09", "401 invalid_api_key | 401 missing_api_key", {
    "a key of look-alikes": credential("Authorization: Bearer \u00df\u00f5w_live_a"),
    "a key of other bytes": credential("x-api-key: \u00f3w_live_aaaaaaaaaaaa"),
  }),
  ...sends("K-08", "401 provider_key_sent", {
    "a provider's key": credential("Authorization: Bearer sk-proj-aaaaaaaaaaaaaaaaaaaa"),
    "another provider's key": credential("x-api-key: sk-ant-api03-aaaaaaaaaaaa"),
  }),
  ...sends(
    "K-12",
    "200",
    Object.fromEntries(
      [
        "unknown",
        "127.0.0.1",
        "::ffff:10.0.0.1",
        "1.2.3.4:99",
        "[2001:db8::1%eth0]",
        "1.2.3.4, ".repeat(400),
        ",,,",
        "\u00ff",
      ].map((value) => [`forwarded for ${value.slice(0, 20)}`, { lines: [`X-Forwarded-For: ${value}`] }]),
    ),
  ),
  ...sends(
    "K-18",
    "200",
    Object.fromEntries(
      [
        "OpenAI-Organization: org-a",
        "OpenAI-Project: p",
        "cookie: a=b",
        "x-amz-security-token: t",
        "metadata-flavor: Google",
      ].map((value) => [value, { lines: [value] }]),
    ),
  ),
];
