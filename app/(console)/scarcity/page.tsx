import type { Metadata } from "next";
import { can } from "@/lib/console/kernel/can.shared";
import { Ahead } from "../../_ui/data/ahead";
import { operator, readAhead } from "../../operator";
import { ScarcityPage } from "./scarcity-page";

export const metadata: Metadata = { title: "Scarcity" };

/** What its parts read first. */
const READS = ["scarcity"];

export default async function Page() {
  const actor = await operator();
  const may = (action: "brakes.set" | "tiers.edit") => actor !== null && can(actor.role, action);
  return (
    <Ahead answers={await readAhead(READS)}>
      <ScarcityPage canEdit={may("tiers.edit")} canTakeOut={may("brakes.set")} />
    </Ahead>
  );
}
