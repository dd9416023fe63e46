// Loads the library that a refresh and a sign-in need, and does nothing with it.
import "@azure/msal-node";
