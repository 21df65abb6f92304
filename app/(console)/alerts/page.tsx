import type { Metadata } from "next";
import { headers } from "next/headers";
import { can } from "@/lib/console/kernel/can.shared";
import { signedIn } from "@/lib/console/kernel/signed-in";
import { AlertsPage } from "./alerts-page";

export const metadata: Metadata = { title: "Alerts" };

export default async function Page() {
  const actor = await signedIn(await headers());
  const may = (action: "alerts.edit" | "alerts.mute") => actor !== null && can(actor.role, action);
  return <AlertsPage canEdit={may("alerts.edit")} canMute={may("alerts.mute")} />;
}
