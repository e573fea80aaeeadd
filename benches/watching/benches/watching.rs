//! Benchmark of the cost of watching: requests per second of `WebhookLayer` with
//! the memory store, with metrics and tracing that are collected in the usual ways,
//! as a Markdown table.
//!
//! Recorders and subscribers are global, so each server is a process. All of them
//! run all the time, and take turns.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot continue ends")]

#[path = "../../benches/http/load.rs"]
mod load;

use std::env;
use std::io::{self, BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use axum::Router;
use axum::routing::post;
use countersign_benches::verifier;
use countersign_core::{METRICS, MemoryStore, MetricKind, Receiver};
use countersign_tower::WebhookLayer;
use load::Deliveries;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tracing_subscriber::filter::LevelFilter;

/// A way to watch. The first one is the reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Watched {
    Not,
    ByMetrics,
    ByTracingThatIsOff,
    ByTracing,
    ByBoth,
}

use Watched::{ByBoth, ByMetrics, ByTracing, ByTracingThatIsOff, Not};

const ALL: [(Watched, &str, Option<f64>); 5] = [
    (Not, "no recorder and no subscriber", None),
    (ByMetrics, "metrics, Prometheus", Some(0.95)),
    (ByTracingThatIsOff, "tracing, a subscriber that is off", None),
    (ByTracing, "tracing, `fmt` at INFO, a line for each event", None),
    (ByBoth, "both", None),
];

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let Some(which) = arguments.iter().find_map(|argument| argument.strip_prefix(SERVE)) {
        return serve(ALL[which.parse::<usize>().unwrap()].0);
    }
    // `cargo test --all-targets` also runs this, only to check that it works.
    let is_full = arguments.iter().any(|argument| argument == "--bench");
    let (requests, rounds) = if is_full { (30_000, 11) } else { (160, 1) };

    let servers: Vec<Server> = (0..ALL.len()).map(Server::start).collect();
    let mut rates = vec![Vec::new(); servers.len()];
    for round in 0..rounds {
        let deliveries = Deliveries::signed(1024, requests, round);
        for (server, rates) in servers.iter().zip(&mut rates) {
            let rate = load::requests_per_second(server.address, &deliveries, load::CONNECTIONS);
            rates.push(rate);
        }
    }
    println!("| watched by | requests/s | relative to none | budget | |");
    println!("| --- | ---: | ---: | ---: | --- |");
    for ((_, name, budget), of_it) in ALL.iter().zip(&rates) {
        let ratios = of_it.iter().zip(&rates[0]).map(|(rate, none)| rate / none);
        let (ratio, rate) = (median(ratios.collect()), median(of_it.clone()));
        let (budget, met) = match budget {
            Some(budget) => {
                (format!("≥ {budget:.2}"), if ratio >= *budget { "met" } else { "missed" })
            }
            None => (String::new(), ""),
        };
        println!("| {name} | {rate:.0} | {ratio:.3} | {budget} | {met} |");
    }
}

/// A process with a server, until it is dropped.
struct Server {
    process: Child,
    address: SocketAddr,
}

impl Server {
    fn start(which: usize) -> Self {
        let mut process = Command::new(env::current_exe().unwrap())
            .arg(format!("{SERVE}{which}"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { process, address: line.trim().parse().unwrap() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// Prints its address, and serves until the process is killed.
fn serve(watched: Watched) {
    if matches!(watched, ByMetrics | ByBoth) {
        let mut exporter = PrometheusBuilder::new();
        for metric in METRICS {
            if let MetricKind::Histogram { buckets, .. } = metric.kind {
                let this = Matcher::Full(metric.name.to_owned());
                exporter = exporter.set_buckets_for_metric(this, buckets).unwrap();
            }
        }
        let recorder = exporter.install_recorder().unwrap();
        // As every user of this exporter has to do.
        thread::spawn(move || {
            loop {
                thread::sleep(Duration::from_secs(1));
                recorder.run_upkeep();
            }
        });
    }
    let lines = tracing_subscriber::fmt().with_writer(io::stderr);
    match watched {
        Not | ByMetrics => {}
        ByTracingThatIsOff => lines.with_max_level(LevelFilter::OFF).init(),
        ByTracing | ByBoth => lines.with_max_level(LevelFilter::INFO).init(),
    }
    let receiver = Receiver::new(verifier("venum").with_endpoint("bench"), MemoryStore::new());
    let app = Router::new().route("/hook", post(async || ())).layer(WebhookLayer::new(receiver));
    Runtime::new().unwrap().block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("{}", listener.local_addr().unwrap());
        axum::serve(listener, app).await.unwrap();
    });
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The option of a server process, followed by the place of its way in the table.
const SERVE: &str = "--serve=";
