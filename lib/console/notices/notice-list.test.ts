import { expect, test } from "vitest";
import { noticesOf } from "./notice-list";

const NOW = Date.parse("2026-11-28T12:00:00Z");
const at = (time: string) => `2026-11-28T${time}:00.000Z`;
const brake = (id: string, end: { expiresAt?: string; liftedAt?: string }) => ({
  ...{ id, scope: { tenant: "acme" }, names: { tenant: "Acme" }, reason: "runaway", createdBy: "ada" },
  ...{ createdAt: at("10:00"), expiresAt: null, liftedAt: null, liftedBy: "eve", ...end },
});

test("what happened is listed newest first, and nothing that is still to come", () => {
  const notices = noticesOf(
    {
      alerts: [
        {
          id: "a",
          title: "Budget northwind at 80 %",
          detail: { budget: "northwind" },
          startedAt: at("09:00"),
          endedAt: at("11:00"),
        },
      ],
      brakes: [brake("b1", { expiresAt: at("10:30") }), brake("b2", { liftedAt: at("10:40"), expiresAt: at("13:00") })],
      deliveries: [
        { id: "d1", channel: "On call", status: "given up", lastError: "HTTP 404", createdAt: at("09:30") },
        { id: "d2", channel: "On call", status: "delivered", lastError: "HTTP 500", createdAt: at("09:40") },
      ],
      keys: [
        { id: "k1", name: "First", tenant: "acme", tenantName: "Acme", expiresAt: "2026-12-02T08:00:00.000Z" },
        { id: "k2", name: "Later", tenant: "acme", expiresAt: "2027-12-02T08:00:00.000Z" },
      ],
    },
    NOW,
  );
  expect(notices.map(({ text }) => text)).toEqual([
    "Alert closed: Budget northwind at 80 %",
    expect.stringMatching(/^Brake lifted by eve: .*Acme$/),
    expect.stringMatching(/^Brake expired: .*Acme$/),
    expect.stringMatching(/^Brake set by ada: .*Acme \(runaway\)$/),
    expect.stringMatching(/^Brake set by ada/),
    "Message to On call not delivered: HTTP 404",
    "Alert opened: Budget northwind at 80 %",
    "Key First of Acme expires on 2026-12-02",
  ]);
  expect([notices[0]?.href, notices[1]?.href, notices.at(-1)?.href]).toEqual(["/spend", "/brakes", "/keys?find=k1"]);
});
