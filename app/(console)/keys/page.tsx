import type { Metadata } from "next";
import { headers } from "next/headers";
import { can } from "@/lib/console/kernel/can.shared";
import { signedIn } from "@/lib/console/kernel/signed-in";
import { KeysPage } from "./keys-page";

export const metadata: Metadata = { title: "Keys" };

export default async function Page() {
  const actor = await signedIn(await headers());
  const role = actor?.role ?? "viewer";
  return (
    <KeysPage
      isOfSome={actor !== null && actor.tenants !== null}
      canMake={can(role, "keys.edit")}
      canRevoke={can(role, "keys.revoke")}
      canStop={can(role, "brakes.set")}
    />
  );
}
