import type { Metadata } from "next";
import { headers } from "next/headers";
import { can } from "@/lib/console/kernel/can.shared";
import { signedIn } from "@/lib/console/kernel/signed-in";
import { PricesPage } from "./prices-page";

export const metadata: Metadata = { title: "Prices" };

export default async function Page() {
  const actor = await signedIn(await headers());
  return <PricesPage canEdit={actor !== null && can(actor.role, "prices.edit")} />;
}
