"use client";

import { Badge } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ClientsView } from "@/lib/console/tenants/clients";
import { api } from "../../../_ui/data/api";
import { count } from "../../../_ui/figures/format";
import { Listing } from "../../../_ui/figures/listing";
import { Failed } from "../../../_ui/shell/page-head";

const MANY_RETRIES = 0.2;

/** Client libraries, and which of them retry most: retries cost nothing but may be most of the traffic. */
export function Clients({ slug }: { slug: string }) {
  const seen = useQuery({
    queryKey: ["clients", slug],
    queryFn: () => api<ClientsView>(`tenants/${encodeURIComponent(slug)}/clients`),
    refetchInterval: 10_000,
  });
  if (seen.data === undefined) return <Failed what="The client libraries could not be loaded" error={seen.error} />;
  return (
    <Listing
      title="Client libraries"
      note={`last ${seen.data.days} days; retries as reported by the library`}
      head={["Library", "Calls", "Retries", "Refused"]}
      empty="No calls yet."
      rows={seen.data.clients.map((one) => ({
        id: one.client,
        cells: [
          one.client,
          count(one.calls),
          <Retries key="retries" retries={one.retries} calls={one.calls} />,
          `${count(one.refused)} (${share(one.refused, one.calls)})`,
        ],
      }))}
    />
  );
}

function Retries({ retries, calls }: { retries: number; calls: number }) {
  const text = `${count(retries)} (${share(retries, calls)})`;
  if (retries / Math.max(1, calls) < MANY_RETRIES) return <>{text}</>;
  return (
    <Badge color="orange.9" tt="none">
      {text}
    </Badge>
  );
}

function share(part: number, whole: number): string {
  return `${((part / Math.max(1, whole)) * 100).toFixed(0)} %`;
}
