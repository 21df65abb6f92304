import type { Metadata } from "next";
import { headers } from "next/headers";
import { can } from "@/lib/console/kernel/can.shared";
import { signedIn } from "@/lib/console/kernel/signed-in";
import { Requests } from "./requests";

export const metadata: Metadata = { title: "Requests" };

/** `?id=` opens with the explanation of that call. */
export default async function Page({ searchParams }: { searchParams: Promise<{ id?: string | string[] }> }) {
  const { id = "" } = await searchParams;
  const actor = await signedIn(await headers());
  return <Requests key={String(id)} id={String(id)} canBoost={actor !== null && can(actor.role, "tiers.edit")} />;
}
