import { expect, test } from "vitest";
import { coalesced } from "./coalesced";

/** A source whose requests end when the test says so. */
function held() {
  const requests: { ids: readonly string[]; end(): void; fail(): void }[] = [];
  const ask = coalesced<string, number>(
    (ids) =>
      new Promise((resolve, reject) => {
        const nth = requests.length + 1;
        requests.push({ ids, end: () => resolve(nth), fail: () => reject(new Error("away")) });
      }),
    0,
  );
  const started = async (count: number) => {
    while (requests.length < count) await new Promise((resolve) => setImmediate(resolve));
    return requests[count - 1];
  };
  return { ask, requests, started };
}

test("a thousand callers that ask while one request runs share the next, which begins after they asked", async () => {
  const { ask, requests, started } = held();
  const first = ask("a");
  expect((await started(1))?.ids).toEqual(["a"]);
  const others = Array.from({ length: 1000 }, (_, index) => ask(`key ${index % 10}`));
  expect(requests).toHaveLength(1);
  requests[0]?.end();
  expect(await first).toBe(1);
  const second = await started(2);
  expect(second?.ids).toHaveLength(10);
  second?.end();
  expect(new Set(await Promise.all(others))).toEqual(new Set([2]));
  expect(requests).toHaveLength(2);
});

test("a request that fails fails those who share it, and the next one runs", async () => {
  const { ask, started } = held();
  const first = ask("a");
  (await started(1))?.fail();
  await expect(first).rejects.toThrow("away");
  const second = ask("a");
  (await started(2))?.end();
  expect(await second).toBe(2);
});
