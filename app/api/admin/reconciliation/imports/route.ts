import { adminDoor } from "@/lib/console/door";
import { importUsage } from "@/lib/console/reconciliation";

export const POST = adminDoor("reconciliation.edit", importUsage);
