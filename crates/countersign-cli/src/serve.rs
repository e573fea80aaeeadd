//! `countersign serve`: the receiver as a program, in front of an application in any language.
//!
//! | file | what it is |
//! | --- | --- |
//! | `config.rs`, `config/` | what is to be served: from the command line, or from a file |
//! | `store.rs` | where events are claimed |
//! | `server.rs` | connections and paths |
//! | `endpoint.rs` | one endpoint: the whole path, and what handles an event |
//! | `forward.rs`, `forward/` | passes events on |
//! | `log.rs` | the lines of JSON |
//! | `shutdown.rs` | the signals that end it |

mod config;
mod endpoint;
mod forward;
mod log;
mod server;
mod shutdown;
mod store;

use std::collections::HashMap;
use std::io::Write;

pub(crate) use config::ServeArgs;

use crate::mend::Mend;
use crate::output::{self, Report};
use config::Plan;
use endpoint::Endpoint;
use log::Log;
use server::Server;
use shutdown::Signals;
use store::Store;

pub(crate) fn run(args: &ServeArgs) -> Result<Report, Mend> {
    let plan = Plan::of(args)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Mend::because("the server cannot start", error))?;
    let ended = runtime.block_on(serve(plan));
    // What a second signal has cut short must not be waited for.
    runtime.shutdown_background();
    ended
}

async fn serve(plan: Plan) -> Result<Report, Mend> {
    let mut signals = Signals::listen()?;
    let store = Store::open(&plan.store).await?;
    let (log, printed) = Log::start(plan.show_body)?;

    let mut endpoints = HashMap::new();
    let mut background = Vec::new();
    for plan in plan.endpoints {
        let path = plan.path.clone();
        let (endpoint, told) = Endpoint::new(plan, store.clone(), log.clone())?;
        endpoints.insert(path, endpoint);
        background.extend(told);
    }
    drop(log);

    let mut server = Server::bind(&plan.listen, endpoints).await?;
    store.watch();
    // Where standard error is closed there is nobody left to tell.
    let _ = writeln!(std::io::stderr(), "listening on http://{}", server.address());
    tokio::select! {
        never = server.run() => match never {},
        () = signals.next() => {}
    }

    output::note("finishing what is in hand; a second signal ends it at once");
    let finish = async {
        server.drain().await;
        for told in background {
            // Successes that the store has not heard of yet, and events to be given back.
            let _ = tokio::time::timeout(shutdown::LONGEST_TELLING, told).await;
        }
        printed.finished().await;
    };
    tokio::select! {
        () = finish => Ok(Report::for_programs("")),
        () = signals.next() => Ok(Report::for_programs("").refused()),
    }
}
