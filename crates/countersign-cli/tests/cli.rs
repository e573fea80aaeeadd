//! The program as a user runs it: real processes, their output and their exit status.
#![allow(clippy::unwrap_used, reason = "everything here is a test")]

#[path = "cli/completions.rs"]
mod completions;
#[path = "cli/demo.rs"]
mod demo;
#[path = "cli/diagnose.rs"]
mod diagnose;
#[path = "cli/limits.rs"]
mod limits;
#[path = "cli/manual.rs"]
mod manual;
#[path = "cli/output.rs"]
mod output;
#[path = "cli/program.rs"]
mod program;
#[path = "cli/request.rs"]
mod request;
#[path = "cli/samples.rs"]
mod samples;
#[path = "cli/schemes.rs"]
mod schemes;
#[path = "cli/secrets.rs"]
mod secrets;
#[path = "cli/sign.rs"]
mod sign;
#[path = "cli/terminal.rs"]
mod terminal;
#[path = "cli/vectors.rs"]
mod vectors;
#[path = "cli/verify.rs"]
mod verify;
#[path = "cli/width.rs"]
mod width;
