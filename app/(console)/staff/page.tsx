import type { Metadata } from "next";
import { headers } from "next/headers";
import { notFound } from "next/navigation";
import { can } from "@/lib/console/kernel/can.shared";
import { signedIn } from "@/lib/console/kernel/signed-in";
import { StaffPage } from "./staff-page";

export const metadata: Metadata = { title: "Staff" };

export default async function Page() {
  const actor = await signedIn(await headers());
  if (actor === null || !can(actor.role, "staff.view")) notFound();
  return <StaffPage own={actor.name} />;
}
