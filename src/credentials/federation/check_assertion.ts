import { CliError } from "../../errors.ts";
import { Secret } from "../../text/secret.ts";

/** A signed JWT in its compact form (RFC 7515 section 7.1). */
const JWT = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/**
 * Takes `text` for an assertion: whether its issuer, subject and audience are the right ones is for Entra to say.
 *
 * @param where Where the text is from, to begin a message with.
 * @throws {CliError} `usage` when it is no JWT. The text itself is never shown.
 */
export function checkAssertion(text: string, where: string): Secret {
  const token = text.trim();
  if (JWT.test(token)) return new Secret(token);
  throw new CliError("usage", `${where} ${token === "" ? "is empty" : "does not hold a JWT"}`, {
    hint: "It has to hold the token of the issuer that the application trusts, and nothing else.",
  });
}
