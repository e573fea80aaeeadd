//! `countersign completions` generates scripts for each shell.

use std::collections::HashSet;
use std::process::Command;

use countersign::schemes;
use countersign::testing::AttackKind;

use crate::program::{Files, commands, countersign};

#[test]
fn every_script_names_all_commands() {
    for shell in SHELLS {
        let script = script(shell);
        for command in commands() {
            assert!(script.contains(&command), "{shell}: {command}");
        }
    }
}

/// The scripts for elvish and PowerShell do not complete option values.
#[test]
fn scripts_that_know_values_name_all_schemes_aliases_and_forgeries() {
    let kinds = AttackKind::ALL.iter().filter(|kind| **kind != AttackKind::Genuine);
    let aliases = schemes::aliases().map(|(alias, _)| alias);
    let words = schemes::names().chain(aliases).chain(kinds.map(|kind| kind.name()));
    let words: Vec<&str> = words.collect();
    for shell in ["bash", "fish", "zsh"] {
        let script = script(shell);
        let named: HashSet<&str> = script.split(|c| " \"'\\(){}\t\n".contains(c)).collect();
        for word in &words {
            assert!(named.contains(word), "{shell}: {word}");
        }
    }
}

#[test]
fn bash_completes_commands_options_and_schemes() {
    for (words, expected) in [
        (&["ver"][..], "verify"),
        (&["verify", "--secret-f"], "--secret-file"),
        (&["verify", "--scheme", "strip"], "stripe"),
        (&["schemes", "strip"], "stripe"),
        (&["send", "--attack", "tampered-b"], "tampered-body"),
        (&["completions", "elv"], "elvish"),
    ] {
        assert_eq!(completed_by_bash(words), [expected], "{words:?}");
    }
}

/// If the script offers nothing, bash completes file names, because a scheme can be a file.
#[test]
fn file_names_are_completed_by_bash_itself() {
    assert_eq!(completed_by_bash(&["verify", "--scheme", "./ac"]), [""; 0]);
    assert!(script("bash").contains("-o default"));
}

#[test]
fn an_unlisted_scheme_name_is_still_accepted() {
    let toml = countersign("schemes stripe --toml").run().with(0).stdout;
    let files = Files::new().with("acme.toml", toml);
    countersign("schemes").arg(files.arg("acme.toml")).run().with(0);
    countersign("verify --secret-env S --body -")
        .args(["--scheme", &files.arg("acme.toml")])
        .env("S", "secret")
        .run()
        .with(1);
}

#[test]
fn the_help_does_not_list_every_scheme() {
    for words in ["schemes --help", "verify --help", "send --help"] {
        let help = countersign(words).run().with(0).stdout;
        assert!(!help.contains("woocommerce"), "{help}");
    }
}

#[test]
fn the_help_says_where_each_script_belongs() {
    let help = countersign("completions --help").run().with(0).stdout;
    for shell in SHELLS {
        assert!(help.contains(&format!("countersign completions {shell} ")), "{shell}:\n{help}");
    }
}

#[test]
fn the_error_for_an_unknown_shell_lists_the_known_ones() {
    countersign("completions tcsh").run().must_fix(&SHELLS);
    countersign("completions").run().must_fix(&["<SHELL>"]);
}

#[test]
fn a_closed_stdout_is_not_an_error() {
    for shell in SHELLS {
        let ended = countersign("completions").arg(shell).run_unread().with(0);
        assert_eq!(ended.stderr, "", "{shell}");
    }
}

fn script(shell: &str) -> String {
    countersign("completions").arg(shell).env("CLICOLOR_FORCE", "1").run().with(0).stdout
}

/// The completions that bash offers for the last of these words.
fn completed_by_bash(words: &[&str]) -> Vec<String> {
    let files = Files::new().with("script", script("bash"));
    let output = Command::new("bash")
        .args(["--norc", "--noprofile", "-c", ASK_BASH, "bash"])
        .arg(files.path("script"))
        .arg("countersign")
        .args(words)
        .output()
        .unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    let offered = String::from_utf8(output.stdout).unwrap();
    offered.lines().map(str::to_owned).collect()
}

/// Calls the script's function as bash does. `bash -n` checks the syntax first.
const ASK_BASH: &str = r#"
bash -n "$1" && . "$1" || exit
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_countersign "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
for offered in "${COMPREPLY[@]}"; do printf '%s\n' "$offered"; done
"#;

const SHELLS: [&str; 5] = ["bash", "elvish", "fish", "powershell", "zsh"];
