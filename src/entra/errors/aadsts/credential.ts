import { shellWord } from "../../../text/shell_word.ts";
import { appPage, az, type ErrorContext, type Remedy, type RemedyTable } from "./remedy.ts";

function newSecret(context: ErrorContext): string {
  return `${appPage(context, "Certificates & secrets")}, or\n` +
    `${az(context, `ad app credential reset --id ${context.clientId} --append --years 1`)}\n` +
    `Then put it where it is taken from: AZURE_CLIENT_SECRET, or the profile:\n` +
    `printenv SECRET | entra-auth-cli edit-profile --name ${
      shellWord(context.profile)
    } --client-secret-stdin`;
}

function federated(part: string): Remedy {
  return {
    message: `The application trusts no federated credential with this ${part}`,
    hint: (context) =>
      `Compare it, letter by letter, with ${
        appPage(context, "Certificates & secrets > Federated credentials")
      }, or\n` +
      az(context, `ad app federated-credential list --id ${context.clientId}`),
  };
}

/** What is wrong with the secret, certificate or assertion by which an application proves who it is. */
export const CREDENTIAL_REMEDIES: RemedyTable = {
  7000215: {
    message: "The client secret is wrong",
    hint: (context) =>
      `Use the secret's value, not its ID: both stand side by side in the list, and the value is shown once, when the ` +
      `secret is made. Make a new one: ${newSecret(context)}`,
  },
  7000222: {
    message: "The client secret has expired",
    hint: (context) => `Make a new one: ${newSecret(context)}`,
  },
  700027: {
    message: "The application does not have this certificate",
    hint: (context) =>
      `Upload the certificate whose key signs here, or use the one whose thumbprint is in the list: ` +
      `${appPage(context, "Certificates & secrets")}, or\n` +
      az(context, `ad app credential reset --id ${context.clientId} --append --cert @certificate.pem`),
  },
  700030: {
    message: "The certificate's subject name is not one that the application trusts",
    hint: (context) => `Compare it with the trusted names in ${appPage(context, "Manifest")}`,
  },
  70021: federated("issuer, subject and audience"),
  700211: federated("issuer"),
  700212: federated("audience"),
  7002121: federated("audience"),
  700213: federated("subject"),
  7002131: federated("subject"),
  700024: {
    message: "The assertion is not valid at this time: it has expired, or this machine's clock is wrong",
    hint: () => "Set this machine's clock, and get a fresh assertion from where it came.",
  },
};
