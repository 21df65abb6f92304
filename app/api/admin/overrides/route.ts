import { adminDoor } from "@/lib/console/kernel/door";
import { createOverride, listOverrides } from "@/lib/console/limits/overrides";

export const GET = adminDoor("tiers.view", listOverrides);
export const POST = adminDoor("tiers.edit", createOverride);
