import { describe, expect, test } from "vitest";
import { asPublicError } from "@/lib/errors";
import fc from "@/lib/fuzz/properties.suite";
import { exactNumbers } from "./exact-numbers";
import { parseJsonBody, parsingJsonBody } from "./json-guard";

const bytes = (text: string) => new TextEncoder().encode(text);

function codeOf(body: Uint8Array | string): string {
  try {
    parseJsonBody(typeof body === "string" ? bytes(body) : body);
    return "ok";
  } catch (error) {
    return asPublicError(error)?.code ?? `not public: ${String(error)}`;
  }
}

describe("the bad-input corpus, JSON level", () => {
  test.each([
    ['{"model":', "invalid_json"],
    ['{"a":1,}', "invalid_json"],
    ["{'a':1}", "invalid_json"],
    ['{"a":1} {"b":2}', "invalid_json"],
    ['{"a":undefined}', "invalid_json"],
    ["", "invalid_json"],
    ["   ", "invalid_json"],
    ["[]", "invalid_body"],
    ['"x"', "invalid_body"],
    ["1", "invalid_body"],
    ["null", "invalid_body"],
    ["\ufeff{}", "invalid_json"],
    ['{"a":"\\ud800"}', "invalid_unicode"],
    ['{"a":"\\ud800\\u0041"}', "invalid_unicode"],
    ['{"a":"\\udc00"}', "invalid_unicode"],
    ['{"a":"\\ud83d\\ude00"}', "ok"],
    ['{"a":"😀"}', "ok"],
    ['{"a":"\u0001"}', "invalid_json"],
    ['{"a":"\\u0000"}', "ok"],
    ['{"model":"a","model":"b"}', "duplicate_key"],
    ['{"m":[{"role":"a","r\\u006fle":"b"}]}', "duplicate_key"],
    ['{"a":{"b":1},"c":{"b":1}}', "ok"],
    ['{"__proto__":{"admin":true}}', "unknown_field"],
    ['{"":1}', "unknown_field"],
    ['{"a":{"":1}}', "ok"],
    ['{"a":{"__proto__":1}}', "unknown_field"],
    ['{"max_tokens":1e309}', "invalid_number"],
    ['{"max_tokens":-1e309}', "invalid_number"],
    ['{"max_tokens":12345678901234567890}', "invalid_number"],
    ['{"max_tokens":9007199254740993}', "invalid_number"],
    [`{"max_tokens":${"9".repeat(1_000_000)}}`, "invalid_number"],
    ['{"t":0.7,"n":-1,"e":1e3}', "ok"],
    ['{"a":NaN}', "invalid_json"],
    ['{"a":01}', "invalid_json"],
    ['{"a":.5}', "invalid_json"],
    ['{"a":+1}', "invalid_json"],
    ['{"a":0x10}', "invalid_json"],
    [`{"a":${"[".repeat(65)}${"]".repeat(65)}}`, "json_too_deep"],
    [`{"a":${"[".repeat(60)}${"]".repeat(60)}}`, "ok"],
    ["[".repeat(1_000_000), "json_too_deep"],
    [`{${Array.from({ length: 2001 }, (_, index) => `"k${index}":1`).join(",")}}`, "json_too_complex"],
    [`{"${"k".repeat(100_000)}":1}`, "json_too_complex"],
  ])("%#: %.40s → %s", (body, code) => {
    expect(codeOf(body)).toBe(code);
  });

  test.each([
    ["ff fe in a string", [0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0xfe, 0x22, 0x7d]],
    ["overlong c0 af", [0x7b, 0x22, 0xc0, 0xaf, 0x22, 0x3a, 0x31, 0x7d]],
    ["truncated e2 82", [0x22, 0xe2, 0x82]],
  ])("%s → invalid_utf8", (_name, raw) => {
    expect(codeOf(Uint8Array.from(raw))).toBe("invalid_utf8");
  });
});

test("a body that takes more time and memory than its size suggests is refused before it is built", () => {
  const many = (count: number, one: string) => Array.from({ length: count }, () => one).join(",");
  const outer = (rows: number, row: string) => `{"a":[${many(rows, row)}]}`;
  expect(codeOf(outer(100, `[${many(600, "[]")}]`))).toBe("json_too_complex");
  expect(codeOf(outer(100, `[${many(600, "{}")}]`))).toBe("json_too_complex");
  expect(codeOf(outer(100, `[${many(6000, "1")}]`))).toBe("json_too_complex");
  const keys = Array.from({ length: 900 }, (_, nth) => `"k${nth}":1`).join(",");
  expect(codeOf(outer(120, `{${keys}}`))).toBe("json_too_complex");
  // 300,000 tokens for embeddings, and a conversation of 2,000 messages.
  expect(codeOf(outer(60, `[${many(5000, "100257")}]`))).toBe("ok");
  expect(codeOf(outer(2000, '{"role":"user","content":[{"type":"text","text":"hello"}]}'))).toBe("ok");
});

test("a large body is read in many steps, with the same result wherever a step ends", () => {
  const piece = 'a "quoted" \\ 漢字 😀 \u00e9 ';
  for (const shift of [0, 1, 2, 3, 5, 8, 13]) {
    const value = { pad: "x".repeat(shift), text: piece.repeat(20_000), more: [1, { deep: piece }] };
    const steps = parsingJsonBody(bytes(JSON.stringify(value)));
    let count = 0;
    let result: unknown = null;
    for (let step = steps.next(); ; step = steps.next()) {
      count += 1;
      if (step.done !== true) continue;
      result = step.value;
      break;
    }
    expect(result).toEqual(value);
    expect(count).toBeGreaterThan(30);
  }
});

test("a valid body is read as JSON.parse reads it", () => {
  const depthSafe = fc.dictionary(
    fc.string({ minLength: 1 }).filter((key) => key !== "__proto__" && key.isWellFormed()),
    fc.jsonValue({ maxDepth: 4 }),
  );
  fc.assert(
    fc.property(depthSafe, (value) => {
      const text = JSON.stringify(value);
      const hasOddParts = /"(__proto__)?":|\\ud[89a-f]/i.test(text) || /\d{16}|e\+/.test(text);
      if (!hasOddParts) expect(parseJsonBody(bytes(text))).toEqual(JSON.parse(text));
    }),
  );
});

test("any bytes give an object or a PublicError, never another throw", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (raw) => void expect(codeOf(raw)).not.toContain("not public")),
  );
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(...'{}[]",:\\u01eE+-.tn ') }),
      (raw) => void expect(codeOf(raw)).not.toContain("not public"),
    ),
  );
});

describe("digits that a double cannot hold", () => {
  const body = (json: string) => parseJsonBody(new TextEncoder().encode(json), { keepsDigits: true });

  test("are kept inside of members", () => {
    const json = '{"tools":[{"schema":{"maximum":18446744073709551615}}]}';
    expect(exactNumbers(JSON.stringify(body(json)))).toBe(json);
  });

  test.each(['{"max_tokens":12345678901234567890}', '{"a":[1e309]}', `{"a":[${"9".repeat(1101)}]}`])(
    "are refused as a setting, and where no reader could hold them: %s",
    (json) => {
      expect(() => body(json)).toThrow("too large or has too many digits");
    },
  );

  test("are refused where the route takes no body", () => {
    expect(() => parseJsonBody(new TextEncoder().encode('{"a":[9007199254740993]}'))).toThrow(
      "too large or has too many digits",
    );
  });
});
