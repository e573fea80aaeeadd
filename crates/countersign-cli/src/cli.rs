//! The commands and their arguments.

use clap::{Args, Parser, Subcommand};

use crate::completions::CompletionsArgs;
use crate::diagnose::DiagnoseArgs;
use crate::manual::ManArgs;
use crate::request::RequestArgs;
use crate::scheme::SchemeName;
use crate::secrets::SecretArgs;
use crate::send::SendArgs;
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
    /// Find out why a delivery is refused, by trying, and say how to mend it
    #[command(after_help = DIAGNOSE_EXAMPLES)]
    Diagnose(DiagnoseArgs),
    /// Print the headers with which a provider would send a delivery
    #[command(after_help = SIGN_EXAMPLES)]
    Sign(SignArgs),
    /// Send a delivery, genuine or forged, to a receiver, and print what it answers
    #[command(after_help = SEND_EXAMPLES)]
    Send(SendArgs),
    /// Receive deliveries, print a line of JSON for each, and pass new events on
    #[command(after_help = SERVE_EXAMPLES)]
    Serve(ServeArgs),
    /// Send real and forged deliveries to a receiver on loopback, and show what came of each
    #[command(after_help = DEMO_EXAMPLES)]
    Demo,
    /// Print the script by which a shell completes the words of this program
    #[command(after_help = COMPLETIONS_EXAMPLES)]
    Completions(CompletionsArgs),
    /// Print the manual's page, or write the pages of all commands
    #[command(after_help = MAN_EXAMPLES)]
    Man(ManArgs),
}

#[derive(Args)]
pub(crate) struct SchemesArgs {
    /// A built-in's name, or a scheme's TOML file; without it, all built-ins are listed
    #[arg(value_parser = SchemeName, hide_possible_values = true)]
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
    /// Where the body names the event, such as /id, or /order/id+/status for several values
    /// together [default: as the scheme says]
    #[arg(long, value_name = "POINTER")]
    pub(crate) event_id: Option<String>,
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
    #[arg(
        long = "scheme",
        value_name = "SCHEME",
        value_parser = SchemeName,
        hide_possible_values = true
    )]
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
  countersign schemes --json | jq -r '.[].name'

Exit status: 0 done, 2 bad usage or configuration.";

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

const DIAGNOSE_EXAMPLES: &str = "\
It verifies the delivery again and again with one thing changed, and says what made it verify. It
prints neither secrets nor the signature that would have been right, and is for use offline. The
more of the request's headers it is given, the more it can find.

Examples:
  countersign diagnose --scheme github --secret-env GITHUB_SECRET --request delivery.json

  Was it signed for another endpoint, or with the secret before?
    countersign diagnose --scheme stripe --secret-env STRIPE_LIVE --candidate-env STRIPE_TEST \\
      --retired-file old.txt --request delivery.json

  A handshake, which a provider sends before its events and perhaps does not sign:
    countersign diagnose --scheme meta --secret-env META_SECRET --verify-token-env META_TOKEN \\
      --request challenge.json

Exit status: 0 verified, 1 a cause was found (or it is a handshake that nobody signs), 2 bad usage
or configuration, 3 none was found.";

const SIGN_EXAMPLES: &str = "\
The headers that the scheme adds are printed, and none of the request's own: where the request
already has headers of these names, send the printed ones instead. A delivery that a receiver rejects
although its signature is right, for its content encoding say, is signed, and a note says why.

Examples:
  countersign sign --scheme venum --secret-env VENUM_SECRET --body event.json

  Into `verify`:
    countersign sign --scheme stripe --secret-env S --body b.json |
      countersign verify --scheme stripe --secret-env S --body b.json -H @-

  Into curl:
    countersign sign --scheme standardwebhooks --secret-env S --body b.json |
      curl -H @- -H 'Content-Type: application/json' --data-binary @b.json http://localhost:3000/

Exit status: 0 signed, 2 bad usage or configuration.";

const SEND_EXAMPLES: &str = "\
The delivery is signed with the current secret as `sign` would sign it, and sent by HTTP/1.1, each
time on a connection of its own. A time that stands in the body is written there anew. `--url` is
needed only where the URL that is signed is not the one of `--to`.

A request that was recorded (`--request`) is signed anew: it keeps its id and its other headers,
and nothing of the signature that it had. With `--as-it-was` nothing is signed, and no secret is
needed: headers and body are sent to the byte, but for the headers of the connection. An old one may
well be refused for its age.

`--forge all` sends genuine deliveries too, to see whether they and their repeats are taken: their
events get ids of their own. It waits up to 10 s for each answer.

