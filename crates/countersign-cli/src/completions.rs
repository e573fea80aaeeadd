//! `countersign completions`: generates shell completions.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::cli::Cli;
use crate::output::Report;

#[derive(Args)]
pub(crate) struct CompletionsArgs {
    /// Shell to generate completions for
    shell: Shell,
}

pub(crate) fn run(args: &CompletionsArgs) -> Report {
    let mut program = Cli::command();
    let name = program.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut program, name, &mut script);
    // clap writes UTF-8 text.
    Report::machine(String::from_utf8_lossy(&script))
}
