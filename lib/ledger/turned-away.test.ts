import { expect, test } from "vitest";
import type { TurnedAwayRow } from "@/db/queries/requests/turned-away";
import { TurnedAway, type TurnedAwayCall } from "./turned-away";

const T0 = Date.UTC(2026, 0, 1);
const call = (change: Partial<TurnedAwayCall>): TurnedAwayCall => ({
  requestId: "req_1",
  code: "invalid_api_key",
  status: 401,
  tenantId: null,
  keyId: "AAAAAAAAAAAA",
  address: "203.0.113.7",
  path: "/v1/chat/completions",
  model: null,
  ...change,
});

async function drained(away: TurnedAway): Promise<readonly TurnedAwayRow[]> {
  let rows: readonly TurnedAwayRow[] = [];
  await away.drain(async (written) => {
    rows = written;
    return [];
  });
  return rows;
}

test("393 calls with a leaked key in one minute are one row with their number, under the first one's id", async () => {
  const away = new TurnedAway();
  for (let n = 0; n < 393; n++) away.add(call({ requestId: `req_${n}`, tenantId: "t_1" }), T0 + n * 100);
  expect(await drained(away)).toEqual([
    {
      minute: new Date(T0),
      code: "invalid_api_key",
      status: 401,
      tenantId: "t_1",
      keyId: "AAAAAAAAAAAA",
      address: "203.0.113.7",
      path: "/v1/chat/completions",
      model: null,
      count: 393,
      requestId: "req_0",
    },
  ]);
});

test("a flood of strangers has a bounded number of rows, all are counted, and it does not hide a known key", async () => {
  const away = new TurnedAway();
  for (let n = 0; n < 10_000; n++) away.add(call({ keyId: `K${n}`, address: `2001:db8::${n}` }), T0 + n);
  away.add(call({ tenantId: "t_1", keyId: "REVOKED00000" }), T0 + 20_000);
  const rows = await drained(away);
  expect(rows).toHaveLength(52);
  expect(rows.reduce((sum, row) => sum + row.count, 0)).toBe(10_001);
  expect(rows.find((row) => row.address === "")).toMatchObject({ count: 9950, keyId: "" });
  expect(rows.find((row) => row.keyId === "REVOKED00000")).toMatchObject({ count: 1, tenantId: "t_1" });
  // The next minute has room again, also after what was written in between.
  away.add(call({ keyId: "LATER" }), T0 + 60_000);
  expect((await drained(away)).map((row) => row.keyId)).toEqual(["LATER"]);
});

test("a second batch of the same minute keeps its rows, and what could not be written waits", async () => {
  const away = new TurnedAway();
  away.add(call({}), T0);
  await away.drain(async (rows) => {
    away.add(call({ requestId: "req_2" }), T0 + 1);
    return rows;
  });
  expect(await drained(away)).toMatchObject([{ count: 2, requestId: "req_1" }]);
});

test("calls that are one row keep the model that they asked for, unless it differs", async () => {
  const away = new TurnedAway();
  const ask = (model: string | null) => away.add(call({ code: "model_not_found", status: 404, model }), T0);
  ask("gpt-9");
  ask("gpt-9");
  expect(await drained(away)).toMatchObject([{ model: "gpt-9", count: 2 }]);
  for (const model of ["gpt-9", "gpt-10", "gpt-9"]) ask(model);
  expect(await drained(away)).toMatchObject([{ model: null, count: 3 }]);
});
