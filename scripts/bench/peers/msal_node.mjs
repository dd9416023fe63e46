// Gets a token with MSAL Node and its cache in a file.
import { ConfidentialClientApplication } from "@azure/msal-node";
import { readFile, writeFile } from "node:fs/promises";

const { AUTHORITY, TENANT_ID, CLIENT_ID, CLIENT_SECRET, SCOPE, CACHE_FILE } = process.env;
const app = new ConfidentialClientApplication({
  auth: {
    clientId: CLIENT_ID,
    clientSecret: CLIENT_SECRET,
    authority: `${AUTHORITY}/${TENANT_ID}`,
    knownAuthorities: [new URL(AUTHORITY).host],
  },
  cache: {
    cachePlugin: {
      async beforeCacheAccess(context) {
        context.tokenCache.deserialize(await readFile(CACHE_FILE, "utf8").catch(() => "{}"));
      },
      async afterCacheAccess(context) {
        if (context.cacheHasChanged) {
          await writeFile(CACHE_FILE, context.tokenCache.serialize(), { mode: 0o600 });
        }
      },
    },
  },
});
const result = await app.acquireTokenByClientCredential({ scopes: [SCOPE] });
process.stdout.write(`${result.accessToken}\n`);
