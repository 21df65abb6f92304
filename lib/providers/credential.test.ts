import { expect, test } from "vitest";
import { credentialEnvFault, credentialMoves, makeCredentialOf, sealCredential } from "./credential";
import { makeVault } from "./vault";

const HOSTS = new Map([["HOUSE_MODEL_SECRET", ["llm.example.com:8443", "127.0.0.1"]]]);

test.each([
  ["OPENAI_API_KEY", "https://api.openai.com/v1"],
  ["OPENAI_BATCH_API_KEY", "https://eu.api.openai.com/v1"],
  ["ANTHROPIC_API_KEY", "https://api.anthropic.com/v1"],
  ["AZURE_OPENAI_API_KEY", "https://acme.openai.azure.com/openai/v1"],
  ["HOUSE_MODEL_SECRET", "https://llm.example.com:8443/v1"],
  ["HOUSE_MODEL_SECRET", "http://127.0.0.1:9000/v1"],
])("%s may be sent to %s", (variable, baseUrl) => {
  expect(credentialEnvFault(variable, baseUrl, HOSTS)).toBeNull();
});

test.each([
  ...["KEY_PEPPER", "AUTH_SECRET", "OPERATOR_TOKEN", "METRICS_TOKEN", "CREDENTIALS_KEY", "DATABASE_URL", "REDIS_URL"],
  ...["UPSTASH_REDIS_REST_TOKEN", "OIDC_CLIENT_SECRET", "HOME", "PATH", "NODE_OPTIONS", "AWS_SECRET_ACCESS_KEY"],
  ...["GITHUB_TOKEN", "OPENAI_API_KEY", "HOUSE_MODEL_SECRET", "ANTHROPIC_API_KEY"],
])("%s is never sent to an address of an operator's choice", (variable) => {
  for (const baseUrl of [
    "https://evil.test/v1",
    "https://api.openai.com.evil.test/v1",
    "https://evilapi.openai.com.de",
  ])
    expect(credentialEnvFault(variable, baseUrl, HOSTS)).toContain("PROVIDER_CREDENTIALS");
});

test("a known name goes out by https alone, and to its own provider alone", () => {
  expect(credentialEnvFault("OPENAI_API_KEY", "http://api.openai.com/v1", HOSTS)).not.toBeNull();
  expect(credentialEnvFault("OPENAI_API_KEY", "https://api.anthropic.com/v1", HOSTS)).not.toBeNull();
  expect(credentialEnvFault("OPENAI_API_KEY", "https://notapi.openai.com/v1", HOSTS)).not.toBeNull();
  expect(credentialEnvFault("HOUSE_MODEL_SECRET", "https://llm.example.com/v1", HOSTS)).not.toBeNull();
});

const GIVEN = { baseUrl: "https://a.test/v1", dialect: "openai" } as const;

test.each([
  [{ baseUrl: "https://a.test/v2" }, false],
  [{ baseUrl: "https://a.test:443/v1" }, false],
  [{ baseUrl: "https://b.test/v1" }, true],
  [{ baseUrl: "https://a.test:444/v1" }, true],
  [{ baseUrl: "http://a.test/v1" }, true],
  [{ dialect: "anthropic" as const }, true],
])("a credential given for https://a.test, then %o: it moves: %s", (change, moves) => {
  expect(credentialMoves(GIVEN, { ...GIVEN, ...change }) !== null).toBe(moves);
});

test("a sealed credential opens only for the address and dialect that it was given for", () => {
  const vault = makeVault(["s".repeat(40)]);
  const credentialOf = makeCredentialOf({ unseal: vault.unseal, hosts: HOSTS, read: () => "never" });
  const provider = { id: "p1", ...GIVEN, credentialEnv: null };
  const bound = { ...provider, credentialSealed: sealCredential(vault.seal, provider, "sk-secret-credential") };
  expect(credentialOf(bound)).toBe("sk-secret-credential");
  expect(credentialOf({ ...bound, baseUrl: "https://a.test/v2" })).toBe("sk-secret-credential");
  expect(() => credentialOf({ ...bound, baseUrl: "https://evil.test/v1" })).toThrow("does not open");
  expect(() => credentialOf({ ...bound, dialect: "anthropic" })).toThrow("does not open");
  expect(credentialOf({ ...provider, credentialSealed: vault.seal("p1", "sk-earlier") })).toBe("sk-earlier");
});

test("a variable named by a row that was written by hand is not read", () => {
  const read: string[] = [];
  const credentialOf = makeCredentialOf({
    unseal: () => "never",
    hosts: HOSTS,
    read: (variable) => {
      read.push(variable);
      return "value";
    },
  });
  const row = { id: "p1", ...GIVEN, credentialSealed: null };
  expect(credentialOf({ ...row, credentialEnv: "KEY_PEPPER" })).toBeNull();
  expect(credentialOf({ ...row, credentialEnv: "OPENAI_API_KEY" })).toBeNull();
  expect(read).toEqual([]);
  expect(credentialOf({ ...row, baseUrl: "https://api.openai.com/v1", credentialEnv: "OPENAI_API_KEY" })).toBe("value");
});

test("a sealed credential is opened once for a provider, and again when its row has changed", () => {
  const vault = makeVault(["s".repeat(32)]);
  let opened = 0;
  const unseal = (...given: Parameters<typeof vault.unseal>) => {
    opened += 1;
    return vault.unseal(...given);
  };
  const credentialOf = makeCredentialOf({ unseal, hosts: HOSTS, read: () => null });
  const row = { id: "p1", ...GIVEN, credentialEnv: null };
  const provider = { ...row, credentialSealed: sealCredential(vault.seal, row, "sk-first") };
  expect([credentialOf(provider), credentialOf(provider), opened]).toEqual(["sk-first", "sk-first", 1]);
  const changed = { ...row, credentialSealed: sealCredential(vault.seal, row, "sk-second") };
  expect([credentialOf(changed), opened]).toEqual(["sk-second", 2]);
});
