import type { Metadata } from "next";
import { can } from "@/lib/console/kernel/can.shared";
import { Ahead } from "../../_ui/data/ahead";
import { operator, readAhead } from "../../operator";
import { PricesPage } from "./prices-page";

export const metadata: Metadata = { title: "Prices" };

/** What its parts read first. */
const READS = ["prices/coverage", "prices"];

export default async function Page() {
  const actor = await operator();
  return (
    <Ahead answers={await readAhead(READS)}>
      <PricesPage canEdit={actor !== null && can(actor.role, "prices.edit")} />
    </Ahead>
  );
}
