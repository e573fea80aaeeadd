//! Rate by the number of processors, the load generator included.

use std::process::Command;

use crate::load::{self, Deliveries};
use crate::server;

pub(crate) const NAME: &str = "cores";
/// The option of the process that runs on some of the processors.
pub(crate) const ONE_RATE: &str = "--one-rate";

pub(crate) fn print(is_full: bool) {
    println!(
        "Deliveries of 1 KiB a second by the number of processors, the load generator included:\n"
    );
    println!("| processors | requests/s |");
    println!("| ---: | ---: |");
    for (count, list) in [(1, "0"), (2, "0,1")] {
        let mut command = Command::new("taskset");
        command.args(["-c", list]).arg(std::env::current_exe().unwrap()).arg(ONE_RATE);
        if is_full {
            command.arg("--bench");
        }
        match command.output() {
            Ok(output) if output.status.success() => {
                println!("| {count} | {} |", String::from_utf8_lossy(&output.stdout).trim());
            }
            Ok(output) => println!("| {count} | not measured: {} |", output.status),
            Err(error) => println!("| {count} | not measured: taskset: {error} |"),
        }
    }
}

pub(crate) fn print_one_rate(is_full: bool) {
    let (requests, rounds) = if is_full { (30_000, 5) } else { (160, 1) };
    let server = server::start();
    let rate = |round| {
        let deliveries = Deliveries::signed(1024, requests, round);
        load::requests_per_second(server, &deliveries, load::CONNECTIONS)
    };
    println!("{:.0}", (0..rounds).map(rate).fold(0.0, f64::max));
}
