import type { Metadata } from "next";
import { headers } from "next/headers";
import { can } from "@/lib/console/kernel/can.shared";
import { signedIn } from "@/lib/console/kernel/signed-in";
import { OverviewPage } from "./overview-page";

export const metadata: Metadata = { title: "Overview" };

/** `?stop=all` or `?stop=<tenant>` opens the brake's dialog. */
export default async function Page({ searchParams }: { searchParams: Promise<{ stop?: string | string[] }> }) {
  const actor = await signedIn(await headers());
  const { stop } = await searchParams;
  const asked = typeof stop === "string" ? stop : null;
  return <OverviewPage key={asked} canBrake={actor !== null && can(actor.role, "brakes.set")} stop={asked} />;
}
