import { expect, test } from "vitest";
import type { Priority } from "@/lib/limits/rules/priority";
import type { Model } from "@/lib/providers/catalog";
import { parseChat } from "@/lib/wire/openai/parse-chat";
import { modelFor } from "./scarce.suite";
import { serviceTierFor } from "./service-tier";

const rates = { input: 500_000, cachedInput: 500_000, output: 2_000_000 };
const price = { ...rates, input: 1_000_000, serviceTiers: { flex: rates } };
const plain = modelFor({ requests: 1, tokens: 1, figures: "none", ramp: null });
const provider = { ...plain.provider, serviceTiers: { background: "flex", interactive: "priority" } };
const model = { ...plain, price, provider };
const call = (more: object = {}) => parseChat({ model: "m", messages: [{ role: "user", content: "hi" }], ...more });
const tierOf = (priority: Priority, more: object = {}, of: Model = model) => serviceTierFor(call(more), of, priority);

test("a priority stands for a service tier where its operator says so, and only for one that has a price", () => {
  expect(tierOf("background")).toBe("flex");
  expect(tierOf("standard")).toBeNull();
  // This tier has no price.
  expect(tierOf("interactive")).toBeNull();
  expect(tierOf("background", {}, { ...model, provider: plain.provider })).toBeNull();
});

test("what the caller asks for holds, and another dialect has no such tiers", () => {
  expect(tierOf("background", { service_tier: "default" })).toBe("default");
  expect(tierOf("background", {}, { ...model, provider: { ...provider, dialect: "anthropic" } })).toBeNull();
});
