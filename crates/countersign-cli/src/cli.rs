//! The commands and their arguments.

use clap::{Args, Parser, Subcommand};

use crate::request::RequestArgs;
use crate::secrets::SecretArgs;
use crate::serve::ServeArgs;
use crate::verify::HandshakeArgs;

/// Verifies webhook deliveries, signs them, and shows how providers do.
#[derive(Parser)]
#[command(
    name = "countersign",
    version,
    arg_required_else_help = true,
    after_help = EXAMPLES,
    after_long_help = EXAMPLES
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// List the schemes, or describe one
    #[command(after_help = SCHEMES_EXAMPLES)]
    Schemes(SchemesArgs),
    /// Say whether a delivery is authentic and fresh, or why not
    #[command(after_help = VERIFY_EXAMPLES)]
    Verify(VerifyArgs),
    /// Print the headers with which a provider would send a delivery
    #[command(after_help = SIGN_EXAMPLES)]
    Sign(SignArgs),
    /// Receive deliveries, print a line of JSON for each, and pass new events on
    #[command(after_help = SERVE_EXAMPLES)]
    Serve(ServeArgs),
    /// Send real and forged deliveries to a receiver on loopback, and show what came of each
    #[command(after_help = DEMO_EXAMPLES)]
    Demo,
}

#[derive(Args)]
pub(crate) struct SchemesArgs {
    /// A built-in's name, or a scheme's TOML file; without it, all built-ins are listed
    pub(crate) name: Option<String>,
    #[command(flatten)]
    pub(crate) form: SchemesForm,
}

/// How schemes are printed; by default, as a table or a list for people.
#[derive(Args)]
#[group(multiple = false)]
pub(crate) struct SchemesForm {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Print the scheme as a TOML file, to begin a description of your own with
    #[arg(long, requires = "name")]
    pub(crate) toml: bool,
    /// Print a page in Markdown
    #[arg(long)]
    pub(crate) markdown: bool,
}

#[derive(Args)]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    pub(crate) scheme: SchemeArg,
    #[command(flatten)]
    pub(crate) secrets: SecretArgs,
    #[command(flatten)]
    pub(crate) request: RequestArgs,
    #[command(flatten)]
    pub(crate) handshake: HandshakeArgs,
    /// What time it is, in Unix milliseconds [default: the system's clock]
    #[arg(long, value_name = "MS", allow_negative_numbers = true)]
    pub(crate) now: Option<i64>,
    /// Print one line of JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct SignArgs {
    #[command(flatten)]
    pub(crate) scheme: SchemeArg,
    #[command(flatten)]
    pub(crate) secrets: SecretArgs,
    #[command(flatten)]
    pub(crate) request: RequestArgs,
    /// The id to sign, where the scheme has one [default: `msg_` and 128 random bits]
    #[arg(long, value_name = "ID")]
    pub(crate) id: Option<String>,
    /// When it is signed, in Unix milliseconds [default: now]
    #[arg(long, value_name = "MS", allow_negative_numbers = true)]
    pub(crate) timestamp: Option<i64>,
}

#[derive(Args)]
pub(crate) struct SchemeArg {
    /// A built-in's name (`countersign schemes` lists them), or a scheme's TOML file
    #[arg(long = "scheme", value_name = "SCHEME")]
    pub(crate) name: String,
}

const EXAMPLES: &str = "\
Examples:
  countersign demo
  countersign schemes stripe
  countersign verify --scheme github --secret-env GITHUB_SECRET --request delivery.json

Exit status: 0 verified (or done), 1 refused, 2 bad usage or configuration.";

const SCHEMES_EXAMPLES: &str = "\
Examples:
  countersign schemes
  countersign schemes venum
  countersign schemes ./acme.toml
  countersign schemes stripe --toml >acme.toml
  countersign schemes --json | jq -r '.[].name'";

const VERIFY_EXAMPLES: &str = "\
Examples:
  A request in pieces:
    countersign verify --scheme github --secret-env GITHUB_SECRET \\
      -H 'X-Hub-Signature-256: sha256=7571…' --body payload.json

  A request in one file, with the clock of its day:
    countersign verify --scheme stripe --secret-file stripe.txt \\
      --request delivery.json --now 1760000000000

  While a secret is being rotated, the current one first:
    countersign verify --scheme slack --secret-env SLACK_SECRET --secret-file old.txt \\
      -H @headers.txt --body - <payload.json

  What `sign` has signed:
    countersign sign --scheme stripe --secret-env S --body b.json |
      countersign verify --scheme stripe --secret-env S --body b.json -H @-

  A handshake, and what its provider is to hear:
    countersign verify --scheme slack --secret-env SLACK_SECRET --request ping.json --answer

Exit status: 0 verified, 1 refused (or a handshake that nobody signs: nothing was verified), 2 bad
usage or configuration.";

const SIGN_EXAMPLES: &str = "\
The headers that the scheme adds are printed, and none of the request's own: where the request
already has headers of these names, send the printed ones instead.

Examples:
  countersign sign --scheme venum --secret-env VENUM_SECRET --body event.json

  Into `verify`:
    countersign sign --scheme stripe --secret-env S --body b.json |
      countersign verify --scheme stripe --secret-env S --body b.json -H @-

  Into curl:
    countersign sign --scheme standardwebhooks --secret-env S --body b.json |
      curl -H @- -H 'Content-Type: application/json' --data-binary @b.json http://localhost:3000/";

const SERVE_EXAMPLES: &str = "\
A file:
    listen = \"127.0.0.1:3000\"
    store = \"redis://127.0.0.1:6379\"             # or memory, the default
    [[endpoint]]
    path = \"/hooks/venum\"
    scheme = \"venum\"                            # or a TOML file
    secrets = [{ env = \"VENUM_SECRET\" }, { file = \"old-secret.txt\", name = \"old\" }]
    forward = \"http://127.0.0.1:8080/venum\"     # without it, printed deliveries are acknowledged
    # optional: url, body_limit, tolerance, retention, ack_deadline, outage; for handshakes,
    # verify_token = { env = \"NAME\" }, or keep_secret = \"PATH\" and arm_handshake = \"10m\"

A forwarded request has the original method, headers and body, and countersign-event-id,
countersign-event-type, countersign-event-type-signed and countersign-attempt.

Examples:
  countersign serve --config serve.toml
  countersign serve --listen 127.0.0.1:3000 --endpoint /hooks/venum=venum \\
    --secret-env VENUM_SECRET --forward http://127.0.0.1:8080/venum

It runs until SIGTERM or Ctrl-C, finishes what is in hand, and ends with status 0; a second signal
ends it at once, with status 1. Bad usage or configuration is 2.";

const DEMO_EXAMPLES: &str = "\
Examples:
  countersign demo

Exit status: 0 if every delivery was answered as expected, 1 if not.";
