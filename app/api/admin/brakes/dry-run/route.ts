import { dryRun } from "@/lib/console/brakes/dry-run";
import { adminDoor } from "@/lib/console/kernel/door";

export const POST = adminDoor("brakes.view", dryRun);
