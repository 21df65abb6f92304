import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { can } from "@/lib/console/kernel/can.shared";
import { tenantTitle } from "@/lib/console/scope/title-names";
import { operator } from "../../../../operator";
import { UserPage } from "./user-page";

type Props = {
  params: Promise<{ slug: string }>;
  /** A user's name may contain slashes, so it is not in the path. */
  searchParams: Promise<{ name?: string | string[] }>;
};

export async function generateMetadata({ params, searchParams }: Props): Promise<Metadata> {
  const [{ slug }, { name }] = await Promise.all([params, searchParams]);
  return { title: `${name ?? "User"} of ${tenantTitle(await operator(), slug)}` };
}

/** One end user of a tenant, by its callers' name for the user. */
export default async function Page({ params, searchParams }: Props) {
  const actor = await operator();
  const [{ slug }, { name }] = await Promise.all([params, searchParams]);
  if (typeof name !== "string" || name === "") notFound();
  const canBoost = actor !== null && can(actor.role, "tiers.edit");
  const canBrake = actor !== null && can(actor.role, "brakes.set");
  return <UserPage slug={slug} user={name} canBoost={canBoost} canBrake={canBrake} />;
}
