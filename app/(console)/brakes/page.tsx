import type { Metadata } from "next";
import { headers } from "next/headers";
import { can } from "@/lib/console/kernel/can.shared";
import { signedIn } from "@/lib/console/kernel/signed-in";
import { BrakesPage } from "./brakes-page";

export const metadata: Metadata = { title: "Brakes" };

export default async function Page() {
  const actor = await signedIn(await headers());
  const may = (action: "brakes.set" | "brakes.lift") => actor !== null && can(actor.role, action);
  return <BrakesPage canSet={may("brakes.set")} canLift={may("brakes.lift")} />;
}
