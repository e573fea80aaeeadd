//! `countersign serve`: a webhook server in front of an application in any language.
//!
//! | file | what it is |
//! | --- | --- |
//! | `config.rs`, `config/` | the configuration, from the command line or a file |
//! | `secrets_source.rs`, `reload.rs` | reloading of secrets while the server runs |
//! | `handshake_secret.rs` | keys that providers send in a handshake |
//! | `store.rs` | the idempotency store |
//! | `server.rs`, `routes.rs` | the HTTP server and its routes |
//! | `operators.rs`, `admin.rs` | health, readiness and metrics, and their own address |
//! | `admission.rs`, `open_files.rs` | limits on requests and connections |
//! | `endpoint.rs` | one endpoint, from the request to the handling of the event |
//! | `forward.rs`, `forward/` | forwards events to the target |
//! | `queue.rs`, `queue/` | stores events, answers them, and forwards them until the target has them |
//! | `sign.rs` | signs what is forwarded |
//! | `shadow.rs` | forwards every request, whatever its verification says |
//! | `log.rs`, `log/` | the lines for people and for programs |
//! | `capture.rs`, `capture/` | captured deliveries |
//! | `inspected.rs`, `inspected_secrets.rs` | what the inspector gets |
//! | `dead_letters.rs` | dead letters |
//! | `recorder.rs` | completions that the store has not recorded at shutdown |
//! | `metrics.rs` | Prometheus metrics |
//! | `shutdown.rs`, `awake.rs` | signals, shutdown deadlines and timers |

mod admin;
mod admission;
mod awake;
mod capture;
mod config;
mod dead_letters;
mod endpoint;
mod folders;
mod forward;
mod handshake_secret;
mod inspected;
mod inspected_secrets;
mod log;
mod metrics;
mod open_files;
mod operators;
#[cfg_attr(not(any(feature = "sqlite", feature = "postgres")), path = "serve/queue/unavailable.rs")]
mod queue;
mod read_headers;
mod recorder;
mod reload;
mod routes;
mod secrets_source;
mod server;
mod shadow;
mod short_id;
mod shutdown;
mod sign;
mod store;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use countersign::MemoryStore;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

pub(crate) use config::ServeArgs;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(crate) use config::has_password;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(crate) use short_id::{MAX_ID_BYTES, short_id};
pub(crate) use shutdown::Signals;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(crate) use store::with_causes;
pub(crate) use store::{POSTGRES, SQLITE};

use crate::inspect::{self, Inspector, Ring};
use crate::job_table::Location;
use crate::output::{self, Report};
use crate::possible_secret::shown_url;
use crate::usage_error::UsageError;
use admin::Admin;
use capture::{Captures, Written};
use config::{EndpointPlan, Plan, Target};
use dead_letters::DeadLetterFolder;
use endpoint::{Endpoint, Shared};
use log::{Format, Log, Printed};
use metrics::Metrics;
use operators::Operators;
use queue::Queue;
use recorder::Recorder;
use reload::Reload;
use routes::Routes;
use server::Server;
use shutdown::Deadlines;
use store::Store;

pub(crate) fn run(args: &ServeArgs) -> Result<Report, UsageError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| UsageError::because("the server cannot start", error))?;
    let ended = runtime.block_on(serve(args.clone()));
    // After a second signal, do not wait for tasks that are still running.
    runtime.shutdown_background();
    ended
}

async fn serve(args: ServeArgs) -> Result<Report, UsageError> {
    if args.check {
        return check(&args).await;
    }
    // Listen for signals first: the next steps may block on a file, a store or a reader.
    let mut signals = Signals::listen()?;
    let asked = reload::Asked::listen()?;
    note_in_background()?;
    let running = tokio::select! {
        running = Running::start(args, asked) => running?,
        () = signals.next() => return Ok(Report::machine("")),
    };
    signals.next().await;
    output::note("draining in-flight requests; signal again to exit immediately");
    tokio::select! {
        () = running.finish() => Ok(Report::machine("")),
        () = signals.next() => Ok(Report::machine("").rejected()),
    }
}

