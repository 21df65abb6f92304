import { adminDoor } from "@/lib/console/kernel/door";
import { createTenant, listTenants } from "@/lib/console/tenants/tenants";

export const GET = adminDoor("tenants.view", listTenants);
export const POST = adminDoor("tenants.edit", createTenant);
