// Gets a token with @azure/identity, which has no cache between processes.
import { ClientSecretCredential } from "@azure/identity";

const { AUTHORITY, TENANT_ID, CLIENT_ID, CLIENT_SECRET, SCOPE } = process.env;
const credential = new ClientSecretCredential(TENANT_ID, CLIENT_ID, CLIENT_SECRET, {
  authorityHost: AUTHORITY,
  disableInstanceDiscovery: true,
});
process.stdout.write(`${(await credential.getToken(SCOPE)).token}\n`);
