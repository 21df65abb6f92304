import type { ScarcityReplay } from "@/lib/console/scarcity/answers";
import { count, dollars } from "../../_ui/figures/format";
import { Listing } from "../../_ui/figures/listing";

/** The results of the last day's calls, with the constants in force and with the draft's. */
export function Replayed({ replay, isOfDraft }: { replay: ScarcityReplay; isOfDraft: boolean }) {
  const room = `${count(replay.calls)} calls, with capacity for ${dollars(replay.perMinuteMicroUsd)} per minute`;
  return (
    <Listing
      title="The last day, replayed"
      note={isOfDraft ? room : `${room}; the constants have been edited since`}
      head={["Class", "Calls", "Served now", "Served then", "p95 wait now", "p95 wait then"]}
      isRead={false}
      empty="There were no calls."
      rows={replay.now.map((now, index) => {
        const then = replay.draft[index] ?? now;
        return {
          id: now.priority,
          cells: [now.priority, count(now.calls), share(now), share(then), wait(now), wait(then)],
        };
      })}
    />
  );
}

type Fared = ScarcityReplay["now"][number];

function share({ served, calls }: Fared): string {
  return calls === 0 ? "–" : `${((served / calls) * 100).toFixed(1)} %`;
}

function wait({ p95WaitMs }: Fared): string {
  return p95WaitMs === null ? "–" : `${(p95WaitMs / 1000).toFixed(1)} s`;
}