/// Checks the configuration, its folders and the store, without serving anything.
async fn check(args: &ServeArgs) -> Result<Report, UsageError> {
    let plan = Plan::of(args)?;
    let endpoints: Vec<String> =
        plan.endpoints.iter().map(|(plan, _)| format!("  {}\n", described(plan))).collect();
    let mut addresses = server::resolve(&plan.listen).await?;
    server::check_addresses(&plan.listen, &addresses).await?;
    if let Some(admin) = &plan.admin {
        let admin_addresses = server::resolve(admin).await?;
        server::check_addresses(admin, &admin_addresses).await?;
        // An unspecified address includes all of this machine.
        let is_same = |one: &SocketAddr, other: &SocketAddr| {
            let is_any = one.ip().is_unspecified() || other.ip().is_unspecified();
            one.port() != 0 && one.port() == other.port() && (is_any || one.ip() == other.ip())
        };
        addresses.retain(|one| admin_addresses.iter().any(|other| is_same(one, other)));
        if !addresses.is_empty() {
            return Err(UsageError::new("`admin` is the address of `listen`: use another port"));
        }
    }
    folders::check_writable(plan.capture.as_ref(), plan.dead_letters.as_ref())?;
    Store::check(plan.store).await?;
    let served: Vec<String> = plan.endpoints.iter().map(|(plan, _)| plan.path.clone()).collect();
    for (endpoint, _) in plan.endpoints {
        // What is stored depends on the endpoint's settings, not on the store.
        endpoint::configured(&endpoint, MemoryStore::new(), endpoint.outage)?;
    }
    if let Some(plan) = plan.queue {
        match &plan.location {
            Location::File(file) if cfg!(feature = "sqlite") && !file.exists() => {
                store::check_new_file(file, "the queue")?;
            }
            _ => Queue::open(plan).await?.note_unserved(&served).await,
        }
    }
    Ok(Report::human(format!("the configuration is valid\n{}", endpoints.concat())))
}

/// An endpoint, for people: its path, its scheme and its target.
fn described(plan: &EndpointPlan) -> String {
    let (path, scheme) = (&plan.path, plan.verifier.scheme().name());
    let target = match &plan.forward {
        // A query can contain a token.
        Some(Target { uri, .. }) => {
            let uri = uri.to_string();
            let how = if plan.queue.is_some() { "queued for" } else { "forwarded to" };
            format!("{how} {}", shown_url(uri.split('?').next().unwrap_or_default()))
        }
        None => "printed".to_owned(),
    };
    let enforced = if plan.is_shadow { ", not enforced" } else { "" };
    format!("{path}  {scheme}, {target}{enforced}")
}

/// From now on, notes, errors and panics are written in the background and block nothing.
fn note_in_background() -> Result<(), UsageError> {
    output::note_in_background()
        .map_err(|error| UsageError::because("standard error cannot be used", error))?;
    std::panic::set_hook(Box::new(|panic| output::error(&panic.to_string())));
    Ok(())
}

/// A running server with its background tasks.
struct Running {
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
    recorders: Vec<Recorder>,
    printed: Printed,
    written: Option<Written>,
    cutoff: CancellationToken,
    drain_timeout: Duration,
    operators: Operators,
    queue: Option<Queue>,
    /// The page of the inspector.
    inspector: Option<inspect::Running>,
    /// Stops the server for operators when it is dropped, after everything else.
    admin: Option<oneshot::Sender<()>>,
}

