import { describe, expect, test } from "vitest";
import fc from "@/lib/fuzz/properties.suite";
import { withoutNulls } from "./field-fault";
import { parseJsonBody } from "./json-guard";
import { rawBody } from "./raw-body";

const bytes = (text: string) => new TextEncoder().encode(text);

function sent(text: string, change: (body: Record<string, unknown>) => object, keepsNulls = true): string {
  const source = bytes(text);
  const before = withoutNulls(parseJsonBody(source, { keepsDigits: true }));
  const after = { ...change(before) };
  return new TextDecoder().decode(rawBody({ source, before, after, keepsNulls }));
}

describe("a body that needs no change goes on as it came", () => {
  const ODD = ` {\t"model" :"a\\u0062", "temperature":1.0e0,"seed":18446744073709551615.0 ,"none":null,\r\n"x":[ 1.50,{"}":"]\\"," } ],"é":"漢\\n\\\\"}\n `;

  test("byte for byte, whatever it looks like", () => {
    const source = ODD.replace("18446744073709551615.0", "3.0");
    expect(sent(source, (body) => body)).toBe(source);
    expect(sent("{}", (body) => body)).toBe("{}");
  });

  test.each<[string, string, (body: Record<string, unknown>) => object, string]>([
    ["changed in its place", '{"model": "m" ,"a":1}', (body) => ({ ...body, model: "up" }), '{"model": "up" ,"a":1}'],
    ["a key that is written otherwise", '{"mod\\u0065l":"m"}', () => ({ model: "up" }), '{"mod\\u0065l":"up"}'],
    ["new at the end", '{ "a": 1 }', (body) => ({ ...body, b: [2] }), '{ "a": 1,"b":[2] }'],
    ["new in an empty one", "{ }", () => ({ b: 2 }), '{"b":2 }'],
    ["the first left out", '{"a":1, "b":2,"c":3}', ({ a: _a, ...rest }) => rest, '{"b":2,"c":3}'],
    ["the middle left out", '{"a":1, "b":2,"c":3}', ({ b: _b, ...rest }) => rest, '{"a":1,"c":3}'],
    ["the last left out", '{"a":1, "b":2,"c":3 }', ({ c: _c, ...rest }) => rest, '{"a":1, "b":2 }'],
    ["all left out", '{"a":1, "b":2}', () => ({}), "{}"],
    ["one for another", '{"a":1,"b":2}', ({ a: _a, ...rest }) => ({ ...rest, z: 1 }), '{"b":2,"z":1}'],
    ["null given a value", '{"cap":null,"b":2}', (body) => ({ ...body, cap: 7 }), '{"cap":7,"b":2}'],
  ])("%s", (_name, text, change, expected) => {
    expect(sent(text, change)).toBe(expected);
  });

  test("nulls are left out for a provider that is sent known members alone", () => {
    expect(sent('{"x":null,"a":[null],"y":null}', (body) => body, false)).toBe('{"a":[null]}');
  });
});

test("any body is read correctly, and its kept members are the bytes that came", () => {
  const key = fc.oneof(
    fc.constantFrom("model", "cap", "toString", "constructor"),
    fc.string({ unit: "grapheme", minLength: 1 }),
  );
  const objects = fc.dictionary(
    key.filter((name) => name !== "__proto__" && name.isWellFormed()),
    fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.string({ unit: fc.constantFrom(...'\\"{}[],: é'), maxLength: 200 })),
  );
  const isSound = (value: unknown) => !/"(__proto__)?":|\\ud[89a-f]/i.test(JSON.stringify(value));
  fc.assert(
    fc.property(objects.filter(isSound), objects.filter(isSound), fc.nat(2), (body, changes, indent) => {
      const source = bytes(JSON.stringify(body, null, indent));
      const before = withoutNulls(body);
      const gone = new Set(Object.keys(before).filter((_name, at) => at % 3 === 1));
      const after = {
        ...Object.fromEntries(Object.entries(before).filter(([name]) => !gone.has(name))),
        ...withoutNulls(changes),
      };
      const out = new TextDecoder().decode(rawBody({ source, before, after, keepsNulls: false }));
      expect(JSON.parse(out)).toEqual(JSON.parse(JSON.stringify(after)));
      expect(rawBody({ source, before, after: before, keepsNulls: true })).toEqual(Buffer.from(source));
    }),
  );
});
