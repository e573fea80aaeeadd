//! Command-line interface: the commands, their arguments and their help.

use clap::{Args, Parser, Subcommand};

use crate::completions::CompletionsArgs;
use crate::diagnose::DiagnoseArgs;
use crate::event::EventArgs;
use crate::inspect::InspectArgs;
use crate::jobs::QueueArgs;
use crate::manual::ManArgs;
use crate::request::RequestArgs;
use crate::scheme::SchemeName;
use crate::secrets::SecretArgs;
use crate::send::SendArgs;
use crate::serve::ServeArgs;
use crate::verify::HandshakeArgs;

/// Receive, verify, sign and test webhook deliveries
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
    /// List the built-in signature schemes, or describe one
    #[command(after_help = SCHEMES_EXAMPLES)]
    Schemes(SchemesArgs),
    /// Verify the signature and timestamp of a delivery
    #[command(after_help = VERIFY_EXAMPLES)]
    Verify(VerifyArgs),
    /// Diagnose why a delivery fails verification and suggest a fix
    #[command(after_help = DIAGNOSE_EXAMPLES)]
    Diagnose(DiagnoseArgs),
    /// Sign a delivery as the provider does and print the headers
    #[command(after_help = SIGN_EXAMPLES)]
    Sign(SignArgs),
    /// Send genuine or forged deliveries to an endpoint and print the responses
    #[command(after_help = SEND_EXAMPLES)]
    Send(SendArgs),
    /// Receive deliveries over HTTP: verify, deduplicate, log and forward them
    #[command(after_help = SERVE_EXAMPLES)]
    Serve(ServeArgs),
    /// Receive deliveries and show them on a page: diagnose, edit, sign and resend them
    #[command(after_help = INSPECT_EXAMPLES)]
    Inspect(Box<InspectArgs>),
    /// List, retry, discard and pause the events in the queue of `serve`
    #[command(after_help = QUEUE_EXAMPLES)]
    Queue(QueueArgs),
    /// Run a local receiver, send it genuine and forged deliveries, and show the results
    #[command(after_help = DEMO_EXAMPLES)]
    Demo,
    /// Generate shell completions
    #[command(after_help = COMPLETIONS_EXAMPLES)]
    Completions(CompletionsArgs),
    /// Generate man pages
    #[command(after_help = MAN_EXAMPLES)]
    Man(ManArgs),
}

#[derive(Args)]
pub(crate) struct SchemesArgs {
    /// Name of a built-in scheme, or path of a scheme's TOML file, to describe it; or a part of a
    /// name, title or header, to list the schemes that have it. If omitted, all are listed
    #[arg(value_parser = SchemeName, hide_possible_values = true)]
    pub(crate) name: Option<String>,
    #[command(flatten)]
    pub(crate) form: SchemesForm,
    /// List the scheme's sample events, for `--sample` of `sign` and `send`
    #[arg(long, requires = "name", conflicts_with_all = ["toml", "markdown"])]
    pub(crate) samples: bool,
    /// List the schemes with all columns, and lines of any length
    #[arg(long, conflicts_with_all = ["json", "toml", "markdown", "samples"])]
    pub(crate) wide: bool,
}

/// The output format; the default is a human-readable table or list.
#[derive(Args)]
#[group(multiple = false)]
pub(crate) struct SchemesForm {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Print the scheme as a TOML file, to start your own scheme from
    #[arg(long, requires = "name")]
    pub(crate) toml: bool,
    /// Print Markdown
    #[arg(long)]
    pub(crate) markdown: bool,
}

#[derive(Args)]
#[command(override_usage = "countersign verify --scheme <SCHEME>
           <--secret-env <NAME>|--secret-file <PATH>>...
           <--body <FILE>|--request <FILE>> [OPTIONS]")]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    pub(crate) scheme: SchemeArg,
    #[command(flatten)]
    pub(crate) secrets: SecretArgs,
    #[command(flatten)]
    pub(crate) request: RequestArgs,
    #[command(flatten)]
    pub(crate) handshake: HandshakeArgs,
    /// JSON pointer to the event id in the body, such as /id, or /order/id+/status to combine
    /// several values [default: defined by the scheme]
    #[arg(long, value_name = "POINTER")]
    pub(crate) event_id: Option<String>,
    /// Current time, in Unix milliseconds [default: system clock]
    #[arg(long, value_name = "MS", allow_negative_numbers = true)]
    pub(crate) now: Option<i64>,
    /// Print one line of JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
