import { adminDoor } from "@/lib/console/kernel/door";
import { raiseBudget } from "@/lib/console/money/budgets";

export const POST = adminDoor("budgets.raise", raiseBudget);
