import { adminDoor } from "@/lib/console/kernel/door";
import { createBudget, listBudgets } from "@/lib/console/money/budgets";

export const GET = adminDoor("budgets.view", listBudgets);
export const POST = adminDoor("budgets.edit", createBudget);
