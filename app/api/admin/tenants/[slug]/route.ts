import { adminDoor } from "@/lib/console/kernel/door";
import { editTenant, getTenant } from "@/lib/console/tenants/tenants";

export const GET = adminDoor("tenants.view", getTenant);
export const PATCH = adminDoor("tenants.edit", editTenant);
