// The entry of the bundle that holds MSAL.
export * from "@azure/msal-node";
