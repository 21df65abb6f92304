import { listBudgetEvents } from "@/lib/console/budgets";
import { adminDoor } from "@/lib/console/door";

export const GET = adminDoor("budgets.view", listBudgetEvents);
