import type { Metadata } from "next";
import { redirect } from "next/navigation";
import { can } from "@/lib/console/kernel/can.shared";
import { Ahead } from "../_ui/data/ahead";
import { operator, readAhead } from "../operator";
import { OverviewPage } from "./overview-page";

export const metadata: Metadata = { title: "Overview" };

/** `?stop=all` or `?stop=<tenant>` opens the brake's dialog. */
export default async function Page({ searchParams }: { searchParams: Promise<{ stop?: string | string[] }> }) {
  const actor = await operator();
  const { stop } = await searchParams;
  const asked = typeof stop === "string" ? stop : null;
  // The overview is of all tenants.
  if (actor !== null && actor.tenants !== null)
    redirect(asked === null ? "/tenants" : `/tenants/${encodeURIComponent(asked)}`);
  return (
    <Ahead answers={await readAhead(["overview", "overview/movers", "providers"])}>
      <OverviewPage key={asked} canBrake={actor !== null && can(actor.role, "brakes.set")} stop={asked} />
    </Ahead>
  );
}
