import { type Route, route } from "../api/route";
import { noQuery, reasonOnly } from "../kernel/input";
import { PROVIDERS_ANSWERS } from "./answers";
import { listCatalog, modelInput, providerInput, putModel, putProvider } from "./catalog";
import { connectionInput, testConnection } from "./connection";
import { figuresQuery, listModels } from "./model-figures";
import { listProviders } from "./provider-health";
import { removeModel, removeProvider } from "./removal";
import { listUpstream, putUpstream, upstreamInput } from "./upstream";

export const PROVIDERS_ROUTES: readonly Route[] = [
  route({
    method: "get",
    path: "/providers",
    right: "catalog.view",
    summary: "Show each provider's health in the last minutes",
    input: noQuery,
    output: PROVIDERS_ANSWERS.listProviders,
    verb: listProviders,
  }),
  route({
    method: "get",
    path: "/catalog",
    right: "catalog.view",
    summary: "List providers, models and current prices",
    input: noQuery,
    output: PROVIDERS_ANSWERS.listCatalog,
    verb: listCatalog,
  }),
  route({
    method: "put",
    path: "/providers/{+slug}",
    right: "catalog.edit",
    summary: "Add or change a provider",
    input: providerInput,
    output: PROVIDERS_ANSWERS.putProvider,
    verb: putProvider,
  }),
  route({
    method: "put",
    path: "/models/{+slug}",
    right: "catalog.edit",
    summary: "Add or change a model and its price",
    input: modelInput,
    output: PROVIDERS_ANSWERS.putModel,
    verb: putModel,
  }),
  route({
    method: "delete",
    path: "/providers/{+slug}",
    right: "catalog.edit",
    summary: "Remove a provider that serves no model",
    input: reasonOnly,
    output: PROVIDERS_ANSWERS.remove,
    verb: removeProvider,
  }),
  route({
    method: "get",
    path: "/models",
    right: "catalog.view",
    summary: "List models with their latency, speed, failures, refusals and cost",
    input: figuresQuery,
    output: PROVIDERS_ANSWERS.listModels,
    verb: listModels,
  }),
  route({
    method: "delete",
    path: "/models/{+slug}",
    right: "catalog.edit",
    summary: "Remove a model and its prices",
    input: reasonOnly,
    output: PROVIDERS_ANSWERS.remove,
    verb: removeModel,
  }),
  route({
    method: "post",
    path: "/connection-tests",
    right: "catalog.edit",
    summary: "Test whether a provider answers and accepts its credential",
    input: connectionInput,
    output: PROVIDERS_ANSWERS.testConnection,
    verb: testConnection,
  }),
  route({
    method: "get",
    path: "/upstream",
    right: "catalog.view",
    summary: "Show which providers and models are in service, cooling down or taken out",
    input: noQuery,
    output: PROVIDERS_ANSWERS.listUpstream,
    verb: listUpstream,
  }),
  route({
    method: "put",
    path: "/upstream/{+slug}",
    right: "brakes.set",
    summary: "Take a provider out of service, or put it back",
    input: upstreamInput,
    output: PROVIDERS_ANSWERS.putUpstream,
    verb: putUpstream,
  }),
];
