import { Anchor, Badge, Group, Text } from "@mantine/core";
import Link from "next/link";
import type { EffectiveLimit, OriginStep } from "@/lib/console/limits/effective";
import { ALGORITHM_WORDS, amount, duration, inSentence, LAYER_WORDS, matchWords } from "../../figures/format";
import { Moment } from "../../figures/moment";
import { originPlace } from "./origin-place";

/** One limit of a tenant, and the source of its number: the step in bold is in force. */
export function LimitOrigin({ limit }: { limit: EffectiveLimit }) {
  return (
    <div>
      <Group gap="xs">
        <Text size="sm" fw={600}>
          {limit.name}
        </Text>
        <Text size="sm" className="figure">
          {limit.capacity === null ? "does not apply" : `${amount(limit.dimension, limit.capacity)}${windowOf(limit)}`}
        </Text>
        <Text size="xs" c="dimmed">
          {limit.layer === "global"
            ? "shared by everybody"
            : `for each ${inSentence(LAYER_WORDS[limit.layer] ?? limit.layer)}`}{" "}
          · {ALGORITHM_WORDS[limit.algorithm]}
          {matchWords(limit.match) !== "" && ` · ${matchWords(limit.match)}`}
        </Text>
        {limit.observe && (
          <Badge size="sm" variant="light" tt="none">
            observed only
          </Badge>
        )}
      </Group>
      {limit.chain.map((step, index) => (
        // Steps have no name of their own; their order is what they are.
        // biome-ignore lint/suspicious/noArrayIndexKey: see above
        <Step key={index} step={step} dimension={limit.dimension} />
      ))}
    </div>
  );
}

function Step({ step, dimension }: { step: OriginStep; dimension: string }) {
  const number = step.capacity === null ? "taken away" : amount(dimension, step.capacity);
  return (
    <Text size="xs" {...(step.holds ? {} : { c: "dimmed" })} fw={step.holds ? 600 : 400} pl="md">
      {step.holds ? "→ " : ""}
      <From step={step} />: {number}
      {step.by !== null && (
        <>
          {" "}
          · by {step.by}
          {step.at !== null && (
            <>
              , <Moment at={step.at} form="short" />
            </>
          )}
        </>
      )}
      {step.reason !== null && ` · ${step.reason}`}
      {step.expiresAt !== null && (
        <>
          {" "}
          · until <Moment at={step.expiresAt} form="short" />
        </>
      )}
    </Text>
  );
}

/** A tier and a tenant by their names; each leads to where its number is changed. */
function From({ step: { from, name } }: { step: OriginStep }) {
  const { kind, of, href } = originPlace(from);
  const words =
    kind === "tier" ? `tier ${name ?? of}` : kind === "override" && name !== null ? `override for ${name}` : from;
  if (href === null) return words;
  return (
    <Anchor component={Link} href={href} inherit underline="always">
      {words}
    </Anchor>
  );
}

function windowOf({ windowSeconds, calendarPeriod, refill }: EffectiveLimit): string {
  if (calendarPeriod !== null) return ` a ${calendarPeriod}`;
  if (windowSeconds === null) return "";
  // A bucket's capacity is a burst, not a window's amount: "4 requests at once, then 2 per second".
  if (refill !== null) return ` at once, then ${refill.toLocaleString("en-US")} per ${spanOf(windowSeconds)}`;
  return windowSeconds === 60 ? " a minute" : ` in ${duration(windowSeconds)}`;
}

function spanOf(seconds: number): string {
  return seconds === 1 ? "second" : seconds === 60 ? "minute" : duration(seconds);
}
