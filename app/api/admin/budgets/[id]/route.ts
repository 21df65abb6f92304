import { editBudget, removeBudget } from "@/lib/console/budgets";
import { adminDoor } from "@/lib/console/door";

export const PUT = adminDoor("budgets.edit", editBudget);
export const DELETE = adminDoor("budgets.edit", removeBudget);
