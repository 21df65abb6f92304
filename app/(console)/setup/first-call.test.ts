import { expect, test } from "vitest";
import { SNIPPETS, snippetOf } from "./first-call";

const call = { baseUrl: "https://spillway.test", model: "house/small-1", key: "sw_live_abc_def" };

test.each(SNIPPETS)("%s has the address, the model and the key filled in, for both dialects", (kind) => {
  for (const dialect of ["openai", "anthropic"] as const) {
    const text = snippetOf(kind, { ...call, dialect });
    for (const part of Object.values(call)) expect(text).toContain(part);
  }
});

test("a key that is not known any more is left to be filled in", () => {
  expect(snippetOf("curl", { ...call, key: null, dialect: "openai" })).toContain("Bearer sw_live_…");
});

test("OpenAI clients get the address with /v1, Anthropic clients without", () => {
  const of = (dialect: "openai" | "anthropic") => snippetOf("Python", { ...call, dialect });
  expect(of("openai")).toContain('base_url="https://spillway.test/v1"');
  expect(of("anthropic")).toContain('base_url="https://spillway.test"');
});

test("the curl command's body is JSON, in one quoted argument", () => {
  const [, body = ""] = /-d '(.*)'$/.exec(snippetOf("curl", { ...call, dialect: "openai" })) ?? [];
  expect(JSON.parse(body)).toMatchObject({ model: call.model, max_tokens: 64 });
});
