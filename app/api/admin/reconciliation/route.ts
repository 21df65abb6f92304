import { adminDoor } from "@/lib/console/kernel/door";
import { readReconciliation } from "@/lib/console/money/reconciliation";

export const GET = adminDoor("reconciliation.view", readReconciliation);
