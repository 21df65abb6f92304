import { z } from "zod";
import { ACCESS_ROUTES } from "../access/routes";
import { ALERTS_ROUTES } from "../alerts/routes";
import { BRAKES_ROUTES } from "../brakes/routes";
import { CONFIG_ROUTES } from "../config/routes";
import { noQuery } from "../kernel/input";
import { KEYS_ROUTES } from "../keys/routes";
import { LIMITS_ROUTES } from "../limits/routes";
import { MONEY_ROUTES } from "../money/routes";
import { NOTICES_ROUTES } from "../notices/routes";
import { OVERVIEW_ROUTES } from "../overview/routes";
import { PROVIDERS_ROUTES } from "../providers/routes";
import { RECORDS_ROUTES } from "../records/routes";
import { REQUESTS_ROUTES } from "../requests/routes";
import { SCARCITY_ROUTES } from "../scarcity/routes";
import { OPEN } from "../scope/scoped";
import { TENANTS_ROUTES } from "../tenants/routes";
import { TIERS_ROUTES } from "../tiers/routes";
import { openapi } from "./openapi";
import { type Route, route } from "./route";

/** Every operation of the admin API. The door, the OpenAPI file and the tests of roles read this table. */
export const ADMIN_ROUTES: readonly Route[] = [
  ...OVERVIEW_ROUTES,
  ...TENANTS_ROUTES,
  ...KEYS_ROUTES,
  ...TIERS_ROUTES,
  ...LIMITS_ROUTES,
  ...MONEY_ROUTES,
  ...BRAKES_ROUTES,
  ...ALERTS_ROUTES,
  ...NOTICES_ROUTES,
  ...RECORDS_ROUTES,
  ...REQUESTS_ROUTES,
  ...PROVIDERS_ROUTES,
  ...SCARCITY_ROUTES,
  ...ACCESS_ROUTES,
  ...CONFIG_ROUTES,
  route({
    method: "get",
    path: "/openapi.json",
    right: "overview.view",
    scoped: OPEN,
    summary: "Return this OpenAPI description",
    input: noQuery,
    output: z.looseObject({ openapi: z.literal("3.1.0"), paths: z.looseObject({}) }),
    verb: async () => ({ body: openapi(ADMIN_ROUTES) }),
  }),
];
