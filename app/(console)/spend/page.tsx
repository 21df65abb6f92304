import type { Metadata } from "next";
import { headers } from "next/headers";
import { can } from "@/lib/console/kernel/can.shared";
import { signedIn } from "@/lib/console/kernel/signed-in";
import { SpendPage } from "./spend-page";

export const metadata: Metadata = { title: "Spend" };

export default async function Page() {
  const actor = await signedIn(await headers());
  const may = (action: "budgets.edit" | "budgets.raise") => actor !== null && can(actor.role, action);
  return <SpendPage canEdit={may("budgets.edit")} canRaise={may("budgets.raise")} />;
}
