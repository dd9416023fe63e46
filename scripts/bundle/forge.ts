// The entry of the bundle that holds node-forge.
export { default } from "node-forge";
