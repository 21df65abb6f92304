import { adminDoor } from "@/lib/console/kernel/door";
import { importUsage } from "@/lib/console/money/reconciliation";

export const POST = adminDoor("reconciliation.edit", importUsage);
