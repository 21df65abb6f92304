import { expect, test } from "vitest";
import { slugOf } from "../../_ui/forms/slug";
import { EMPTY, filledFor, filledFrom, providerBody, withField } from "./provider-body";

const stored = {
  id: "p",
  slug: "acme",
  name: "Acme",
  dialect: "openai",
  baseUrl: "https://api.acme.test/v1",
  strict: false,
  preset: null,
  credentialEnv: null,
  credentialLast4: "x9Zq",
  allowLocal: false,
  continuousUsage: true,
  coolsDown: true,
  answerSeconds: null,
  silenceSeconds: 20,
  requestsPerMinute: 600,
  tokensPerMinute: null,
  enabled: true,
  takenOutReason: null,
  reopenedAt: null,
  credentials: [],
  credentialWeight: 3,
  ramps: true,
  serviceTiers: { background: "flex" },
};

test("an edit keeps the stored credential by not sending one", () => {
  const body = providerBody({ ...filledFrom(stored), name: "Acme Ltd" });
  expect(body).not.toHaveProperty("credential");
  expect(body).toMatchObject({
    name: "Acme Ltd",
    credentialEnv: null,
    silenceSeconds: 20,
    requestsPerMinute: 600,
    credentialWeight: 3,
    credentials: [],
    ramps: true,
    serviceTiers: { background: "flex" },
  });
});

test("a new credential is sent once; a variable or none takes the stored one away", () => {
  expect(providerBody({ ...EMPTY, credential: " sk-1 " })).toMatchObject({ credential: "sk-1", credentialEnv: null });
  const variable = { ...EMPTY, from: "variable" as const, variable: "ACME_API_KEY", credential: "typed before" };
  expect(providerBody(variable)).toMatchObject({ credential: null, credentialEnv: "ACME_API_KEY" });
  expect(providerBody({ ...variable, from: "none" })).toMatchObject({ credential: null, credentialEnv: null });
});

test("an address loses its last slash, and a name makes a slug", () => {
  expect(providerBody({ ...EMPTY, baseUrl: " https://api.acme.test/v1/ " })).toMatchObject({
    baseUrl: "https://api.acme.test/v1",
  });
  expect([slugOf("Möwe & Söhne"), slugOf("  OpenAI (EU) ")]).toEqual(["mo-we-so-hne", "openai-eu"]);
});

test("a known kind fills in what an operator need not know", () => {
  expect(providerBody(filledFor("groq", EMPTY))).toMatchObject({
    preset: "groq",
    name: "Groq",
    dialect: "openai",
    baseUrl: "https://api.groq.com/openai/v1",
  });
  expect(filledFor("ollama", EMPTY)).toMatchObject({ allowLocal: true, from: "none", baseUrl: "" });
  expect(filledFor("anthropic", EMPTY)).toMatchObject({ dialect: "anthropic", variable: "ANTHROPIC_API_KEY" });
  expect(filledFor(null, filledFor("groq", EMPTY))).toMatchObject({ preset: null, name: "Groq" });
});

test("a base URL with fields is whole once each of them is there", () => {
  const azure = filledFor("azure", EMPTY);
  expect(azure.baseUrl).toBe("");
  expect(withField(azure, "resource", "acme-eu").baseUrl).toBe("https://acme-eu.openai.azure.com/openai/v1");
  expect(withField(azure, "resource", "acme/../x").baseUrl).toBe("");
  expect(providerBody(withField(azure, "resource", "acme-eu"))).not.toHaveProperty("fields");
});

test("a service tier that is emptied is asked for no more", () => {
  const filled = { ...filledFrom(stored), serviceTiers: { background: " ", interactive: " priority " } };
  expect(providerBody(filled)).toMatchObject({ serviceTiers: { interactive: "priority" } });
});
