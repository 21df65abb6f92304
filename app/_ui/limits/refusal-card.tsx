import { Card, Stack, Text } from "@mantine/core";
import { amount, duration, inSentence, LAYER_WORDS } from "../figures/format";
import { useMomentWords } from "../figures/moment";
import type { Refusal } from "../forms/pasted";

/** A refusal in words: what was requested, what was left, and when the same call passes. */
export function RefusalCard({ refusal }: { refusal: Refusal }) {
  const momentWords = useMomentWords();
  return (
    <Card component="section" aria-label="The refusal">
      <Stack gap={6}>
        <Text fw={600}>{TITLES[refusal.code] ?? refusal.code.replaceAll("_", " ")}</Text>
        {sentences(refusal, momentWords).map((sentence) => (
          <Text key={sentence} size="sm">
            {sentence}
          </Text>
        ))}
        <Text size="xs" c="dimmed">
          {refusal.message}
        </Text>
      </Stack>
    </Card>
  );
}

const TITLES: Readonly<Record<string, string>> = {
  rate_limit_exceeded: "Refused by a rate limit",
  insufficient_quota: "Refused by a budget",
  enforced_spend_limit_reached: "Refused by a budget",
  request_exceeds_limit: "Larger than the limit",
  kill_switch_active: "Stopped by an operator",
  limiter_unavailable: "Refused because the limits could not be checked",
};

function sentences(refusal: Refusal, momentWords: ReturnType<typeof useMomentWords>): string[] {
  const { limitName, layer, dimension, limit, used, asked, retryAfterSeconds, resetAt } = refusal;
  const said: string[] = [];
  if (limitName !== null && layer !== null) {
    said.push(`Refused by the limit "${limitName}", counted per ${inSentence(LAYER_WORDS[layer] ?? layer)}.`);
  }
  if (dimension !== null && limit !== null && asked !== null) {
    const before = used ?? 0;
    said.push(
      `Used: ${amount(dimension, before)}. Requested: ${amount(dimension, asked)}. Allowed: ${amount(dimension, limit)}.`,
    );
  }
  if (retryAfterSeconds !== null) {
    const at = resetAt === null ? "" : ` (at ${momentWords(resetAt)})`;
    said.push(`The same call would have passed ${duration(retryAfterSeconds)} later${at}, if nobody else had called.`);
  }
  return said;
}
