// The entry of the bundle that holds MSAL: what the program uses of it.
export {
  ConfidentialClientApplication,
  InteractionRequiredAuthError,
  ManagedIdentityApplication,
  PublicClientApplication,
} from "@azure/msal-node";
