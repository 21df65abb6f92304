import type { Metadata } from "next";
import { can } from "@/lib/console/kernel/can.shared";
import { Ahead } from "../../_ui/data/ahead";
import { operator, readAhead } from "../../operator";
import { ProvidersPage } from "./providers-page";

export const metadata: Metadata = { title: "Providers" };

/** What its parts read first. */
const READS = ["providers", "upstream"];

export default async function Page() {
  const actor = await operator();
  const may = (action: "brakes.set" | "catalog.edit") => actor !== null && can(actor.role, action);
  return (
    <Ahead answers={await readAhead(READS)}>
      <ProvidersPage canEdit={may("catalog.edit")} canTakeOut={may("brakes.set")} />
    </Ahead>
  );
}
