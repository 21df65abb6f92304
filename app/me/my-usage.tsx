import { Stack } from "@mantine/core";
import type { OwnUsage } from "@/lib/gateway/routes/serve-own-books";
import { count, dollars } from "../_ui/figures/format";
import { Listing } from "../_ui/figures/listing";

type Row = OwnUsage["days"][number];

/** A key's use in the last 30 days: by model, and by day. */
export function MyUsage({ days }: { days: readonly Row[] }) {
  return (
    <Stack gap="md">
      <Sums title="By model, last 30 days" head="Model" days={days} of={(row) => row.model} />
      <Sums title="By day" head="Day (UTC)" days={days} of={(row) => row.day} />
    </Stack>
  );
}

function Sums(props: { title: string; head: string; days: readonly Row[]; of: (row: Row) => string }) {
  const { title, head, days, of } = props;
  const names = [...new Set(days.map(of))];
  return (
    <Listing
      title={title}
      note="of this key and those it replaced; refused calls are not counted"
      head={[head, "Calls", "Tokens", "Cost"]}
      empty="No calls in the last 30 days."
      rows={names.map((name) => {
        const rows = days.filter((row) => of(row) === name);
        const sum = (figure: (row: Row) => number) => rows.reduce((total, row) => total + figure(row), 0);
        const tokens = sum((row) => row.input_tokens + row.output_tokens);
        return {
          id: name,
          cells: [name, count(sum((row) => row.calls)), count(tokens), dollars(sum((row) => row.cost_micro_usd))],
        };
      })}
    />
  );
}
