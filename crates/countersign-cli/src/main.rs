//! The program `countersign`: what the library proves, from a shell.
//!
//! | file | what it is |
//! | --- | --- |
//! | `cli.rs` | the commands and their arguments |
//! | `scheme.rs`, `secrets.rs`, `request.rs` | the arguments that name a scheme, secrets and a request |
//! | `schemes.rs`, `verify.rs`, `diagnose.rs`, `sign.rs`, `send.rs`, `serve.rs`, `demo.rs`, `completions.rs`, `manual.rs` | one command each |
//! | `server_url.rs` | the URL of a server that requests are sent to |
//! | `files.rs` | the files that are named, read within limits |
//! | `random.rs` | random ids and secrets |
//! | `mend.rs` | what the user has to mend |
//! | `output.rs`, `output/`, `table.rs` | what is printed, and the exit status |
//! | `queue.rs` | what waits to be written, within bounds |

mod cli;
mod completions;
mod demo;
mod diagnose;
mod files;
mod hop_by_hop;
mod manual;
mod mend;
mod output;
mod queue;
mod random;
mod request;
mod scheme;
mod schemes;
mod secrets;
mod send;
mod serve;
mod server_url;
mod sign;
mod table;
mod verify;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use cli::{Cli, Command};

fn main() -> ExitCode {
    let command = match Cli::try_parse() {
        Ok(cli) => cli.command,
        Err(said) => return said_by_clap(&said),
    };
    let ended = match command {
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
    let status = match ended {
        Ok(report) => report.print(),
        Err(mend) => mend.print(),
    };
    output::flush_notes(LONGEST_FLUSH);
    status
}

/// Help, or what is wrong with the arguments: these are quoted in it, and may hold anything.
fn said_by_clap(said: &clap::Error) -> ExitCode {
    let plain = said.render().to_string();
    if said.use_stderr() && output::escape_lines(&plain) != plain {
        output::usage(&plain);
    } else {
        // Whoever reads may stop early.
        let _ = said.print();
    }
    u8::try_from(said.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from)
}

const LONGEST_FLUSH: Duration = Duration::from_secs(1);
