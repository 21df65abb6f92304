import { expect, test } from "vitest";
import { modelFor } from "../scarce.suite";
import { upstreamFigures } from "./upstream-figures";

const plain = modelFor({ requests: 60, tokens: 1000, figures: "operator", ramp: null });
const way = (credentialId: string) => ({ weight: 1, provider: { ...plain.provider, credentialId } });
const pair = { ...plain, provider: { ...plain.provider, ways: [way("p"), way("p~second")] } };

test("limits are counted by state: fresh, aged, unknown, or without any figure", () => {
  const known = (credentialId: string) =>
    credentialId === "p" ? (["fresh", "aged"] as const) : credentialId === "p~second" ? (["unknown"] as const) : [];
  const upstreams = {
    door: ({ provider }: typeof plain) =>
      provider.credentialId === "p~second"
        ? ({ kind: "closed", opensAtMs: null, why: "limited" } as const)
        : ({ kind: "open" } as const),
    known: ({ provider }: typeof plain) => known(provider.credentialId),
  };
  const silent = { ...plain, provider: { ...plain.provider, credentialId: "q" } };
  expect(upstreamFigures(upstreams, [pair, silent])).toEqual({
    rooms: { fresh: 1, aged: 1, unknown: 1, none: 1 },
    closed: 1,
  });
});
