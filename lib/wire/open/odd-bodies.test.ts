import { describe, expect, test } from "vitest";
import { PublicError } from "@/lib/errors";
import fc from "@/lib/fuzz/properties.suite";
import { parseMessages } from "../anthropic/parse-messages";
import type { Call } from "../call";
import { parsingJsonBody } from "../json/json-guard";
import { rawBody } from "../json/raw-body";
import { parseChat } from "../openai/parse-chat";
import { parseEmbeddings } from "../openai/parse-embeddings";
import { parseOther } from "../others/parse-other";
import { pairOf } from "../pair";
import { parseResponses } from "../responses/parse-responses";
import { READ_FIELDS } from "./known-fields";

type Body = Readonly<Record<string, unknown>>;

/** Every endpoint that takes JSON, with the smallest valid body. `…` is where the odd part goes. */
const ENDPOINTS: Readonly<Record<string, readonly [(body: Body) => Call, string]>> = {
  chat: [parseChat, `{"model":"m","messages":[{"role":"user","content":"hi"}],…,"max_tokens":9}`],
  responses: [parseResponses, `{"model":"m","input":"hi",…,"max_output_tokens":9}`],
  embeddings: [parseEmbeddings, `{"model":"m",…,"input":["a"]}`],
  messages: [
    (body) => parseMessages(body),
    `{…,"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}`,
  ],
  count_tokens: [
    (body) => parseMessages(body, "count_tokens"),
    `{"model":"m","messages":[{"role":"user","content":"hi"}],…}`,
  ],
  completions: [(body) => parseOther("completions", body), `{"model":"m","prompt":"hi","max_tokens":9,…}`],
  responses_compact: [(body) => parseOther("responses_compact", body), `{"model":"m","input":"hi",…}`],
  responses_input_tokens: [(body) => parseOther("responses_input_tokens", body), `{"model":"m","input":"hi",…}`],
  moderations: [(body) => parseOther("moderations", body), `{"model":"m",…,"input":"hi"}`],
  images: [(body) => parseOther("images", body), `{"model":"m","prompt":"a river",…}`],
  speech: [(body) => parseOther("speech", body), `{"model":"m","input":"hi","voice":"alloy",…}`],
  rerank: [(body) => parseOther("rerank", body), `{"model":"m","query":"q","documents":["a"],…}`],
};

/** The bytes that reach a provider of the call's own dialect. */
function sent(endpoint: string, text: string, upstreamModel = "m"): string {
  const [parse] = ENDPOINTS[endpoint] ?? [];
  if (parse === undefined) throw new Error(`no endpoint ${endpoint}`);
  const source = Buffer.from(text);
  const steps = parsingJsonBody(source, { keepsDigits: true, reads: READ_FIELDS });
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  const call = { ...parse(step.value), source };
  const dialect = endpoint === "messages" || endpoint === "count_tokens" ? "anthropic" : "openai";
  const pair = pairOf(call.endpoint, dialect);
  if (pair === null) throw new Error(`no way for ${endpoint}`);
  const maxOutputTokens = call.maxOutputTokens ?? 9;
  const after = pair.body({ call, upstreamModel, maxOutputTokens, capField: "max_tokens", continuousUsage: false });
  return rawBody({ source, before: call.body, after, keepsNulls: true }).toString();
}

function codeOf(work: () => unknown): string | null {
  try {
    work();
    return null;
  } catch (error) {
    return error instanceof PublicError ? error.code : String(error);
  }
}

