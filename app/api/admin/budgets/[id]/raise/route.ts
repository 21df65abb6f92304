import { raiseBudget } from "@/lib/console/budgets";
import { adminDoor } from "@/lib/console/door";

export const POST = adminDoor("budgets.raise", raiseBudget);
