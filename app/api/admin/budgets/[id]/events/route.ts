import { adminDoor } from "@/lib/console/kernel/door";
import { listBudgetEvents } from "@/lib/console/money/budgets";

export const GET = adminDoor("budgets.view", listBudgetEvents);
