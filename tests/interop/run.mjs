// Runs each SDK in both directions, and prints a line of JSON for each: the program signs and the SDK
// verifies; the SDK signs and the program verifies; both must reject a delivery that was changed.
//
// `cargo xtask interop` copies this file to the folder in which the packages are installed.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { SDKS } from "./sdks.mjs";

const PROGRAM = process.env.COUNTERSIGN_PROGRAM;
const SECRET = "a-secret-of-the-interop-run-0123456789";

function countersign(args, secret, input) {
  const env = { ...process.env, INTEROP_SECRET: secret };
  return execFileSync(PROGRAM, [...args, "--secret-env", "INTEROP_SECRET"], { env, input, stdio: ["pipe", "pipe", "pipe"] }).toString();
}

function delivery(file, secret) {
  const headers = Object.fromEntries(Object.entries(file.headers ?? {}).map(([name, value]) => [name.toLowerCase(), [value].flat()[0]]));
  return complete({ method: file.method, url: file.url, headers, text: Buffer.from(file.body_base64, "base64").toString(), secret });
}

function complete(d) {
  return { ...d, body: Buffer.from(d.text), header: (name) => d.headers[name], json: () => JSON.parse(d.text) };
}

function signed(sdk, secret) {
  const url = sdk.url ? ["--url", sdk.url] : [];
  return delivery(JSON.parse(countersign(["sign", "--scheme", sdk.scheme, "--sample", ...url], secret)), secret);
}

// Whether the program verifies it.
function weVerify(sdk, d) {
  const file = { method: d.method, url: d.url ?? sdk.url, headers: d.headers, body_base64: Buffer.from(d.text).toString("base64") };
  try {
    countersign(["verify", "--scheme", sdk.scheme, "--request", "-", "--json"], d.secret, JSON.stringify(file));
    return "accepts";
  } catch (error) {
    const said = error.stdout?.toString() ?? "";
    if (error.status === 1 && said.includes('"verified":false')) return "rejects";
    throw new Error(`the program failed: ${said}${error.stderr}`);
  }
}

let why = "";
async function theyVerify(sdk, module, d) {
  try {
    why = "";
    return (await sdk.verify(module, d)) === false ? "rejects" : "accepts";
  } catch (error) {
    why = String(error?.message ?? error).split("\n")[0];
    return "rejects";
  }
}

function changed(sdk, d) {
  return complete(sdk.tamper ? sdk.tamper(d) : { ...d, text: d.text + " " });
}

for (const sdk of SDKS.filter((it) => !process.argv[2] || it.scheme.includes(process.argv[2]))) {
  const result = { scheme: sdk.scheme, sdk: sdk.package, registry: "npm" };
  try {
    result.version = JSON.parse(readFileSync(`node_modules/${sdk.package}/package.json`)).version;
    const module = await import(sdk.module ?? sdk.package);
    const secret = sdk.secret ?? SECRET;
    const keys = sdk.keys?.();
    const ours = { ...signed(sdk, keys?.sign ?? secret), secret: keys?.verify ?? secret };
    result.they_verify = await theyVerify(sdk, module, ours);
    if (why) result.why = why;
    result.they_verify_changed = await theyVerify(sdk, module, changed(sdk, ours));
    if (sdk.sign) {
      // A delivery with our signature by another key, which the SDK's signature replaces.
      const other = secret.replace("a-secret", "b-secret").replace("YSBrZXkg", "YiBrZXkg").replace("a5", "b6");
      const base = { ...signed(sdk, other), secret };
      const { body, ...headers } = await sdk.sign(module, base);
      const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]));
      const theirs = complete({ ...base, text: body ?? base.text, headers: { ...base.headers, ...lower } });
      result.before = weVerify(sdk, base);
      result.we_verify = weVerify(sdk, theirs);
      result.we_verify_changed = weVerify(sdk, changed(sdk, theirs));
    }
  } catch (error) {
    result.error = String(error?.message ?? error).split("\n").slice(0, 3).join(" ");
  }
  console.log(JSON.stringify(result));
}
process.exit(0);