const deep = (levels: number) => `"x":${"[".repeat(levels)}${"]".repeat(levels)}`;
const ODD: readonly (readonly [string, string])[] = [
  ["escapes of plain letters", String.raw`"x":"\u0041\u00e9\ud83d\ude00\/"`],
  ["an escaped name", String.raw`"\u0078":1`],
  ["letters of every length", `"漢字":"é漢😀"`],
  ["line separators", `"x":"\u2028\u2029"`],
  ["a number of 20 digits inside", `"x":{"a":18446744073709551615,"b":[-9223372036854775808]}`],
  ["a fraction of 20 digits inside", `"x":[0.12345678901234567890]`],
  ["a number of 20 digits", `"x":18446744073709551615,"seed":-9223372036854775809`],
  ["a fraction of 20 digits", `"x":0.12345678901234567890,"y":16.00000000000000000001`],
  ["digits that a double written out has", `"x":[${"9".repeat(309)},0.${"1".repeat(1074)}]`],
  ["an exponent behind 20 digits", `"x":[1.2345678901234567890e5,12345678901234567890E-3]`],
  ["negative zeros", `"x":[-0,-0.0,-0e0]`],
  ["zeros and exponents as they are written", `"x":[1.0,1.50,1E5,1e+5,1e-07,0e10]`],
  ["the largest and the smallest doubles", `"x":[1.7976931348623157e308,5e-324]`],
  ["60 levels", deep(60)],
  ["blanks of every kind", `"x"\t:\r\n [ 1 ,\n\t2 ]  `],
  ["null members", `"x":null,"y":{"z":null}`],
  ["names of JavaScript's own", `"constructor":{"prototype":2},"toString":"x","hasOwnProperty":0`],
  ["an empty name inside", `"x":{"":{"":[]}}`],
  ["names that are numbers, in their order", `"10":1,"2":2,"b":3,"a":4`],
  ["quotes and slashes inside of text", String.raw`"x":"\"},{\"model\":\"other\"}\\"`],
  ["braces inside of text", `"x":"}]{["`],
  ["JSON inside of text", String.raw`"x":"{\"a\":18446744073709551615}"`],
  ["long text", `"x":"${"river ".repeat(5000)}"`],
  ["empty values", `"x":[[],{},"",[{}]]`],
];

const blank = fc.constantFrom("", "", "", " ", "\n", "\t ", "\r\n  ");
const number = fc.oneof(
  fc.bigInt({ min: -(2n ** 130n), max: 2n ** 130n }).map(String),
  fc.tuple(fc.bigInt({ min: 0n, max: 10n ** 30n }), fc.nat(10 ** 9)).map(([whole, rest]) => `${whole}.${rest}0`),
  fc.constantFrom("-0", "1.0", "1e5", "1E+5", "0.10", "-1.5e-07", "0e0", "1.7976931348623157e308"),
);
const letters = fc.constantFrom(
  ...["a", "A", " ", "é", "漢", "😀", "{", "}", "[", "]", ",", ":", "model", "null"],
  ...[
    String.raw`\u0061`,
    String.raw`\u00E9`,
    String.raw`\ud83d\ude00`,
    String.raw`\"`,
    String.raw`\\`,
    String.raw`\/`,
    String.raw`\n`,
  ],
);
const string = fc.array(letters, { maxLength: 8 }).map((some) => `"${some.join("")}"`);
/** Any JSON as text: blanks, escapes and numbers in any form, and names that are nearly alike. */
const { json, members } = fc.letrec<{ json: string; list: string; object: string; members: string }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 5, depthSize: "small" },
    number,
    string,
    fc.constantFrom("true", "false", "null", "{}", "[ ]"),
    tie("list"),
    tie("object"),
  ),
  list: fc
    .array(fc.tuple(blank, tie("json"), blank), { maxLength: 4 })
    .map((all) => `[${all.map((one) => one.join("")).join(",")}]`),
  object: tie("members").map((some) => `{${some}}`),
  // The number at a name's end tells it apart: "xa0" and "x\u00611" are two names.
  members: fc
    .array(fc.tuple(blank, string, blank, blank, tie("json"), blank), { minLength: 1, maxLength: 4 })
    .map((all) =>
      all
        .map(([before, name, between, behind, value, after], at) => {
          return `${before}"x${name.slice(1, -1)}${at}"${between}:${behind}${value}${after}`;
        })
        .join(","),
    ),
}));