#[command(override_usage = "countersign sign --scheme <SCHEME>
           <--secret-env <NAME>|--secret-file <PATH>>
           <--body <FILE>|--request <FILE>|--sample [<EVENT>]> [OPTIONS]")]
pub(crate) struct SignArgs {
    #[command(flatten)]
    pub(crate) scheme: SchemeArg,
    #[command(flatten)]
    pub(crate) secrets: SecretArgs,
    #[command(flatten)]
    pub(crate) event: EventArgs,
    /// Event id to sign, if the scheme signs one [default: `msg_` and 128 random bits]
    #[arg(long, value_name = "ID")]
    pub(crate) id: Option<String>,
    /// Time of the signature, in Unix milliseconds [default: now]
    #[arg(long, value_name = "MS", allow_negative_numbers = true)]
    pub(crate) timestamp: Option<i64>,
}

#[derive(Args)]
pub(crate) struct SchemeArg {
    /// Name of a built-in scheme (see `countersign schemes`), or path of a scheme's TOML file
    #[arg(
        long = "scheme",
        value_name = "SCHEME",
        value_parser = SchemeName,
        hide_possible_values = true
    )]
    pub(crate) name: String,
}

/// The width of a narrow terminal. A longer line is wrapped, and a command that is wrapped fails if it
/// is pasted.
#[cfg(test)]
const HELP_WIDTH: usize = 80;

const EXAMPLES: &str = "\
Examples:
  countersign demo
  countersign schemes stripe
  countersign verify --scheme github --secret-env GITHUB_SECRET \\
    --request delivery.json

Exit status: 0 verified (or done), 1 rejected, 2 bad usage or configuration.";

const SCHEMES_EXAMPLES: &str = "\
Examples:
  countersign schemes
  countersign schemes pay
  countersign schemes venum
  countersign schemes stripe --samples
  countersign schemes ./acme.toml
  countersign schemes stripe --toml >acme.toml
  countersign schemes --json | jq -r '.[].name'

Exit status: 0 done, 2 bad usage or configuration.";

const VERIFY_EXAMPLES: &str = "\
Examples:
  A body and headers:
    countersign verify --scheme github --secret-env GITHUB_SECRET \\
      -H 'X-Hub-Signature-256: sha256=7571…' --body payload.json

  A recorded request, verified with the time at which it was received:
    countersign verify --scheme stripe --secret-file stripe.txt \\
      --request delivery.json --now 1760000000000

  During secret rotation, the current secret first:
    countersign verify --scheme slack --secret-env SLACK_SECRET \\
      --secret-file old.txt -H @headers.txt --body - <payload.json

  The output of `sign`:
    countersign sign --scheme stripe --secret-env S --body b.json |
      countersign verify --scheme stripe --secret-env S --body b.json -H @-

  A handshake, with the response for the provider:
    countersign verify --scheme slack --secret-env SLACK_SECRET \\
      --request ping.json --answer

Exit status: 0 verified, 1 rejected (or an unsigned handshake: nothing was
verified), 2 bad usage or configuration.";

const DIAGNOSE_EXAMPLES: &str = "\
Verifies the delivery repeatedly with one change at a time, and reports which
change makes it verify. The output contains neither secrets nor the correct
signature, but is meant for offline use. Include all headers of the request:
more causes can be found with them.

Examples:
  countersign diagnose --scheme github --secret-env GITHUB_SECRET \\
    --request delivery.json

  Check the secrets of other endpoints and an old secret:
    countersign diagnose --scheme stripe --secret-env STRIPE_LIVE \\
      --other-endpoint-secret-env STRIPE_TEST --old-secret-file old.txt \\
      --request delivery.json

  A handshake, which a provider sends before events and may not sign:
    countersign diagnose --scheme meta --secret-env META_SECRET \\
      --verify-token-env META_TOKEN --request challenge.json

