// Loads the library that a refresh and a sign-in need.
import "@azure/msal-node";
