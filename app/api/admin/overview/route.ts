import { adminDoor } from "@/lib/console/door";
import { overview } from "@/lib/console/overview";

export const GET = adminDoor("overview.view", overview);
