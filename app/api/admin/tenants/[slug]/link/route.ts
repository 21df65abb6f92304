import { adminDoor } from "@/lib/console/kernel/door";
import { createLink, revokeLinks } from "@/lib/console/tenants/tenant-link";

export const POST = adminDoor("tenants.edit", createLink);
export const DELETE = adminDoor("tenants.edit", revokeLinks);
