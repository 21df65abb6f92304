"use client";

import { Box, Card, Group, Text } from "@mantine/core";
import { type PointerEvent, useState } from "react";
import { count } from "../../../_ui/figures/format";
import { Moment } from "../../../_ui/figures/moment";
import { NONE_BEFORE, useIsOld } from "../../../_ui/notices/empty";
import { PARTIAL_OPACITY } from "../../../_ui/time/partial-bar";
import type { Span } from "../../../_ui/time/time-range";
import { ZoneNote } from "../../../_ui/time/zone-note";
import type { FacetAnswer } from "./facet-list";

const HEIGHT = 64;
const BARS_MAX = 400;
const MS_PER_SECOND = 1000;
const COLOURS = {
  served: "var(--mantine-color-river-6)",
  failed: "var(--mantine-color-grape-6)",
  refused: "var(--mantine-color-yellow-6)",
  denied: "var(--mantine-color-red-7)",
} as const;
const KINDS = ["served", "failed", "refused", "denied"] as const;

type Props = {
  readonly answer: FacetAnswer | undefined;
  /** of one bar */
  readonly seconds: number;
  /** the chosen time; an open end is that of the calls */
  readonly span: Span;
  /** time of the query: a bar that ends later is incomplete; null = the range is over */
  readonly askedAt: number | null;
  readonly onRange: (from: string, to: string) => void;
};

/** Calls over time; dragging over it chooses that time. */
export function Histogram({ answer, seconds, span, askedAt, onRange }: Props) {
  const [drag, setDrag] = useState<readonly [number, number] | null>(null);
  const { bars, start } = barsOf(answer, seconds, { from: span.from, to: askedAt ?? span.to });
  const most = Math.max(1, ...bars.map((bar) => bar.total));
  const at = (index: number) => new Date(start + index * seconds * MS_PER_SECOND).toISOString();
  const isPartial = (index: number) => askedAt !== null && start + (index + 1) * seconds * MS_PER_SECOND > askedAt;
  const placeOf = (event: PointerEvent<SVGSVGElement>) => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    const index = Math.floor(((event.clientX - left) / width) * bars.length);
    return Math.min(bars.length - 1, Math.max(0, index));
  };
  const finish = (event: PointerEvent<SVGSVGElement>) => {
    // To where it is released: React may not have run the update of the last move.
    if (drag !== null) onRange(at(Math.min(drag[0], placeOf(event))), at(Math.max(drag[0], placeOf(event)) + 1));
    setDrag(null);
  };
  const calls = bars.reduce((sum, bar) => sum + bar.total, 0);
  return (
    <Card component="section" aria-label="Calls over time" padding="sm" mih={HEIGHT + 66}>
      {bars.length === 0 && <Box h={HEIGHT} />}
      {bars.length > 0 && (
        <svg
          role="img"
          aria-label={`${count(calls)} calls over time. Drag to choose a range.`}
          viewBox={`0 0 ${bars.length} ${HEIGHT}`}
          preserveAspectRatio="none"
          width="100%"
          height={HEIGHT}
          style={{ cursor: "col-resize", touchAction: "none", display: "block" }}
          onPointerDown={(event) => {
            event.currentTarget.setPointerCapture(event.pointerId);
            setDrag([placeOf(event), placeOf(event)]);
          }}
          onPointerMove={(event) => {
            // React may run the update later, when the event has no target any more.
            const place = placeOf(event);
            setDrag((now) => now && [now[0], place]);
          }}
          onPointerUp={finish}
          onPointerCancel={() => setDrag(null)}
        >
          {drag !== null && <Dragged from={Math.min(...drag)} to={Math.max(...drag)} />}
          {bars.map((bar) =>
            bar.parts.map((part) => (
              <rect
                key={`${bar.index} ${part.kind}`}
                x={bar.index + 0.1}
                y={HEIGHT - (part.top / most) * HEIGHT}
                width={0.8}
                height={(part.count / most) * HEIGHT}
                fill={COLOURS[part.kind]}
                fillOpacity={isPartial(bar.index) ? PARTIAL_OPACITY : 1}
              />
            )),
          )}
        </svg>
      )}
      <Axis
        answer={answer}
        calls={calls}
        from={bars.length === 0 ? null : at(0)}
        to={askedAt === null ? at(bars.length) : null}
      />
    </Card>
  );
}

/** The bars of a drag that has not ended. */
function Dragged({ from, to }: { from: number; to: number }) {
  return <rect x={from} y={0} width={to - from + 1} height={HEIGHT} fill="var(--mantine-color-default-border)" />;
}

type AxisOf = {
  readonly answer: FacetAnswer | undefined;
  readonly calls: number;
  /** start of the first bar; null = there are none */
  readonly from: string | null;
  /** end of the last bar; null = now */
  readonly to: string | null;
};

function Axis({ answer, calls, from, to }: AxisOf) {
  const isOld = useIsOld();
  if (from === null) {
    return (
      <Text size="xs" c="dimmed" mt={4}>
        {answer === undefined ? "Counting the calls…" : isOld ? NONE_BEFORE : "No calls in this range."}
      </Text>
    );
  }
  return (
    <>
      <Group justify="space-between" mt={4} gap="xs">
        <Text size="xs" c="dimmed">
          <Moment at={from} form="short" />
        </Text>
        <Text size="xs" c="dimmed">
          {to === null ? "now" : <Moment at={to} form="short" />}
        </Text>
      </Group>
      <Text size="xs" c="dimmed" mt={2}>
        {answer?.isCut && answer.countedFrom === null && "the newest "}
        {count(calls)} calls
        {answer !== undefined && <CountedFrom {...answer} />} · drag to choose a range · <ZoneNote />
      </Text>
    </>
  );
}

/** One bar per bucket of the chosen time, with its kinds stacked; where the time has no end, from the first to the last call. */
function barsOf(answer: FacetAnswer | undefined, seconds: number, span: Span) {
  const buckets = answer?.buckets ?? [];
  const width = seconds * MS_PER_SECOND;
  const times = buckets.map(({ at }) => Date.parse(at));
  if (times.length === 0) return { bars: [], start: 0 };
  const bucketOf = (at: number) => Math.floor(at / width) * width;
  const last = Math.max(...times, ...(span.to === null ? [] : [bucketOf(span.to - 1)]));
  const first = Math.min(...times, ...(span.from === null ? [] : [bucketOf(span.from)]));
  const start = Math.max(first, last - (BARS_MAX - 1) * width);
  const bars = Array.from({ length: Math.round((last - start) / width) + 1 }, (_, index) => {
    let top = 0;
    const parts = KINDS.flatMap((kind) => {
      const found = buckets.filter((one) => one.kind === kind && Date.parse(one.at) === start + index * width);
      const calls = found.reduce((sum, one) => sum + one.count, 0);
      top += calls;
      return calls === 0 ? [] : [{ kind, count: calls, top }];
    });
    return { index, total: top, parts };
  });
  return { bars, start };
}

/** Since when calls are counted, where older ones are not; nothing if all are. */
function CountedFrom({ isCut, countedFrom }: FacetAnswer) {
  if (!isCut || countedFrom === null) return null;
  return (
    <>
      {" since "}
      <Moment at={countedFrom} form="second" />, older calls are not counted
    </>
  );
}
