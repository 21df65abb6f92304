import type { Metadata } from "next";
import { can } from "@/lib/console/kernel/can.shared";
import { Ahead } from "../../_ui/data/ahead";
import { operator, readAhead } from "../../operator";
import { AlertsPage } from "./alerts-page";

export const metadata: Metadata = { title: "Alerts" };

/** What its parts read first. */
const READS = [
  "alert-rules",
  "alert-channels",
  "alerts?state=open&limit=500",
  "alerts?limit=30",
  "wishes",
  "alert-deliveries?limit=30",
];

export default async function Page() {
  const actor = await operator();
  const may = (action: "alerts.edit" | "alerts.mute") => actor !== null && can(actor.role, action);
  return (
    <Ahead answers={await readAhead(READS)}>
      <AlertsPage canEdit={may("alerts.edit")} canMute={may("alerts.mute")} />
    </Ahead>
  );
}
