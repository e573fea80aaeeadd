//! Help texts, colours, and the output streams.

use crate::program::countersign;

#[test]
fn the_name_alone_prints_the_help() {
    let help = countersign("").run().with(2);
    for said in ["Usage: countersign", "schemes", "verify", "sign", "demo", "Examples:"] {
        assert!(help.stderr.contains(said), "`{said}` is not in:\n{}", help.stderr);
    }
}

#[test]
fn every_command_shows_examples_in_its_help() {
    for command in ["", "schemes", "verify", "sign", "demo"] {
        for flag in ["-h", "--help"] {
            let help = countersign(command).arg(flag).run().with(0);
            let example = format!("  countersign {command}");
            assert!(help.stdout.contains("Examples:"), "{command} {flag}:\n{}", help.stdout);
            assert!(help.stdout.contains(example.trim_end()), "{command} {flag}");
        }
    }
    let pipe = countersign("sign --help").run().with(0).stdout;
    assert!(pipe.contains("countersign verify") && pipe.contains("-H @-"), "{pipe}");
    let version = countersign("--version").run().with(0).stdout;
    assert_eq!(version, format!("countersign {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn bad_usage_exits_with_status_2() {
    for words in ["frobnicate", "verify --frobnicate", "verify", "sign", "schemes a b", "demo a"] {
        countersign(words).run().must_fix(&["error:"]);
    }
    countersign("verify --scheme stripe --secret-env S --body - --now soon")
        .run()
        .must_fix(&["--now"]);
}

#[test]
fn colours_are_used_on_terminals_and_on_request() {
    for words in ["schemes", "schemes stripe", "schemes nonsense", "--help", "demo"] {
        let run = |variables: &[&str]| {
            let program = countersign(words);
            let ended =
                variables.iter().fold(program, |program, name| program.env(name, "1")).run();
            ended.stdout + &ended.stderr
        };
        assert!(!run(&[]).contains('\u{1b}'), "{words}");
        assert!(!run(&["CLICOLOR_FORCE", "NO_COLOR"]).contains('\u{1b}'), "{words}");
        assert!(run(&["CLICOLOR_FORCE"]).contains('\u{1b}'), "{words}");
    }
}

#[test]
fn json_and_signed_headers_have_no_colours_even_if_forced() {
    for words in [
        "schemes --json",
        "schemes stripe --json",
        "sign --scheme stripe --secret-env S --body -",
        "verify --scheme stripe --secret-env S --body - --json",
    ] {
        let ended = countersign(words).env("S", "secret").env("CLICOLOR_FORCE", "1").run();
        assert!(!ended.stdout.is_empty() && !ended.stdout.contains('\u{1b}'), "{words}");
    }
}

#[test]
fn a_closed_stdout_does_not_change_the_exit_status() {
    let rejected = "verify --scheme stripe --secret-env S --body -";
    for (words, status) in
        [("schemes", 0), ("schemes stripe --json", 0), (rejected, 1), ("demo", 0), ("--help", 0)]
    {
        let ended = countersign(words).env("S", "secret").run_unread().with(status);
        assert_eq!(ended.stderr, "", "{words}");
    }
}
