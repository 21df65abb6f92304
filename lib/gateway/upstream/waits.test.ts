import { expect, test } from "vitest";
import { waitsFor } from "./waits";

const USUAL = { headersMs: 900_000, idleMs: 600_000, totalMs: 3_600_000 };
const NONE = { answerSeconds: null, silenceSeconds: null };

test.each([
  ["a stream, as the process has it", NONE, true, USUAL],
  ["a whole answer may be silent for as long as until it begins", NONE, false, { ...USUAL, idleMs: 900_000 }],
  [
    "a provider's own",
    { answerSeconds: 30, silenceSeconds: 20 },
    true,
    { ...USUAL, headersMs: 30_000, idleMs: 20_000 },
  ],
  [
    "never cut by what all may take",
    { answerSeconds: 3600, silenceSeconds: null },
    false,
    { headersMs: 3_600_000, idleMs: 3_600_000, totalMs: 3_600_000 },
  ],
])("%s", (_name, provider, isStream, waits) => {
  expect(waitsFor(USUAL, provider, isStream)).toEqual(waits);
});
