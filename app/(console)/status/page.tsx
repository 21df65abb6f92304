import type { Metadata } from "next";
import { headers } from "next/headers";
import { can } from "@/lib/console/kernel/can.shared";
import { signedIn } from "@/lib/console/kernel/signed-in";
import { StatusPage } from "./status-page";

export const metadata: Metadata = { title: "Status" };

export default async function Page() {
  const actor = await signedIn(await headers());
  return <StatusPage canDrill={actor !== null && can(actor.role, "brakes.set")} />;
}
