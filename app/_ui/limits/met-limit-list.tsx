import { Text } from "@mantine/core";
import type { ReactNode } from "react";
import type { RefusedView } from "@/lib/console/records/explain";
import { amount, duration, LAYER_WORDS, plural } from "../figures/format";
import { Listing } from "../figures/listing";

type Met = RefusedView["met"][number];

/** Every limit at the time of a refused call: used, requested, allowed, and its result. */
export function MetLimitList({
  title,
  note,
  aside,
  met,
}: {
  title: string;
  note: string;
  aside?: ReactNode;
  met: readonly Met[];
}) {
  return (
    <Listing
      title={title}
      note={note}
      aside={aside}
      head={["Limit", "Used before", "Asked", "Allowed", "Answer"]}
      texts={[4]}
      rows={met.map((one) => ({
        id: `${one.layer} ${one.name}`,
        cells: [
          <Named key="name" met={one} />,
          amount(one.dimension, one.used),
          amount(one.dimension, one.asked),
          amount(one.dimension, one.limit),
          <Answer key="answer" met={one} />,
        ],
      }))}
      isRead={false}
      empty="It was refused before any limit was checked."
    />
  );
}

/** The answer length at which a refused call would have passed; nothing when its length was not the reason. */
export function shorterWords(most: number | null, asked: number): string {
  if (most === null || most >= asked) return "";
  return ` With an answer of at most ${plural(most, "token")} it would have been admitted at once.`;
}

function Named({ met }: { met: Met }) {
  return (
    <>
      {met.name}{" "}
      <Text span size="xs" c="dimmed">
        {LAYER_WORDS[met.layer]}
      </Text>
    </>
  );
}

function Answer({ met: { waitMs, observe } }: { met: Met }) {
  if (waitMs === 0) return "fitted";
  const words =
    waitMs === null ? "can never fit" : `${observe ? "fits" : "refused: fits"} ${duration(waitMs / 1000)} later`;
  return (
    <Text size="sm" {...(observe ? {} : { fw: 650, c: "red" })}>
      {observe ? `observed only: ${words}` : words}
    </Text>
  );
}