Exit status: 0 verified, 1 a cause was found (or it is an unsigned handshake), 2
bad usage or configuration, 3 no cause was found.";

const SIGN_EXAMPLES: &str = "\
Prints only the headers that the scheme adds. If the request already has headers
with these names, replace them with the printed ones. With `--sample`, prints
the whole request, as `--request` reads it. A delivery that a receiver rejects
despite a correct signature, for example because of its content encoding, is
signed, and a note gives the reason.

Examples:
  countersign sign --scheme venum --secret-env VENUM_SECRET --body event.json

  Verify the result:
    countersign sign --scheme stripe --secret-env S --body b.json |
      countersign verify --scheme stripe --secret-env S --body b.json -H @-

  Sign a sample event of the provider, and verify it:
    countersign sign --scheme stripe --secret-env S --sample |
      countersign verify --scheme stripe --secret-env S --request -

  Send with curl:
    countersign sign --scheme standardwebhooks --secret-env S --body b.json |
      curl -H @- -H 'Content-Type: application/json' --data-binary @b.json \\
        http://localhost:3000/

Exit status: 0 signed, 2 bad usage or configuration.";

const SEND_EXAMPLES: &str = "\
Signs the delivery with the current secret, as `sign` does, and sends it over
HTTP/1.1 on a new connection each time. If the scheme reads the time from the
body, the time in the body is updated. `--url` is needed only if the signed URL
differs from `--to`.

A recorded request (`--request`) is signed again: it keeps its id and its other
headers, but not its old signature. With `--verbatim` the request is not signed
and no secret is needed: headers and body are sent unchanged, except for
connection headers. The receiver may reject an old request because of its
timestamp.

`--attack all` also sends genuine deliveries and duplicates, with generated
event ids, to check that the endpoint accepts them. It waits up to 10 s for each
response. The first is a genuine delivery: if it is not answered with a 2xx, no
attack is sent, and the exit status is 2.

Examples:
  countersign send --to http://127.0.0.1:3000/hooks --scheme venum \\
    --secret-env S --body event.json

  Send a sample event of the provider (`countersign schemes github --samples`
  lists them):
    countersign send --sample push --to http://127.0.0.1:3000/hooks \\
      --scheme github --secret-env S

  Attack an endpoint and print a report:
    countersign send --attack all --sample --to http://127.0.0.1:3000/hooks \\
      --scheme stripe --secret-env S

  The same in CI, with a report for the CI server:
    countersign send --attack all --sample --to http://127.0.0.1:3000/hooks \\
      --scheme stripe --secret-env S --junit attacks.xml --sarif attacks.sarif

  Send one forgery:
    countersign send --attack stale --to https://example.com/hooks \\
      --scheme slack --secret-env S --body event.json

  Measure the distribution of responses and times:
    countersign send --repeat 200 --concurrency 8 \\
      --to http://127.0.0.1:3000/hooks --scheme github --secret-env S \\
      --body event.json

  Resend a delivery captured by `serve --capture`, or all of a folder in the
  order of their times:
    countersign send --to http://127.0.0.1:3000/hooks --verbatim \\
      --request captures/2026….json
    countersign send --to http://127.0.0.1:3000/hooks --scheme slack \\
      --secret-env S --request captures/2026….json
    countersign send --to http://127.0.0.1:3000/hooks --verbatim \\
      --request captures

Exit status: 0 if every response was the expected one (with `--verbatim`: a
2xx), 1 if not, 2 bad usage or configuration, or a receiver that does not accept
the genuine delivery of `--attack all`.";

