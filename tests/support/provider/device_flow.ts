// @ts-types="npm:@types/oidc-provider@9.12.1"
import type { Configuration } from "oidc-provider";
import { deviceCodePage, deviceConfirmPage, messagePage } from "./pages.ts";

type DeviceFlow = NonNullable<NonNullable<Configuration["features"]>["deviceFlow"]>;

/** The device flow's settings: Entra's kind of code, and our own pages. */
export function deviceFlow(): DeviceFlow {
  return {
    enabled: true,
    charset: "base-20",
    mask: "*********",
    userCodeInputSource: (ctx, form, _out, error) => {
      const message = error === undefined ? {} : { message: explain(error) };
      ctx.body = deviceCodePage({ form, ...message }).text;
    },
    userCodeConfirmSource: (ctx, form, client, _deviceInfo, userCode) => {
      ctx.body =
        deviceConfirmPage({ form, application: client.clientName ?? client.clientId, userCode }).text;
    },
    successSource: (ctx) => {
      ctx.body = messagePage("You have signed in", "You can close this window now.").text;
    },
  };
}

function explain(error: { name: string }): string {
  if (error.name === "AbortedError") return "The sign-in was cancelled.";
  return "That code didn't work. Check the code and try again.";
}
