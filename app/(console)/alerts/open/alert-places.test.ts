import { expect, test } from "vitest";
import { alertPlaces } from "./alert-places";

test.each([
  [
    "refused calls of a tenant",
    { tenant: "acme", calls: 4, refused: 9, costMicroUsd: 0 },
    ["/tenants/acme", "/requests/log?tenant=acme&kind=refused&range=1h"],
  ],
  [
    "a limit of a tenant",
    { tenant: "acme", limit: "requests-per-minute", used: 9, capacity: 10 },
    ["/tenants/acme", "/requests/log?tenant=acme&kind=refused&range=1h"],
  ],
  ["a tenant's budget", { tenant: "acme", budget: "month", percent: 80 }, ["/tenants/acme", "/spend"]],
  ["everybody's budget", { tenant: null, budget: "all" }, ["/spend"]],
  ["a key", { tenant: "acme", id: "AbC", name: "Web shop" }, ["/tenants/acme"]],
  ["a provider", { provider: "openai", calls: 9 }, ["/scarcity"]],
  ["a model that meets 429", { model: "m", limitedInARow: 4, detail: "" }, ["/scarcity"]],
  ["no drill for a month", { lastBrakeAt: null }, ["/brakes"]],
  ["nothing named", {}, []],
])("an alert about %s leads to where the operator acts", (_name, detail, hrefs) => {
  expect(alertPlaces(detail).map(({ href }) => href)).toEqual(hrefs);
});
