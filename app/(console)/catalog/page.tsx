import type { Metadata } from "next";
import { headers } from "next/headers";
import { can } from "@/lib/console/kernel/can.shared";
import { signedIn } from "@/lib/console/kernel/signed-in";
import { ModelsPage } from "./models-page";

export const metadata: Metadata = { title: "Models" };

export default async function Page() {
  const actor = await signedIn(await headers());
  return <ModelsPage canEdit={actor !== null && can(actor.role, "catalog.edit")} />;
}