test("any JSON that is well-formed is", () => {
  fc.assert(fc.property(json, (text) => void expect(() => JSON.parse(text)).not.toThrow()));
});

describe("a body of the provider's dialect arrives byte for byte", () => {
  test.each(Object.entries(ENDPOINTS))("%s: whatever else stands in it", (endpoint, [, text]) => {
    fc.assert(
      fc.property(members, blank, (some, around) => {
        const body = `${around}${text.replace("…", () => some)}${around}`;
        expect(sent(endpoint, body)).toBe(body);
        expect(sent(endpoint, body, "their-m")).toBe(body.replace(`"model":"m"`, `"model":"their-m"`));
      }),
    );
  });

  for (const [endpoint, [, text]] of Object.entries(ENDPOINTS)) {
    test.each(ODD)(`${endpoint}: %s`, (_what, odd) => {
      const body = text.replace("…", () => odd);
      expect(sent(endpoint, body)).toBe(body);
      expect(sent(endpoint, `\n\t ${body} \r\n`)).toBe(`\n\t ${body} \r\n`);
      // The model has the provider's name; everything else stays.
      expect(sent(endpoint, body, "their-m")).toBe(body.replace(`"model":"m"`, `"model":"their-m"`));
    });

    test.each([
      ["a name that comes twice", `"x":1,"x":2`, "duplicate_key"],
      ["a name that comes twice, once escaped", String.raw`"x":1,"\u0078":2`, "duplicate_key"],
      ["a name that comes twice inside", `"y":{"x":1,"x":2}`, "duplicate_key"],
      ["an empty name", `"":1`, "unknown_field"],
      ["a name that is no data in JavaScript", `"x":{"__proto__":{"a":1}}`, "unknown_field"],
      ["a number beyond a double", `"x":[1e400]`, "invalid_number"],
      ["70 levels", deep(70), "json_too_deep"],
      ["half of a character", String.raw`"x":"\ud83d"`, "invalid_unicode"],
      ["a comment", `"x":1/* no */`, "invalid_json"],
      ["a comma too many", `"x":[1,]`, "invalid_json"],
      ["NaN", `"x":NaN`, "invalid_json"],
      ["a leading zero", `"x":[01]`, "invalid_json"],
      ["a raw line end in text", `"x":"a\nb"`, "invalid_json"],
    ])(`${endpoint} refuses by name: %s`, (_what, odd, code) => {
      expect(
        codeOf(() =>
          sent(
            endpoint,
            text.replace("…", () => odd),
          ),
        ),
      ).toBe(code);
    });

    test(`${endpoint} refuses a byte order mark and what stands behind the body`, () => {
      const body = text.replace("…", `"x":1`);
      expect(codeOf(() => sent(endpoint, `\uFEFF${body}`))).toBe("invalid_json");
      expect(codeOf(() => sent(endpoint, `${body}{}`))).toBe("invalid_json");
    });
  }

  test.each([
    [`"stream":true,"stream_options":null`, `"stream":true,"stream_options":{"include_usage":true}`],
    [`"stream":true,"stream_options":{}`, `"stream":true,"stream_options":{"include_usage":true}`],
    [
      `"stream":true,"stream_options":{"include_usage":false,"include_obfuscation":false}`,
      `"stream":true,"stream_options":{"include_usage":true,"include_obfuscation":false}`,
    ],
    [
      `"stream":true,"stream_options": {"include_usage" : true }`,
      `"stream":true,"stream_options": {"include_usage" : true }`,
    ],
    [`"stream":false,"stream_options":null`, `"stream":false,"stream_options":null`],
    [`"stream":null`, `"stream":null`],
  ])("of chat's usage options, only what is needed changes: %s", (asked, expected) => {
    const [, text = ""] = ENDPOINTS.chat ?? [];
    expect(sent("chat", text.replace("…", asked))).toBe(text.replace("…", expected));
  });
});
