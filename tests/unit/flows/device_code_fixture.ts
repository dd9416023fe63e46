import type { DeviceCode } from "../../../src/entra/token_client.ts";

/** A device code as Entra gives it. */
export const CODE: DeviceCode = {
  userCode: "ABCD-EFGH",
  verificationUri: "https://microsoft.com/devicelogin",
  verificationUriComplete: null,
  expiresInSeconds: 900,
  clientId: "the-client",
  tenant: "the-tenant",
};
