import { type Route, route } from "../../api/route";
import { noQuery, nothing } from "../../kernel/input";
import { OPEN } from "../../scope/scoped";
import { ACCESS_ANSWERS } from "../answers";
import {
  beginInput,
  beginSecondFactor,
  completeInput,
  completeSecondFactor,
  endSecondFactor,
  ownFactorInput,
  readOwnSecondFactor,
  renewRecoveryCodes,
  resetSecondFactor,
} from "./second-factor";

export const SECOND_FACTOR_ROUTES: readonly Route[] = [
  route({
    method: "get",
    path: "/second-factor",
    right: "overview.view",
    scoped: OPEN,
    summary: "Whether you have a second factor, and how many recovery codes are left",
    input: noQuery,
    output: ACCESS_ANSWERS.readSecondFactor,
    verb: readOwnSecondFactor,
  }),
  route({
    method: "post",
    path: "/second-factor",
    right: "overview.view",
    scoped: OPEN,
    summary: "Start to set up an authenticator app; the response shows its secret and the recovery codes once",
    input: beginInput,
    status: 201,
    output: ACCESS_ANSWERS.beginSecondFactor,
    verb: beginSecondFactor,
  }),
  route({
    method: "post",
    path: "/second-factor/code",
    right: "overview.view",
    scoped: OPEN,
    summary: "Turn on your second factor with the first code of the app; your other sessions end",
    input: completeInput,
    output: ACCESS_ANSWERS.completeSecondFactor,
    verb: completeSecondFactor,
  }),
  route({
    method: "post",
    path: "/second-factor/recovery-codes",
    right: "overview.view",
    scoped: OPEN,
    summary: "Replace your recovery codes; the response shows the new ones once",
    input: ownFactorInput,
    status: 201,
    output: ACCESS_ANSWERS.renewRecoveryCodes,
    verb: renewRecoveryCodes,
  }),
  route({
    method: "delete",
    path: "/second-factor",
    right: "overview.view",
    scoped: OPEN,
    summary: "Turn your second factor off",
    input: ownFactorInput,
    output: ACCESS_ANSWERS.endSecondFactor,
    verb: endSecondFactor,
  }),
  route({
    method: "delete",
    path: "/staff/{id}/second-factor",
    right: "staff.edit",
    summary: "Reset an operator's second factor; their sessions end",
    input: nothing,
    output: ACCESS_ANSWERS.resetSecondFactor,
    verb: resetSecondFactor,
  }),
];