Examples:
  countersign send --to http://127.0.0.1:3000/hooks --scheme venum --secret-env S --body event.json

  Is the endpoint sound?
    countersign send --forge all --to http://127.0.0.1:3000/hooks --scheme stripe --secret-env S \\
      --body event.json

  One forgery:
    countersign send --forge stale --to https://example.com/hooks --scheme slack --secret-env S \\
      --body event.json

  How are answers and times spread?
    countersign send --repeat 200 --concurrency 8 --to http://127.0.0.1:3000/hooks \\
      --scheme github --secret-env S --body event.json

  What `serve --capture` has captured, once more:
    countersign send --to http://127.0.0.1:3000/hooks --as-it-was --request captures/2026….json
    countersign send --to http://127.0.0.1:3000/hooks --scheme slack --secret-env S \\
      --request captures/2026….json

Exit status: 0 if every answer was one that a sound receiver gives (with `--as-it-was`: a 2xx), 1 if
not, 2 bad usage or configuration.";

const SERVE_EXAMPLES: &str = "\
A file:
    listen = \"127.0.0.1:3000\"
    store = \"redis://127.0.0.1:6379\"             # or memory, the default
    store_prefix = \"shop\"                       # its own for each application on a Redis
    [[endpoint]]
    path = \"/hooks/venum\"
    scheme = \"venum\"                            # or a TOML file
    secrets = [{ env = \"VENUM_SECRET\" }, { file = \"old-secret.txt\", name = \"old\" }]
    forward = \"http://127.0.0.1:8080/venum\"     # without it, printed deliveries are acknowledged
    # optional: url, body_limit, tolerance, retention, ack_deadline, outage,
    # handler_timeout = \"2m\"; event_id = \"/id\" and repeats = \"handle\" or \"suppress\"; for
    # handshakes, verify_token = { env = \"NAME\" }, or keep_secret = \"PATH\" and
    # arm_handshake = \"10m\"; above the endpoints, capture = \"captures\", capture_refused = true,
    # capture_files = 1000, dead_letters = \"dead\", connections = 512, drain_timeout = \"29s\",
    # forwarded_headers = \"keep\"

A forwarded request has the original method, headers and body, and countersign-event-id,
countersign-event-type, countersign-event-type-signed, countersign-tenant, countersign-attempt and
countersign-possible-duplicate. What the sender sent under such names, in any spelling, is dropped,
and so are X-Forwarded-* and the like unless forwarded_headers is \"keep\". An event id or type of
more than 256 bytes is forwarded, printed and written as its digest, sha256:<hex>. A target that has
not answered within handler_timeout loses its connection, and the event is given back: its next
delivery is forwarded again.

A captured delivery (`--capture`) is a file of JSON that its owner alone can read, with the request
as it arrived and what came of it. Handshakes are not captured, and no secret is: the headers of
credentials and of tokens, and whatever holds a live secret, are left out and named in `redacted`; a
delivery whose body holds one is not captured. Give each program a folder of its own, and dead
letters another.

Examples:
  countersign serve --config serve.toml
  countersign serve --listen 127.0.0.1:3000 --endpoint /hooks/venum=venum \\
    --secret-env VENUM_SECRET --forward http://127.0.0.1:8080/venum

  Why is it refused? Capture it, and ask:
    countersign serve --config serve.toml --capture captures --capture-refused
    countersign diagnose --scheme venum --secret-env VENUM_SECRET --request captures/2026….json

It runs until SIGTERM or Ctrl-C, and then finishes what is in hand, within 29 s (drain_timeout); a
second signal ends it at once.

Exit status: 0 after one signal, 1 after a second, 2 bad usage or configuration.";

const DEMO_EXAMPLES: &str = "\
Examples:
  countersign demo

Exit status: 0 if every delivery was answered as expected, 1 if not, 2 if the receiver could not be
started.";

const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  bash, with the package bash-completion:
    mkdir -p ~/.local/share/bash-completion/completions
    countersign completions bash >~/.local/share/bash-completion/completions/countersign

  zsh, with `fpath+=(~/.zfunc)` before `compinit` in ~/.zshrc:
    mkdir -p ~/.zfunc
    countersign completions zsh >~/.zfunc/_countersign

  fish:
    countersign completions fish >~/.config/fish/completions/countersign.fish

  elvish, in ~/.config/elvish/rc.elv:
    eval (countersign completions elvish | slurp)

  PowerShell, in the file that $PROFILE names:
    countersign completions powershell | Out-String | Invoke-Expression

A shell that is started afterwards knows them. The script is of this version: write it anew after an
update.

Exit status: 0 printed, 2 bad usage.";

const MAN_EXAMPLES: &str = "\
Examples:
  countersign man >countersign.1
  countersign man --dir ~/.local/share/man/man1
  man countersign-verify

Exit status: 0 done, 2 bad usage, or a page that could not be written.";
