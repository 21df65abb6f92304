import type { Metadata } from "next";
import { can } from "@/lib/console/kernel/can.shared";
import { Ahead } from "../../_ui/data/ahead";
import { operator, readAhead } from "../../operator";
import { StatusPage } from "./status-page";

export const metadata: Metadata = { title: "Status" };

/** What its parts read first. */
const READS = ["instances", "providers", "brakes"];

export default async function Page() {
  const actor = await operator();
  return (
    <Ahead answers={await readAhead(READS)}>
      <StatusPage canDrill={actor !== null && can(actor.role, "brakes.set")} />
    </Ahead>
  );
}
