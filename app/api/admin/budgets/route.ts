import { createBudget, listBudgets } from "@/lib/console/budgets";
import { adminDoor } from "@/lib/console/door";

export const GET = adminDoor("budgets.view", listBudgets);
export const POST = adminDoor("budgets.edit", createBudget);
