import type { Metadata } from "next";
import { headers } from "next/headers";
import { can } from "@/lib/console/kernel/can.shared";
import { signedIn } from "@/lib/console/kernel/signed-in";
import { ModelsPage } from "./models-page";

export const metadata: Metadata = { title: "Models" };

export default async function Page() {
  const actor = await signedIn(await headers());
  const may = (action: "brakes.set" | "catalog.edit") => actor !== null && can(actor.role, action);
  return <ModelsPage canEdit={may("catalog.edit")} canStop={may("brakes.set")} />;
}
