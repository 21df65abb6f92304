import { adminDoor } from "@/lib/console/kernel/door";
import { editBudget, removeBudget } from "@/lib/console/money/budgets";

export const PUT = adminDoor("budgets.edit", editBudget);
export const DELETE = adminDoor("budgets.edit", removeBudget);
