import { adminDoor } from "@/lib/console/door";
import { repairCounter } from "@/lib/console/reconciliation";

export const POST = adminDoor("reconciliation.edit", repairCounter);