impl Running {
    async fn start(args: ServeArgs, asked: reload::Asked) -> Result<Self, UsageError> {
        let plan = {
            let args = args.clone();
            // A file may be slow, or a pipe without a writer.
            let reading = tokio::task::spawn_blocking(move || Plan::of(&args));
            reload::note_if_slow(reading).await
        };
        let plan = plan.map_err(|_| UsageError::new("the configuration was not read"))??;
        if let Some((unforwarded, _)) =
            plan.endpoints.iter().find(|(plan, _)| plan.forward.is_none())
        {
            log::reject_discarding_output(&unforwarded.path)?;
        }
        let budget = plan.budget();
        let inspector = match &args.inspect {
            Some(address) => Some(Inspector::bind(address, Ring::new()).await?),
            None => None,
        };
        let ring = inspector.as_ref().map(Inspector::ring);
        let store = Store::open(plan.store).await?;
        let queue = match plan.queue {
            Some(plan) => Some(Queue::open(plan).await?),
            None => None,
        };
        let format = Format::of_output(args.json, plan.endpoints.len());
        let hidden = Arc::clone(&plan.hidden);
        let (log, printed) = Log::start(plan.show_body.then(|| Arc::clone(&hidden)), format)?;
        let log = log.inspected(ring.clone());
        let captures = match (plan.capture, ring) {
            (None, None) => None,
            (capture, ring) => Some(Captures::start(capture, ring, hidden)?),
        };
        let (captures, written) = captures.unzip();
        let metrics = Metrics::collect()?;
        let cutoff = CancellationToken::new();
        let dead_letters = plan.dead_letters.map(DeadLetterFolder::open).transpose()?;
        let watched = store.clone();
        let shared = Shared {
            store,
            queue: queue.clone(),
            log: log.clone(),
            captures,
            dead_letters,
            forwarded_headers: plan.forwarded_headers,
            cutoff: cutoff.clone(),
        };

        let mut endpoints = Routes::default();
        let mut reload = Reload::new(args, plan.fixed, plan.hidden);
        let mut recorders = Vec::new();
        let mut banner = Vec::new();
        let mut inspected = Vec::new();
        for (mut plan, changes) in plan.endpoints {
            banner.push(described(&plan));
            plan.verifier = plan.verifier.with_buffer_budget(budget.clone());
            let path = plan.path.clone();
            let of_plan = inspected::endpoint(&plan);
            let endpoint = Endpoint::new(plan, shared.clone())?;
            let secrets = reload.add(path.clone(), changes);
            inspected.push(of_plan(secrets, endpoint.ack_deadline()));
            recorders.extend(endpoint.recorder().cloned());
            endpoints.add(path, endpoint);
        }
        drop(shared);

        let drain_timeout = plan.limits.drain_timeout.unwrap_or(shutdown::DRAIN_TIMEOUT);
        let limits = (plan.limits, budget);
        let is_needed = |is_of_queue: bool| {
            let mut endpoints = endpoints.endpoints();
            endpoints.any(|it| it.needs_store() && it.is_of_queue() == is_of_queue)
        };
        let of_queue = queue.as_ref().map(Queue::store).filter(|_| is_needed(true));
        let needed = is_needed(false).then(|| watched.clone()).into_iter().chain(of_queue);
        let operators = Operators::new(metrics.clone(), needed.collect());
        let admin = match &plan.admin {
            Some(address) => Some(Admin::bind(address, operators.clone()).await?),
            None => None,
        };
        let own = admin.is_none().then(|| operators.clone());
        let server = Server::bind(&plan.listen, limits, endpoints, own, log).await?;
        watched.watch();
        if let Some(queue) = &queue {
            queue.store().watch();
            queue.start();
        }
        reload.set_handshake_windows();
        if let Some(admin) = &admin {
            banner.push(format!("health and metrics on http://{}", admin.address()));
        }
        let inspector = inspector.map(|inspector| {
            inspected.iter_mut().for_each(|it| inspected::address(it, server.address()));
            inspector.start(inspected, true)
        });
        banner.extend(inspector.as_ref().map(inspect::banner));
        banner.push(format!("listening on http://{}", server.address()));
        output::announce(&banner);
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tokio::spawn(server.run(async { drop(stopped.await) }));
        tokio::spawn(reload.run(asked));
        tokio::spawn(metrics.keep());
        let admin = admin.map(|admin| {
            let (stop, stopped) = oneshot::channel::<()>();
            tokio::spawn(admin.run(async { drop(stopped.await) }));
            stop
        });
        Ok(Self {
            stop,
            serving,
            recorders,
            printed,
            written,
            cutoff,
            drain_timeout,
            operators,
            queue,
            inspector,
            admin,
        })
    }

    /// Stops accepting requests and drains those in progress. Each step has a deadline.
    async fn finish(self) {
        let Self { stop, mut serving, recorders, printed, written, cutoff, .. } = self;
        let deadlines = Deadlines::within(self.drain_timeout);
        self.operators.drain();
        drop(stop);
        drop(self.inspector);
        if let Some(queue) = &self.queue {
            queue.stop();
            queue.finished(deadlines.handlers).await;
        }
        if timeout_at(deadlines.handlers, &mut serving).await.is_err() {
            output::note(
                "some requests are still in progress: their events are released, to be retried",
            );
            cutoff.cancel();
            let _ = timeout_at(deadlines.given_back, &mut serving).await;
            serving.abort();
        }
        if let Some(queue) = &self.queue {
            // Attempts that are still in progress are released: their jobs are due again.
            cutoff.cancel();
            queue.finished(deadlines.given_back).await;
        }
        let within = deadlines.store.saturating_duration_since(Instant::now());
        let recording = recorders.into_iter().map(|recorder| recorder.finish(within));
        recording.collect::<JoinSet<()>>().join_all().await;
        let output = deadlines.output();
        let written = async {
            if let Some(written) = written {
                written.finished(output).await;
            }
        };
        tokio::join!(printed.finished(output), written);
        drop(self.admin);
    }
}
