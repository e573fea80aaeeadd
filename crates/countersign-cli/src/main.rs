//! The program `countersign`: the library's functions on the command line.
//!
//! | file | what it is |
//! | --- | --- |
//! | `cli.rs` | the commands, their arguments and help |
//! | `scheme.rs`, `secrets.rs`, `request.rs`, `event.rs` | the arguments for a scheme, secrets, and a request or a sample event |
//! | `schemes.rs`, `verify.rs`, `diagnose.rs`, `sign.rs`, `send.rs`, `serve.rs`, `inspect.rs`, `demo.rs`, `completions.rs`, `manual.rs` | one command each |
//! | `jobs.rs`, `jobs/` | `queue`: the jobs of `serve --queue` |
//! | `job_table.rs`, `job_table/` | the table of jobs that `serve` and `queue` share |
//! | `server_url.rs` | the URL of a server that requests are sent to |
//! | `files.rs` | reads files up to a maximum size |
//! | `possible_secret.rs` | keeps texts that may be a secret out of errors |
//! | `random.rs` | random ids and secrets |
//! | `rejection.rs` | why a receiver rejects a delivery that is signed correctly |
//! | `fix.rs` | errors that the user has to fix |
//! | `output.rs`, `output/`, `table.rs` | output and exit status |
//! | `queue.rs` | a bounded queue for background output |

mod cli;
mod completions;
mod demo;
mod diagnose;
mod event;
mod files;
mod hop_by_hop;
mod inspect;
mod job_table;
mod jobs;
mod manual;
mod output;
mod possible_secret;
mod queue;
mod random;
mod rejection;
mod request;
mod scheme;
mod schemes;
mod secrets;
mod send;
mod serve;
mod server_url;
mod sign;
mod table;
mod usage_error;
mod verify;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use cli::{Cli, Command};

fn main() -> ExitCode {
    let command = match Cli::try_parse() {
        Ok(cli) => cli.command,
        Err(said) => return said_by_clap(said),
    };
    let ended = match command {
        Command::Schemes(args) => schemes::run(&args),
        Command::Verify(args) => verify::run(&args),
        Command::Diagnose(args) => diagnose::run(&args),
        Command::Sign(args) => sign::run(&args),
        Command::Send(args) => send::run(&args),
        Command::Serve(args) => serve::run(&args),
        Command::Inspect(args) => inspect::run(&args),
        Command::Queue(args) => jobs::run(&args),
        Command::Demo => demo::run(),
        Command::Completions(args) => Ok(completions::run(&args)),
        Command::Man(args) => manual::run(&args),
    };
    let status = match ended {
        Ok(report) => report.print(),
        Err(fix) => fix.print(),
    };
    output::flush_notes(MAX_FLUSH);
    status
}

/// Prints clap's help or error. An error quotes the arguments, which can contain any text, also a
/// secret that was given in the wrong place.
fn said_by_clap(mut said: clap::Error) -> ExitCode {
    possible_secret::hide_in(&mut said);
    let plain = said.render().to_string();
    if said.use_stderr() && output::escape_lines(&plain) != plain {
        output::usage(&plain);
    } else {
        // The reader may close the pipe early.
        let _ = said.print();
    }
    u8::try_from(said.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from)
}

const MAX_FLUSH: Duration = Duration::from_secs(1);
