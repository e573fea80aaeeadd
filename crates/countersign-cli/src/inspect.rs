//! `countersign inspect`: `serve` with a page that shows each delivery, says why it was rejected, and
//! signs it again.
//!
//! | file | what it is |
//! | --- | --- |
//! | `delivery.rs`, `ring.rs` | the recorded deliveries, in bounded memory |
//! | `captures.rs` | the deliveries of a folder |
//! | `endpoints.rs` | the configured endpoints and targets, and their secrets |
//! | `access.rs` | the token, the cookie, and the checks of each request |
//! | `server.rs`, `reply.rs` | the HTTP server, and the headers that confine the page |
//! | `assets.rs`, `page/` | the page |
//! | `api.rs`, `json.rs`, `steps.rs`, `settings.rs`, `events.rs`, `filter.rs` | the API |
//! | `diagnosis.rs` | why a delivery was rejected |
//! | `actions.rs`, `fresh_id.rs`, `attack.rs` | what is sent from the page |
//! | `copy.rs` | a delivery as a command or a test |
//! | `wait.rs`, `session.rs` | `--wait` |

mod access;
mod actions;
mod api;
mod assets;
mod attack;
mod captures;
mod copy;
mod delivery;
mod diagnosis;
mod endpoints;
mod events;
mod filter;
mod fresh_id;
mod json;
mod reply;
mod ring;
mod server;
mod session;
mod settings;
mod steps;
mod wait;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use countersign::{Secret, Secrets};

pub(crate) use delivery::{Answer, BodyState, Delivery, Event, JobAttempt, Recorded, Times};
pub(crate) use endpoints::{InspectedEndpoint, SecretSource};
pub(crate) use ring::Ring;
pub(crate) use server::{Inspector, Running};

use crate::output::{self, Report};
use crate::secrets;
use crate::serve::{self, ServeArgs};
use crate::server_url;
use crate::usage_error::UsageError;
use filter::Filter;
use wait::Wait;

#[derive(Args)]
#[command(
    mut_arg("listen", |arg| arg.required_unless_present_any(["endpoints", "captures", "wait"])),
    mut_arg("endpoints", |arg| arg.required_unless_present_any(["captures", "wait"])),
    mut_arg("forward", |arg| arg.help(
        "URL to forward new events to; with captures, the only URL that they are sent to"
    )),
    mut_arg("inspect", |arg| arg.help("Address of the page [default: 127.0.0.1:4040]")),
    override_usage = "countersign inspect --endpoint <PATH=SCHEME>...
           <--secret-env <NAME>|--secret-file <PATH>>... [--forward <URL>]
           [--listen <ADDR>] [--inspect <ADDR>] [OPTIONS]
       countersign inspect --config <FILE> [--inspect <ADDR>] [OPTIONS]
       countersign inspect <DIR> [--secret-env <NAME>] [--forward <URL>]
       countersign inspect --wait <FILTER> [--timeout <TIME>]
           [--inspect <ADDR>]"
)]
pub(crate) struct InspectArgs {
    /// Show the captured deliveries in this directory instead of new ones
    #[arg(value_name = "DIR", conflicts_with_all = ["config", "endpoints", "wait"])]
    captures: Option<PathBuf>,
    /// Wait until a running inspector has a delivery with these properties, and print it as JSON:
    /// conditions such as type=invoice.paid, separated by commas. Fields: type, endpoint, scheme,
    /// verdict (verified, rejected or a code), id, status, text
    #[arg(long, value_name = "FILTER", conflicts_with_all = ["config", "endpoints"])]
    wait: Option<String>,
    /// Maximum time of `--wait`
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = humantime::parse_duration)]
    timeout: Duration,
    #[command(flatten)]
    serve: ServeArgs,
}

pub(crate) fn run(args: &InspectArgs) -> Result<Report, UsageError> {
    if let Some(filter) = &args.wait {
        let address = address(args.serve.inspect())?;
        let wait = Wait { filter: Filter::parse(filter)?, timeout: args.timeout, address };
        return block_on(async move { wait::run(&wait).await })?;
    }
    if let Some(folder) = &args.captures {
        return block_on(show_captures(args, folder))?;
    }
    let page = server::default_address().to_string();
    serve::run(&args.serve.clone().for_inspect(LISTEN, &page))
}

/// Serves the page over captures until it is stopped.
async fn show_captures(args: &InspectArgs, folder: &Path) -> Result<Report, UsageError> {
    let mut signals = serve::Signals::listen()?;
    let secrets = args.serve.secrets().read_if_any()?;
    let secrets = secrets.map(|secrets| Arc::new(Given(secrets)) as Arc<dyn SecretSource>);
    let forward = args.serve.forward().map(|url| {
        server_url::parse(url).map_err(|problem| UsageError::because("`--forward`", problem))
    });
    let (ring, endpoints) = captures::read(folder, secrets, forward.transpose()?.as_ref())?;
    let page = server::default_address().to_string();
    let inspector = Inspector::bind(args.serve.inspect().unwrap_or(&page), ring).await?;
    let running = inspector.start(endpoints, false);
    output::announce(&[banner(&running)]);
    signals.next().await;
    Ok(Report::machine(""))
}

/// The line with the URL to open.
pub(crate) fn banner(running: &Running) -> String {
    format!("inspect at {}", running.url())
}

/// The secrets of the command line, for captures.
struct Given(Secrets);

impl SecretSource for Given {
    fn active(&self, _: Option<&str>) -> Option<Secrets> {
        secrets::collect(self.0.iter().map(Secret::dangerous_copy).collect())
    }

    fn retired(&self) -> Vec<Secret> {
        Vec::new()
    }
}

/// The address of a running inspector.
fn address(given: Option<&str>) -> Result<SocketAddr, UsageError> {
    given.map_or(Ok(server::default_address()), |text| {
        text.parse().map_err(|_| {
            UsageError::new("`--inspect` must be an address and a port, such as 127.0.0.1:4040")
        })
    })
}

fn block_on<T>(work: impl Future<Output = T>) -> Result<T, UsageError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime =
        runtime.map_err(|error| UsageError::because("the inspector cannot start", error))?;
    Ok(runtime.block_on(work))
}

const LISTEN: &str = "127.0.0.1:3000";
