//! The program `countersign`: what the library proves, from a shell.
//!
//! | file | what it is |
//! | --- | --- |
//! | `cli.rs` | the commands and their arguments |
//! | `scheme.rs`, `secrets.rs`, `request.rs` | the arguments that name a scheme, secrets and a request |
//! | `schemes.rs`, `verify.rs`, `diagnose.rs`, `sign.rs`, `send.rs`, `serve.rs`, `demo.rs`, `completions.rs`, `manual.rs` | one command each |
//! | `random.rs` | random ids and secrets |
//! | `mend.rs` | what the user has to mend |
//! | `output.rs`, `table.rs` | what is printed, and the exit status |

mod cli;
mod completions;
mod demo;
mod diagnose;
mod hop_by_hop;
mod manual;
mod mend;
mod output;
mod random;
mod request;
mod scheme;
mod schemes;
mod secrets;
mod send;
mod serve;
mod sign;
mod table;
mod verify;

use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Command};

fn main() -> ExitCode {
    let ended = match Cli::parse().command {
        Command::Schemes(args) => schemes::run(&args),
        Command::Verify(args) => verify::run(&args),
        Command::Diagnose(args) => diagnose::run(&args),
        Command::Sign(args) => sign::run(&args),
        Command::Send(args) => send::run(&args),
        Command::Serve(args) => serve::run(&args),
        Command::Demo => demo::run(),
        Command::Completions(args) => Ok(completions::run(&args)),
        Command::Man(args) => manual::run(&args),
    };
    match ended {
        Ok(report) => report.print(),
        Err(mend) => mend.print(),
    }
}
