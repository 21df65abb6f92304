import { Stack } from "@mantine/core";
import type { OwnUsage } from "@/lib/gateway/routes/serve-own-books";
import { count, dollarsAlike } from "../_ui/figures/format";
import { Listing } from "../_ui/figures/listing";
import { dayWords } from "../_ui/time/day-words";

type Row = OwnUsage["days"][number];

/** A key's use in the last 30 days: by model, and by day. */
export function MyUsage({ days }: { days: readonly Row[] }) {
  return (
    <Stack gap="md">
      <Sums title="By model, last 30 days" head="Model" days={days} of={(row) => row.model} />
      <Sums title="By day" head="Day (UTC)" days={days} of={(row) => row.day} words={dayWords} />
    </Stack>
  );
}

function Sums(props: {
  title: string;
  head: string;
  days: readonly Row[];
  of: (row: Row) => string;
  /** how a row's name is shown; absent = as it is */
  words?: (name: string) => string;
}) {
  const { title, head, days, of, words = String } = props;
  const names = [...new Set(days.map(of))];
  const rowsOf = (name: string) => days.filter((row) => of(row) === name);
  const costOf = (name: string) => rowsOf(name).reduce((total, row) => total + row.cost_micro_usd, 0);
  const moneyOf = dollarsAlike(names.map(costOf));
  return (
    <Listing
      title={title}
      note="of this key and those it replaced; refused calls are not counted"
      head={[head, "Calls", "Tokens", "Cost"]}
      empty="No calls in the last 30 days."
      rows={names.map((name) => {
        const rows = rowsOf(name);
        const sum = (figure: (row: Row) => number) => rows.reduce((total, row) => total + figure(row), 0);
        const tokens = sum((row) => row.input_tokens + row.output_tokens);
        return {
          id: name,
          cells: [words(name), count(sum((row) => row.calls)), count(tokens), moneyOf(costOf(name))],
        };
      })}
    />
  );
}
