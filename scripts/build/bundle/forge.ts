// The entry of the bundle that holds node-forge: what encrypted files need of it, without its TLS, X.509 and HTTP.
import forge from "node-forge/lib/forge.js";
import "node-forge/lib/md.all.js";
import "node-forge/lib/pbe.js";
export default forge;
