import { expect, test } from "vitest";
import { slackTextOf } from "./channels";

test("text that a caller chose is no link and no mention in Slack", () => {
  const findings = [{ title: "a\n• b: <!channel> <https://evil.test|Sign in & confirm>", detail: {}, dedupeKey: "k" }];
  const message = { kind: "fired", rule: "more_asked", severity: "info", at: "", findings } as const;
  const text = slackTextOf({ ...message, console: "https://console.test/alerts?a=1&b=2" });
  expect(text).not.toMatch(/[<>]/);
  expect(text.split("\n")).toHaveLength(3);
  expect(text).toContain("&lt;!channel&gt; &lt;https://evil.test|Sign in &amp; confirm&gt;");
});
