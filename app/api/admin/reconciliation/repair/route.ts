import { adminDoor } from "@/lib/console/kernel/door";
import { repairCounter } from "@/lib/console/money/reconciliation";

export const POST = adminDoor("reconciliation.edit", repairCounter);