const SERVE_EXAMPLES: &str = "\
Configuration file:
    listen = \"127.0.0.1:3000\"
    admin = \"127.0.0.1:9000\"     # for health and metrics; default: listen
    store = \"sqlite:events.db\"    # or \"postgres://…\", \"redis://…\"
    # store_prefix = \"shop\"      # unique for each application in a Redis
    [[endpoint]]
    path = \"/hooks/venum\"
    scheme = \"venum\"             # or a TOML file
    secrets = [{ env = \"VENUM_SECRET\" }, { file = \"old.txt\", name = \"old\" }]
    # If omitted, printing a delivery acknowledges it:
    forward = \"http://127.0.0.1:8080/venum\"
    # Optional: url, body_limit, tolerance, retention, ack_deadline, outage,
    # handler_timeout = \"2m\"; event_id = \"/id\" and repeats = \"handle\" or
    # \"suppress\"; only = [\"invoice.*\"], to acknowledge and ignore events of
    # other types; for handshakes, verify_token = { env = \"NAME\" }, or
    # handshake_secret_file = \"PATH\" and handshake_window = \"10m\".
    # From a queue: retry_schedule = [\"5s\", \"5m\"], concurrency = 16,
    # order_by = \"body:/data/object/id\", or queue = false; with or without a
    # queue, sign = { env = \"NAME\" }.
    # Above the endpoints: queue = \"sqlite:queue.db\" or \"postgres://…\",
    # capture = \"captures\", capture_rejected = true, capture_files = 1000,
    # dead_letters = \"dead\", connections = 512,
    # drain_timeout = \"29s\", forwarded_headers = \"keep\" or [\"X-Acme-*\"].

A forwarded request has the original method and body, and the headers
countersign-event-id, countersign-event-type, countersign-event-type-signed,
countersign-tenant, countersign-attempt and countersign-possible-duplicate. Of
the sender's headers it has those that describe the content and the event, and
those of the provider; forwarded_headers names others, or keeps all of them. An
event id or type longer than 256 bytes is replaced by its digest, sha256:<hex>.
If the target does not respond within handler_timeout, the connection is closed
and the event is released: its next delivery is forwarded again.

With `--queue sqlite:PATH`, an event is stored in this file, answered 202 once
it is on the disk, and forwarded until the target responds with a 2xx: again
after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h and 10 h, or later if the target sends
Retry-After. Then it is a dead letter: see `countersign queue`. Several servers
on a machine can use one file, and servers on several machines a Postgres
database. A delivery whose response the provider reads is not queued.

Without `--forward`, the printed line is the handling of the event: standard
output must not be closed, nor the null device or another device that is not a
terminal, nor a deleted file, a datagram socket, or a pipe or socket that the
server itself reads. After the file is deleted, events are answered 503.

A captured delivery (`--capture`) is a JSON file that only its owner can read,
with the request as it arrived and the result. Handshakes are not captured.
Secrets are not captured: headers with credentials or tokens, and values that
contain an active secret, are redacted and listed in `redacted`; a delivery
whose body contains one is not captured. A URL that is signed keeps its query.
Use a separate folder for each program, and for dead letters.

`GET /healthz` is 200 while the program runs. `GET /readyz` is 503 while the
program shuts down, or while the store that it needs does not answer. `GET
/metrics` has the metrics.

Each request has a line on standard output: for people on a terminal, JSON
otherwise.

Examples:
  countersign serve --config serve.toml --check
  countersign serve --config serve.toml
  countersign serve --listen 127.0.0.1:3000 --endpoint /hooks/venum=venum \\
    --secret-env VENUM_SECRET --forward http://127.0.0.1:8080/venum

  Capture rejected deliveries and diagnose one:
    countersign serve --config serve.toml --capture captures --capture-rejected
    countersign diagnose --scheme venum --secret-env VENUM_SECRET \\
      --request captures/2026….json

On SIGTERM or Ctrl-C, drains in-flight requests for up to 29 s (drain_timeout)
and exits. A second signal exits immediately.

Exit status: 0 after one signal, 1 after a second, 2 bad usage or configuration.";

const INSPECT_EXAMPLES: &str = "\
Receives deliveries as `serve` does, on 127.0.0.1:3000 unless `--listen` says
otherwise, and shows them on a page. Open the URL that it prints; it contains a
token. Options of `serve` work here, too; `serve --inspect ADDR` is the same.

The page keeps the last 1,000 deliveries, up to 64 MiB: 750 verified ones and
250 refusals, which never replace a verified one. Secrets never reach the page,
and what a capture redacts is redacted there. It sends requests only to the
configured endpoints and to the URL of `--forward`.

Programs read the same data as JSON, with the header `Authorization: Bearer
TOKEN`. COUNTERSIGN_INSPECT_TOKEN sets the token instead of a random one.

Examples:
  countersign inspect --endpoint /hooks=stripe --secret-env STRIPE_SECRET

  In front of an application:
    countersign inspect --endpoint /hooks=stripe --secret-env STRIPE_SECRET \\
      --forward http://127.0.0.1:8080/hooks

  Look at captured deliveries, and resend them to an application:
    countersign inspect captures --secret-env STRIPE_SECRET \\
      --forward http://127.0.0.1:8080/hooks

  In a test, wait for a delivery at a running inspector:
    countersign inspect --wait type=invoice.paid --timeout 30s

Exit status: as `serve`. With `--wait`: 0 if the delivery was printed, 1 if none
arrived in time, 2 bad usage, or no inspector answers.";

const QUEUE_EXAMPLES: &str = "\
Servers may use the queue meanwhile. Times of jobs are those at which their
deliveries were accepted.

Examples:
  countersign queue list --config serve.toml
  countersign queue list --queue sqlite:queue.db --state dead --json
  countersign queue show 17 --queue sqlite:queue.db

  After the target is fixed, retry all dead letters, or one:
    countersign queue retry --all --queue sqlite:queue.db
    countersign queue retry 17 --queue sqlite:queue.db

  Replay what was delivered in a period:
    countersign queue retry --queue sqlite:queue.db --state done \\
      --since 2026-12-01T10:00:00Z --until 2026-12-01T11:00:00Z

  Stop forwarding during maintenance:
    countersign queue pause /hooks/venum --queue sqlite:queue.db
    countersign queue resume /hooks/venum --queue sqlite:queue.db

Exit status: 0 done, 1 no job was changed, 2 bad usage or configuration.";

const DEMO_EXAMPLES: &str = "\
Examples:
  countersign demo

Exit status: 0 if every delivery got the expected response, 1 if not, 2 if the
receiver could not be started.";

const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  bash, with the package bash-completion:
    mkdir -p ~/.local/share/bash-completion/completions
    countersign completions bash \\
      >~/.local/share/bash-completion/completions/countersign

  zsh, with `fpath+=(~/.zfunc)` before `compinit` in ~/.zshrc:
    mkdir -p ~/.zfunc
    countersign completions zsh >~/.zfunc/_countersign

  fish:
    countersign completions fish >~/.config/fish/completions/countersign.fish

  elvish, in ~/.config/elvish/rc.elv:
    eval (countersign completions elvish | slurp)

  PowerShell, in the $PROFILE file:
    countersign completions powershell | Out-String | Invoke-Expression

Start a new shell to use the completions. Generate the script again after an
update of countersign.

Exit status: 0 printed, 2 bad usage.";

const MAN_EXAMPLES: &str = "\
Examples:
  countersign man >countersign.1
  countersign man --dir ~/.local/share/man/man1
  man countersign-verify

Exit status: 0 done, 2 bad usage, or a page could not be written.";

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn no_line_of_an_example_is_wrapped() {
        let program = Cli::command();
        let commands = [&program].into_iter().chain(program.get_subcommands());
        let mut examples = 0;
        for command in commands {
            let texts = [command.get_after_help(), command.get_after_long_help()];
            for text in texts.into_iter().flatten() {
                examples += 1;
                for line in text.to_string().lines() {
                    let width = line.chars().count();
                    assert!(width <= HELP_WIDTH, "{}: {width}: {line}", command.get_name());
                }
            }
        }
        assert!(examples > 8, "{examples}");
    }
}
