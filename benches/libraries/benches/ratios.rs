//! Prints the ratios for which there are budgets, as a Markdown table.
//!
//! The contenders take turns in short rounds, so that other load on the machine
//! affects all of them. A ratio is the median of the ratios of the rounds. Within
//! a round the two contenders are timed a millisecond apart.

use std::time::Duration;

use countersign_benches_libraries::{Contender, forged, standard_webhooks, venum};

fn main() {
    // `cargo test --all-targets` also runs this, only to check that it works.
    let rounds = if std::env::args().any(|argument| argument == "--bench") { 200 } else { 1 };

    println!("### Venum delivery, time over that of `ring::hmac::verify`\n");
    heading();
    for (bytes, budget) in [
        (64, None),
        (512, Some(AtMost(1.20))),
        (4 << 10, None),
        (64 << 10, Some(AtMost(1.02))),
        (1 << 20, Some(AtMost(1.02))),
    ] {
        let [ring, countersign] = measure(rounds, &venum(bytes));
        row(bytes, &ring, None, None);
        row(bytes, &countersign, Some(countersign.over(&ring)), budget);
    }

    println!("\n### Standard Webhooks delivery, time over that of `countersign`\n");
    heading();
    for bytes in [64, 300, 512, 4 << 10, 64 << 10, 1 << 20] {
        let [countersign, standardwebhooks, svix, webhook_verify] =
            measure(rounds, &standard_webhooks(bytes));
        let five = (bytes >= 300).then_some(AtLeast(5.0));
        let never_slower = if bytes == 300 { AtLeast(1.5) } else { AtLeast(1.0) };
        row(bytes, &countersign, None, None);
        row(bytes, &standardwebhooks, Some(standardwebhooks.over(&countersign)), five);
        row(bytes, &svix, Some(svix.over(&countersign)), five);
        row(bytes, &webhook_verify, Some(webhook_verify.over(&countersign)), Some(never_slower));
    }

    println!("\n### Forged Stripe request, time over that of one with 1 signature\n");
    heading();
    let [one, most, many, hidden] = measure(rounds, &forged(64));
    row(64, &one, None, None);
    row(64, &most, Some(most.over(&one)), None);
    row(64, &many, Some(many.over(&one)), Some(AtMost(1.5)));
    row(64, &hidden, Some(hidden.over(&one)), Some(AtMost(1.5)));
}

use Budget::{AtLeast, AtMost};

#[derive(Clone, Copy)]
enum Budget {
    AtMost(f64),
    AtLeast(f64),
}

/// The measurements of one contender: nanoseconds per call, for each round.
struct Measured {
    name: &'static str,
    rounds: Vec<f64>,
}

impl Measured {
    fn over(&self, reference: &Self) -> f64 {
        median(self.rounds.iter().zip(&reference.rounds).map(|(ns, of)| ns / of))
    }

    fn fastest(&self) -> f64 {
        self.rounds.iter().copied().fold(f64::INFINITY, f64::min)
    }
}

/// Times all contenders in turns: A B C, B C A, C A B, so that no contender
/// always follows the same other one.
fn measure<const N: usize>(rounds: usize, contenders: &[Contender; N]) -> [Measured; N] {
    let calls = contenders.each_ref().map(calls_a_round);
    let mut measured =
        contenders.each_ref().map(|contender| Measured { name: contender.name(), rounds: vec![] });
    for round in 0..rounds {
        for turn in 0..N {
            let at = (round + turn) % N;
            let took = contenders[at].time(calls[at]);
            measured[at].rounds.push(took.as_nanos() as f64 / calls[at] as f64);
        }
    }
    measured
}

/// Returns the number of calls that take about a millisecond. The calls that
/// measure it are also the warm-up.
fn calls_a_round(contender: &Contender) -> u64 {
    let mut calls = 1;
    while contender.time(calls) < Duration::from_millis(1) {
        calls *= 2;
    }
    calls
}

fn heading() {
    println!("| body | verified by | median ns | minimum ns | ratio | budget | |");
    println!("| ---: | --- | ---: | ---: | ---: | ---: | --- |");
}

fn row(bytes: usize, of: &Measured, ratio: Option<f64>, budget: Option<Budget>) {
    let body = match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{} KiB", bytes >> 10),
        _ => format!("{} MiB", bytes >> 20),
    };
    let (budget, verdict) = match (budget, ratio) {
        (Some(AtMost(most)), Some(ratio)) => (format!("≤ {most:.2}"), verdict(ratio <= most)),
        (Some(AtLeast(least)), Some(ratio)) => (format!("≥ {least:.2}"), verdict(ratio >= least)),
        _ => (String::new(), ""),
    };
    println!(
        "| {body} | {} | {:.0} | {:.0} | {} | {budget} | {verdict} |",
        of.name,
        median(of.rounds.iter().copied()),
        of.fastest(),
        ratio.map_or(String::new(), |ratio| format!("{ratio:.3}")),
    );
}

fn verdict(met: bool) -> &'static str {
    if met { "met" } else { "missed" }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
