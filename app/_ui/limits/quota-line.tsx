"use client";

import { Button, Group, Progress, Stack, Text } from "@mantine/core";
import type { QuotaLineView } from "@/lib/console/tenants/tenant-quota";
import { amount, duration, matchWords, usedOf } from "../figures/format";
import { FAILURE_MODE_WORDS } from "./failure-mode";
import { forecastWords } from "./forecast-words";

/** One limit with what is left of it, the same on every page. */
export function QuotaLine({
  line,
  at,
  onChange = null,
  isStoreAway = false,
  namesUser = true,
}: {
  line: QuotaLineView;
  /** the moment of its figures */
  at: string;
  /** then it shows how the limit behaves meanwhile */
  isStoreAway?: boolean;
  /** False when no user was named: a limit per user then counts the calls that name none, all together. */
  namesUser?: boolean;
  onChange?: (() => void) | null;
}) {
  const share = line.limit === 0 ? 100 : Math.min(100, (line.used / line.limit) * 100);
  const held = line.reserved ?? 0;
  const heldShare = Math.min(share, line.limit === 0 ? 0 : (held / line.limit) * 100);
  const color = share >= 95 ? "red" : share >= 80 ? "orange" : "teal";
  const isDebt = line.used > line.limit;
  const forecast = forecastWords({ ...line, isRefusing: line.isRefusing ?? false }, Date.parse(at));
  return (
    <Stack gap={4}>
      <Group justify="space-between" gap="0 var(--mantine-spacing-xs)">
        <Text size="sm" fw={550} style={{ overflowWrap: "anywhere" }}>
          {line.name}
        </Text>
        <Text size="sm" className="figure" ml="auto" style={{ whiteSpace: "nowrap" }}>
          {usedOf(line.dimension, line.used, line.limit)}
        </Text>
      </Group>
      {/* The figures above say it in words. */}
      <Progress.Root aria-hidden>
        <Progress.Section value={share - heldShare} color={color} withAria={false} />
        <Progress.Section value={heldShare} color={color} striped withAria={false} />
      </Progress.Root>
      <Group justify="space-between" wrap="nowrap" align="flex-start" gap="xs">
        <Text size="xs" c="dimmed">
          {isDebt
            ? `over by ${amount(line.dimension, line.used - line.limit)}`
            : `${amount(line.dimension, line.remaining)} left`}
          {held > 0 && ` · ${amount(line.dimension, held)} reserved by running calls`}
          {line.resetSeconds > 0 && ` · resets in ${duration(line.resetSeconds)} if nobody calls`}
          {forecast !== null && (
            <Text span size="xs" fw={600} c={line.observe ? "dimmed" : "red"}>{` · ${forecast}`}</Text>
          )}
          {line.origin.from === "override" &&
            (line.origin.reason ? ` · override: ${line.origin.reason}` : " · changed for now")}
          {line.origin.from === "budget" && ` · a budget${line.layer === "global" ? ", shared by everybody" : ""}`}
          {!namesUser && line.layer === "user" && " · for calls that name no user"}
          {matchWords(line.match) !== "" && ` · ${matchWords(line.match)}`}
          {line.observe && " · observed only"}
          {isStoreAway && ` · store away: ${FAILURE_MODE_WORDS[line.failureMode] ?? line.failureMode}`}
        </Text>
        {onChange !== null && (
          <Button
            variant="subtle"
            size="compact-xs"
            style={{ flexShrink: 0 }}
            onClick={onChange}
            aria-label={`Change… ${line.name} for this tenant`}
          >
            Change…
          </Button>
        )}
      </Group>
    </Stack>
  );
}

/** Only a tier's limits can be overridden for a tenant; a budget is raised under Spend. */
export function isOverridable({ origin }: QuotaLineView): boolean {
  return origin.from === "tier" || origin.from === "override";
}
