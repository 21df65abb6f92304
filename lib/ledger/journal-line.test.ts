import { expect, test } from "vitest";
import { begunLine, readLine, storedIntent } from "./journal-line";

const intent = {
  requestId: "r",
  tenantId: "t",
  tierId: "t",
  keyId: "k",
  keyFamilyId: "k",
  userDigest: "",
  endpoint: "chat",
  askedModel: "m",
  servedModel: "m",
  providerId: "p",
  policyVersion: 1,
  stream: true,
  estimatedInputTokens: 1,
  reservedOutputTokens: 1,
  inputPrice: 1,
  cachedInputPrice: 2,
  outputPrice: 3,
  admittedAt: "2026-11-27T00:00:00.000Z",
  instanceId: "i",
};
const read = (value: object) => {
  const one = readLine(JSON.stringify(value));
  return one.kind === "line" && one.line.kind === "open" ? one.line.intent : one;
};

test("a call that a process of before wrote is billed by the three rates it knew", () => {
  expect(read({ kind: "open", intent })).toMatchObject({ price: { input: 1, cachedInput: 2, output: 3 } });
});

test("a call keeps its whole price", () => {
  const card = { input: 5, cachedInput: 6, output: 7, cacheWrite: 8 };
  const price = {
    ...card,
    longContext: [{ ...card, aboveInputTokens: 9 }],
    serviceTiers: { flex: card },
    fees: { request: 1 },
  };
  expect(read({ kind: "open", intent: { ...intent, price } })).toMatchObject({ price });
});

test("usage is noted with its parts", () => {
  const usage = {
    inputTokens: 1,
    cachedInputTokens: 0,
    outputTokens: 2,
    parts: { cacheWrite: 1 },
    uses: { web_search: 1 },
  };
  const line = { kind: "note", requestId: "r", usage, at: "2026-11-27T00:00:00.000Z" };
  expect(readLine(JSON.stringify(line))).toMatchObject({ kind: "line", line: { usage } });
});

test("a call in the words of its reservation is read as it was decided, on the way that was taken", () => {
  const { servedModel, providerId, ...call } = intent;
  const ways = [
    { servedModel, providerId },
    { servedModel: "cheap", providerId: "p2" },
  ];
  const begun = { text: JSON.stringify({ call, ways }), planIndex: 1 };
  const decided = { admittedAt: new Date("2026-11-27T00:00:01.000Z"), limitMode: "local" };
  const asStored = storedIntent(begun.text, 1);
  const line = begunLine(begun, { ...asStored, ...decided });
  expect(readLine(line)).toEqual({ kind: "line", line: { kind: "open", intent: { ...asStored, ...decided } } });
  expect(asStored).toMatchObject({ servedModel: "cheap", providerId: "p2", requestId: "r" });
  expect(readLine(line.replace('"requestId":"r"', '"requestId":""'))).toMatchObject({ kind: "bad" });
});
