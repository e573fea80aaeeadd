//! `countersign man`: man pages, generated from the help texts.

mod remarks;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::{Args, Command, CommandFactory};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

use crate::cli::Cli;
use crate::output::Report;
use crate::possible_secret::shown_path;
use crate::usage_error::UsageError;
use remarks::remarks;

#[derive(Args)]
pub(crate) struct ManArgs {
    /// Directory for all pages: `countersign.1` and one page for each command. It is created if it
    /// does not exist
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

pub(crate) fn run(args: &ManArgs) -> Result<Report, UsageError> {
    let program = program();
    match &args.dir {
        Some(dir) => write_all(&program, dir),
        None => {
            let page = page(&program, None)
                .map_err(|error| UsageError::because("the man page cannot be generated", error))?;
            Ok(Report::machine(page))
        }
    }
}

/// The program with all its commands except `help`, which has no page.
fn program() -> Command {
    let mut program = Cli::command()
        .disable_help_subcommand(true)
        .mut_subcommand("queue", |queue| queue.disable_help_subcommand(true));
    program.build();
    program
}

/// A command and all commands below it, each with the name of the one above it.
fn with_subcommands<'c>(
    command: &'c Command,
    above: Option<&'c str>,
) -> Vec<(&'c Command, Option<&'c str>)> {
    let name = command.get_display_name().unwrap_or_else(|| command.get_name());
    let below = command.get_subcommands().flat_map(|below| with_subcommands(below, Some(name)));
    std::iter::once((command, above)).chain(below).collect()
}

fn write_all(program: &Command, dir: &Path) -> Result<Report, UsageError> {
    let folder = shown_path(dir);
    fs::create_dir_all(dir).map_err(|error| {
        UsageError::because(format!("the directory `{folder}` cannot be created"), error)
    })?;
    let mut pages = 0;
    for (command, above) in with_subcommands(program, None) {
        let path = dir.join(Man::new(command.clone()).get_filename());
        page(command, above).and_then(|page| fs::write(&path, page)).map_err(|error| {
            UsageError::because(
                format!("the man page `{}` cannot be written", shown_path(&path)),
                error,
            )
        })?;
        pages += 1;
    }
    Ok(Report::human(format!("{pages} pages written to {folder}\n")))
}

fn page(command: &Command, above: Option<&str>) -> io::Result<String> {
    let man = Man::new(command.clone())
        // No date, so that the same commit gives the same page. An empty field would shift others.
        .date(" ")
        .source(concat!("countersign ", env!("CARGO_PKG_VERSION")))
        .manual("Countersign Manual");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    if let Some(help) = command.get_after_long_help().or_else(|| command.get_after_help()) {
        remarks(&help.to_string()).to_writer(&mut page)?;
    }
    if let Some(above) = above {
        let mut others = Roff::new();
        others.control("SH", ["SEE ALSO"]).text([roman(format!("{above}(1)"))]);
        others.to_writer(&mut page)?;
    }
    // clap writes UTF-8 text.
    Ok(in_ascii(&String::from_utf8_lossy(&page)))
}

/// Escapes characters outside ASCII: groff reads them only if their encoding is configured.
fn in_ascii(page: &str) -> String {
    let mut ascii = String::with_capacity(page.len());
    for character in page.chars() {
        if character.is_ascii() {
            ascii.push(character);
        } else {
            ascii.push_str(&format!("\\[u{:04X}]", u32::from(character)));
        }
    }
    ascii
}
