import { expect, test } from "vitest";
import { budgetBody, expiryChoices, termsBody, USUAL_TERMS, usualDays } from "./key-terms";

const labels = (most: number | null) => expiryChoices(most).map(({ label }) => label);

test("only what the tier allows is offered, and only where keys may live for ever they may", () => {
  expect(labels(90)).toEqual(["7 days", "30 days", "90 days"]);
  expect(labels(14)).toEqual(["7 days", "14 days"]);
  expect(labels(365)).toEqual(["7 days", "30 days", "90 days", "180 days", "a year"]);
  expect(labels(null).at(-1)).toBe("never");
  for (const most of [7, 14, 90, 365, null]) {
    const known = expiryChoices(most).map(({ value }) => value);
    expect(known).toContain(usualDays(most));
  }
});

test("a key goes as its terms say: the tier's usual life, another one, or none; with a budget of its own or without", () => {
  const usual = { environment: "production", rotateEveryDays: null, holderMayRotate: false };
  expect(termsBody(USUAL_TERMS)).toEqual(usual);
  expect(termsBody({ ...USUAL_TERMS, days: "30" })).toEqual({ ...usual, expiresInDays: 30 });
  expect(termsBody({ ...USUAL_TERMS, days: "" })).toEqual({ ...usual, expiresInDays: null });
  expect(termsBody({ ...USUAL_TERMS, rotateDays: "60" })).toEqual({ ...usual, rotateEveryDays: 60 });
  expect(budgetBody("acme", { id: "AbC" }, USUAL_TERMS)).toBeNull();
  expect(budgetBody("acme", { id: "AbC" }, { ...USUAL_TERMS, budget: 12.5 })).toEqual({
    slug: "key-abc",
    level: "key",
    tenant: "acme",
    target: "AbC",
    period: "month",
    amountMicroUsd: 12_500_000,
  });
});
