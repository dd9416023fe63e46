// The entry of the bundle that holds node-forge: what certificates need of it, without its TLS, SSH and HTTP.
import forge from "node-forge/lib/forge.js";
import "node-forge/lib/md.all.js";
import "node-forge/lib/pki.js";
export default forge;
