import { PublicClientApplication } from "@azure/msal-node";
import { entraAuthority } from "../authority.ts";
import { type DeviceAuthorization, validateDeviceAuthorization } from "../device_code.ts";
import { pollForTokens } from "../device_polling.ts";
import { isTokenRequest, type PostExchange } from "./msal_network_module.ts";
import { issuedTokens } from "./issued_tokens.ts";
import { createMsal, runMsal, type TokenClientOptions } from "./msal_app.ts";
import { parseReportedError } from "../errors/reported_error.ts";
import type { DeviceCode, IssuedTokens, SignInOptions } from "../token_client.ts";

/**
 * Signs in by the device authorization grant (RFC 8628). MSAL builds the requests and takes in the result; what lies
 * between is done here, for MSAL's own polling takes `slow_down` and a broken connection for the end, and any interval
 * as it comes.
 *
 * @param onCode Told the code once, when there is one.
 * @param signal Ends the wait, in place of that of `options`.
 * @throws {CliError} `timeout`, `access_denied`, `sign_in_failed`, `invalid_response`, `wrong_account`, `network`; the
 *   reason of `signal` when aborted.
 */
export async function signInWithDeviceCode(
  options: TokenClientOptions,
  request: SignInOptions,
  onCode: (code: DeviceCode) => void,
  signal: AbortSignal,
): Promise<IssuedTokens> {
  const post = deviceExchange(options, onCode, signal);
  const msal = createMsal(
    { ...options, signal },
    // A poll in a pause counts as one that failed, and is not sent.
    { silently: false, obeysThrottle: true, post },
    (configuration) => new PublicClientApplication(configuration),
  );
  const result = await runMsal(msal, (app) =>
    app.acquireTokenByDeviceCode({
      scopes: [...request.scopes],
      // The code was told already.
      deviceCodeCallback: () => {},
      ...(request.claims === undefined ? {} : { claims: request.claims }),
    }));
  return issuedTokens(options, msal, result, { scopes: request.scopes, nonce: null });
}

/** Answers MSAL's two requests: the one for a code as it comes, the one for the tokens once the polling is over. */
function deviceExchange(
  { authority: base, tenant, clientId, clock }: TokenClientOptions,
  onCode: (code: DeviceCode) => void,
  signal: AbortSignal,
): PostExchange {
  const authority = entraAuthority(base, tenant);
  let granted: DeviceAuthorization | null = null;
  return async (request, send) => {
    if (granted !== null && isTokenRequest(request)) {
      return await pollForTokens({ ...granted, clock, signal, poll: send });
    }
    const answer = await send();
    if (parseReportedError(answer.body) !== null) return answer;
    granted = validateDeviceAuthorization(answer.body, authority);
    const { intervalSeconds: _, ...shown } = granted;
    onCode({ ...shown, clientId, tenant });
    // MSAL takes no code for good whose life it can't count.
    return { ...answer, body: { ...answer.body, expires_in: granted.expiresInSeconds } };
  };
}
