//! `countersign serve`: the receiver as a program, in front of an application in any language.
//!
//! | file | what it is |
//! | --- | --- |
//! | `config.rs`, `config/` | what is to be served: from the command line, or from a file |
//! | `live.rs`, `reload.rs` | what can change while it runs, and is read again |
//! | `kept.rs` | keys that providers hand over |
//! | `store.rs` | where events are claimed |
//! | `server.rs`, `routes.rs` | paths, and the requests to them |
//! | `endpoint.rs` | one endpoint: the whole path, and what handles an event |
//! | `forward.rs`, `forward/` | passes events on |
//! | `log.rs` | the lines of JSON |
//! | `capture.rs`, `capture/` | deliveries as files |
//! | `metrics.rs` | what has been counted |
//! | `shutdown.rs` | the signals that end it |

mod capture;
mod config;
mod endpoint;
mod forward;
mod kept;
mod live;
mod log;
mod metrics;
mod reload;
mod routes;
mod server;
mod shutdown;
mod store;

use std::io::Write;
use std::sync::Arc;

use tokio::sync::oneshot;

pub(crate) use config::ServeArgs;

use crate::mend::Mend;
use crate::output::{self, Report};
use capture::Captures;
use config::Plan;
use endpoint::Endpoint;
use log::Log;
use metrics::Metrics;
use reload::Reload;
use routes::Routes;
use server::Server;
use shutdown::Signals;
use store::Store;

pub(crate) fn run(args: &ServeArgs) -> Result<Report, Mend> {
    let plan = Plan::of(args)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Mend::because("the server cannot start", error))?;
    let ended = runtime.block_on(serve(plan, args.clone()));
    // What a second signal has cut short must not be waited for.
    runtime.shutdown_background();
    ended
}

async fn serve(plan: Plan, args: ServeArgs) -> Result<Report, Mend> {
    let mut signals = Signals::listen()?;
    let asked = reload::Asked::listen()?;
    let store = Store::open(&plan.store).await?;
    let (log, printed) = Log::start(plan.show_body)?;
    let hidden = Arc::clone(&plan.hidden);
    let captures = plan.capture.map(|plan| Captures::start(plan, hidden)).transpose()?;
    let (captures, written) = captures.unzip();
    let metrics = Metrics::collect()?;

    let mut endpoints = Routes::default();
    let mut reload = Reload::new(args, plan.fixed, plan.hidden);
    let mut background = Vec::new();
    for (plan, changes) in plan.endpoints {
        let path = plan.path.clone();
        let (endpoint, told) = Endpoint::new(plan, store.clone(), log.clone(), captures.as_ref())?;
        reload.add(path.clone(), changes);
        endpoints.add(path, endpoint);
        background.extend(told);
    }
    drop((log, captures));

    let server = Server::bind(&plan.listen, plan.limits, endpoints, metrics.clone()).await?;
    store.watch();
    reload.arm();
    // Where standard error is closed there is nobody left to tell.
    let _ = writeln!(std::io::stderr(), "listening on http://{}", server.address());
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(server.run(async { drop(stopped.await) }));
    tokio::spawn(reload.run(asked));
    tokio::spawn(metrics.keep());
    signals.next().await;

    output::note("finishing what is in hand; a second signal ends it at once");
    drop(stop);
    let finish = async {
        let _ = serving.await;
        for told in background {
            // Successes that the store has not heard of yet, and events to be given back.
            let _ = tokio::time::timeout(shutdown::LONGEST_TELLING, told).await;
        }
        let written = async {
            if let Some(written) = written {
                written.finished().await;
            }
        };
        tokio::join!(printed.finished(), written);
    };
    tokio::select! {
        () = finish => Ok(Report::for_programs("")),
        () = signals.next() => Ok(Report::for_programs("").refused()),
    }
}
