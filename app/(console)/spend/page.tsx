import type { Metadata } from "next";
import { can } from "@/lib/console/kernel/can.shared";
import { Ahead } from "../../_ui/data/ahead";
import { operator, readAhead } from "../../operator";
import { SpendPage } from "./spend-page";
import { firstUsagePath } from "./usage-asked";

export const metadata: Metadata = { title: "Spend" };

type Props = { searchParams: Promise<Readonly<Record<string, string | string[] | undefined>>> };

export default async function Page({ searchParams }: Props) {
  const actor = await operator();
  const may = (action: "budgets.edit" | "budgets.raise") => actor !== null && can(actor.role, action);
  const usage = firstUsagePath(await searchParams, null, Date.now());
  return (
    <Ahead answers={await readAhead(["budgets", usage])}>
      <SpendPage canEdit={may("budgets.edit")} canRaise={may("budgets.raise")} />
    </Ahead>
  );
}
