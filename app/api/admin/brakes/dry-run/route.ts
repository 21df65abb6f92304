import { adminDoor } from "@/lib/console/door";
import { dryRun } from "@/lib/console/dry-run";

export const POST = adminDoor("brakes.view", dryRun);
