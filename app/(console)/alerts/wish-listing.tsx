"use client";

import { Anchor } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import type { WishView } from "@/lib/console/alerts/wishes";
import { api } from "../../_ui/data/api";
import { Listing } from "../../_ui/figures/listing";
import { Moment } from "../../_ui/figures/moment";
import { Act } from "../../_ui/forms/act";
import { Failed } from "../../_ui/shell/page-head";

/** Key holders' requests that no operator has handled yet; nothing while there are none. */
export function WishListing({ wishes, canMute }: { wishes: readonly WishView[]; canMute: boolean }) {
  const queries = useQueryClient();
  const done = useMutation({
    mutationFn: (id: string) => api(`wishes/${id}/done`, { method: "POST", body: {} }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["wishes"] }),
  });
  if (wishes.length === 0) return null;
  return (
    <>
      <Failed what="Not marked" error={done.error} />
      <Listing
        title="Requests for more"
        note="from key holders at /me; open until an operator marks them as done"
        head={["When", "Tenant", "Key", "Request", "Action"]}
        texts={[1, 2, 3]}
        empty=""
        rows={wishes.map((one) => ({
          id: one.id,
          cells: [
            <Moment key="at" at={one.at} />,
            <Anchor key="tenant" component={Link} href={`/tenants/${one.tenant}`} size="sm">
              {one.tenantName}
            </Anchor>,
            `${one.keyName}${one.user === "" ? "" : `, user ${one.user}`}`,
            one.wish,
            canMute ? <Act key="done" label="Done" of={one.tenantName} onClick={() => done.mutate(one.id)} /> : "–",
          ],
        }))}
      />
    </>
  );
}
