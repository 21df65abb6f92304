import type { Metadata } from "next";
import { can } from "@/lib/console/kernel/can.shared";
import { Ahead } from "../../_ui/data/ahead";
import { operator, readAhead } from "../../operator";
import { latestPaths } from "./latest-paths";
import { Requests } from "./requests";

export const metadata: Metadata = { title: "Requests" };

/** `?id=` opens with the explanation of that call. */
export default async function Page({ searchParams }: Props) {
  const { id = "", tenant, find } = await searchParams;
  const actor = await operator();
  const may = (action: "brakes.set" | "budgets.raise" | "tiers.edit") => actor !== null && can(actor.role, action);
  const isPlain = id === "" && find === undefined && typeof tenant === "string";
  const { served, refused } = latestPaths(String(tenant), "");
  return (
    <Ahead answers={await readAhead(isPlain ? [served, refused] : [])}>
      <Requests
        key={String(id)}
        id={String(id)}
        canBoost={may("tiers.edit")}
        canRaise={may("budgets.raise")}
        canStop={may("brakes.set")}
      />
    </Ahead>
  );
}

type Props = { searchParams: Promise<Readonly<Record<string, string | string[] | undefined>>> };
