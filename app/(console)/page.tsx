import type { Metadata } from "next";
import { headers } from "next/headers";
import { can } from "@/lib/console/can";
import { signedIn } from "@/lib/console/signed-in";
import { OverviewPage } from "./overview-page";

export const metadata: Metadata = { title: "Overview" };

export default async function Page() {
  const actor = await signedIn(await headers());
  return <OverviewPage canBrake={actor !== null && can(actor.role, "brakes.set")} />;
}
