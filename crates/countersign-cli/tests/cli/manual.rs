//! `countersign man` generates man pages.

use std::fs;

use crate::program::{Files, commands, countersign};

#[test]
fn every_command_has_a_page_that_names_it_and_its_options() {
    let files = Files::new();
    let written = countersign("man --dir").arg(files.path("man1")).run().with(0);
    let commands = commands();
    let pages = 1 + commands.len() + QUEUE_COMMANDS.len();
    assert!(written.stdout.starts_with(&format!("{pages} pages")));
    assert_eq!(fs::read_dir(files.path("man1")).unwrap().count(), pages);
    for command in QUEUE_COMMANDS {
        let page = fs::read_to_string(files.path(&format!("man1/countersign-queue-{command}.1")));
        assert!(page.unwrap().contains("countersign\\-queue(1)"), "{command}");
    }

    for command in commands {
        let page =
            fs::read_to_string(files.path(&format!("man1/countersign-{command}.1"))).unwrap();
        let page = page.replace("\\-", "-");
        assert!(page.contains(&format!("\ncountersign-{command} - ")), "{page}");
        for option in options(&command) {
            assert!(page.contains(&option), "{command} {option}:\n{page}");
        }
        let help = countersign(&command).arg("--help").run().with(0).stdout;
        let status = help.split_once("Exit status: ").expect(&help).1.lines().next().unwrap();
        let sections = [".SH EXAMPLES", ".SH \"EXIT STATUS\"", status, ".SH \"SEE ALSO\""];
        assert!(are_in_order(&page, &sections), "{command}:\n{page}");
    }
}

#[test]
fn the_page_of_the_program_lists_the_commands_and_what_a_status_means() {
    let page = countersign("man").env("CLICOLOR_FORCE", "1").run().with(0).stdout;
    let page = page.replace("\\-", "-");
    for command in commands() {
        assert!(page.contains(&format!("countersign-{command}(1)")), "{command}:\n{page}");
    }
    let version = concat!("\"countersign ", env!("CARGO_PKG_VERSION"), "\"");
    assert!(page.contains(&format!(".TH countersign 1 \" \" {version}")), "{page}");
    assert!(page.contains("0 verified (or done), 1 rejected, 2 bad usage"), "{page}");
    assert!(!page.contains('\u{1b}'), "{page}");
}

#[test]
fn indented_blocks_keep_their_line_breaks() {
    let files = Files::new();
    countersign("man --dir").arg(files.path("")).run().with(0);
    let page = fs::read_to_string(files.path("countersign-verify.1")).unwrap();
    let example = page.split_once(".SH EXAMPLES").unwrap().1;
    let example = example.split_once("A body and headers:\n").unwrap().1;
    assert!(example.starts_with("    countersign verify"), "{page}");
    for page in fs::read_dir(files.path("")).unwrap() {
        let page = fs::read_to_string(page.unwrap().path()).unwrap();
        let (off, on) = (page.matches("\n.nf\n").count(), page.matches("\n.fi\n").count());
        assert!(off > 0 && off == on, "{page}");
    }
}

#[test]
fn the_pages_are_in_ascii() {
    let files = Files::new();
    countersign("man --dir").arg(files.path("")).run().with(0);
    for page in fs::read_dir(files.path("")).unwrap() {
        assert!(fs::read(page.unwrap().path()).unwrap().is_ascii());
    }
    let help = countersign("verify --help").run().with(0).stdout;
    let page = fs::read_to_string(files.path("countersign-verify.1")).unwrap();
    assert!(help.contains("sha256=7571…") && page.contains("sha256=7571\\[u2026]"), "{page}");
}

#[test]
fn existing_pages_are_overwritten() {
    let files = Files::new().with("countersign.1", "old").with("other.1", "another program's");
    countersign("man --dir").arg(files.path("")).run().with(0);
    let page = fs::read_to_string(files.path("countersign.1")).unwrap();
    assert!(page.contains(".TH countersign"), "{page}");
    assert_eq!(fs::read_to_string(files.path("other.1")).unwrap(), "another program's");
}

#[test]
fn errors_name_the_folder_or_page_that_cannot_be_written() {
    let files = Files::new().with("file", "");
    let path = files.arg("file");
    countersign("man --dir").arg(&path).run().must_fix(&[&path, "cannot be created"]);

    fs::create_dir_all(files.path("man1/countersign-verify.1")).unwrap();
    let path = files.arg("man1/countersign-verify.1");
    countersign("man --dir").arg(files.path("man1")).run().must_fix(&[&path, "cannot be written"]);
}

#[test]
fn a_closed_stdout_is_not_an_error() {
    assert_eq!(countersign("man").run_unread().with(0).stderr, "");
    let files = Files::new();
    let written = countersign("man --dir").arg(files.path("man1")).run_unread().with(0);
    assert_eq!(written.stderr, "");
    assert!(files.path("man1/countersign.1").is_file());
}

/// The commands of `queue`, which have pages of their own.
const QUEUE_COMMANDS: [&str; 6] = ["list", "show", "retry", "discard", "pause", "resume"];

/// The long options that a command's help lists.
fn options(command: &str) -> Vec<String> {
    let help = countersign(command).arg("--help").run().with(0).stdout;
    let listed = help.split_once("\nOptions:\n").unwrap().1.split("\n\n").next().unwrap();
    let words = listed.lines().filter_map(|line| {
        let line = line.trim_start();
        line.starts_with('-').then(|| line.split(' ').find(|word| word.starts_with("--")))?
    });
    words.map(str::to_owned).collect()
}

fn are_in_order(text: &str, parts: &[&str]) -> bool {
    let mut rest = text;
    parts.iter().all(|part| match rest.split_once(part) {
        Some((_, after)) => {
            rest = after;
            true
        }
        None => false,
    })
}
