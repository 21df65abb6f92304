import type { Metadata } from "next";
import { can } from "@/lib/console/kernel/can.shared";
import { Ahead } from "../../_ui/data/ahead";
import { operator, readAhead } from "../../operator";
import { BrakesPage } from "./brakes-page";

export const metadata: Metadata = { title: "Brakes" };

/** What its parts read first. */
const READS = ["brakes"];

export default async function Page() {
  const actor = await operator();
  const may = (action: "brakes.set" | "brakes.lift") => actor !== null && can(actor.role, action);
  return (
    <Ahead answers={await readAhead(READS)}>
      <BrakesPage canSet={may("brakes.set")} canLift={may("brakes.lift")} />
    </Ahead>
  );
}
