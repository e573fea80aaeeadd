//! Rejects words of the old dialect in comments, names, Markdown and printed texts.
//!
//! The project speaks the language of its readers: plain technical English, with the terms of the
//! field. The list is short, so that ordinary English passes. A line that needs a listed word in its
//! ordinary sense quotes it as code.

use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::run;

/// Each phrase, and what to write instead.
const PHRASES: [(&str, &str); 43] = [
    ("anew", "again"),
    ("asked in vain", "unavailable"),
    ("at hand", "available"),
    ("cannot be asked", "is unavailable"),
    ("comes again", "is redelivered"),
    ("come again", "be redelivered"),
    ("door", "adapter"),
    ("doors", "adapters"),
    ("in hand", "in progress, or claimed"),
    ("in the hands of", "claimed by"),
    ("in the place of", "instead of"),
    ("judge", "verify, or check"),
    ("judged", "verified, or checked"),
    ("judges", "verifies, or checks"),
    ("mend", "fix"),
    ("mended", "fixed"),
    ("mending", "fixing"),
    ("mends", "fixes"),
    ("nobody", "no caller, no client, no user"),
    ("nobody's", "of no caller, client or user"),
    ("refusal", "rejection"),
    ("refusals", "rejections"),
    ("refuse", "reject"),
    ("refused", "rejected"),
    ("refuses", "rejects"),
    ("refusing", "rejecting"),
    ("somebody", "a client, a caller, a user"),
    ("somebody's", "of a client, a caller, a user"),
    ("stand for", "mean"),
    ("standing in", "replacing"),
    ("stands", "is"),
    ("told", "reported, recorded or returned"),
    ("what came of", "the result of"),
    ("what comes of", "the result of"),
    ("where a", "if a"),
    ("where it does", "if it does"),
    ("where it is", "if it is"),
    ("where no", "if no"),
    ("where none", "if none"),
    ("where nothing", "if nothing"),
    ("where there is", "if there is"),
    ("whoever", "the client, the caller, the user"),
    ("whosoever", "the client, the caller, the user"),
];

/// Longer phrases in which a listed word has its ordinary sense, or that another program writes.
const ORDINARY: [&str; 5] = [
    "connection refused",
    "know where a",
    "place where a",
    "server refused to switch database",
    "shows where a",
];

/// The keywords before a name that is checked.
const DEFINITIONS: [&str; 8] = ["const", "enum", "fn", "mod", "static", "struct", "trait", "type"];

pub(crate) fn check() -> Result<(), String> {
    let mut files = Vec::new();
    let root = PathBuf::from(run::ROOT);
    list(&root, &mut files).map_err(|error| format!("the sources cannot be listed: {error}"))?;
    let mut found = Vec::new();
    for path in files {
        let file = path.strip_prefix(&root).unwrap_or(&path).display().to_string();
        let text = fs::read_to_string(&path).map_err(|error| format!("{file}: {error}"))?;
        let prose = if file.ends_with(".md") {
            markdown(&text)
        } else {
            [names(&text), rust(&text, is_printed(&file))].concat()
        };
        for (number, line) in prose {
            for (phrase, instead) in phrases_of(&line) {
                found.push(format!("{file}:{number}: \"{phrase}\": write \"{instead}\""));
            }
        }
    }
    if found.is_empty() {
        return Ok(());
    }
    Err(format!("{} words that readers have to decode:\n{}", found.len(), found.join("\n")))
}

/// The Rust and Markdown files below a folder, without build output and without this file.
fn list(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (path, name) = (entry.path(), entry.file_name());
        let name = name.to_string_lossy();
        if entry.file_type()?.is_dir() {
            if !name.starts_with('.') && name != "target" {
                list(&path, files)?;
            }
        } else if (name.ends_with(".rs") || name.ends_with(".md")) && !path.ends_with(file!()) {
            files.push(path);
        }
    }
    Ok(())
}

/// Whether the string literals of a file are texts that people read.
fn is_printed(file: &str) -> bool {
    let is_test = file.contains("tests") || file.contains("vectors");
    file.contains("/src/") && !is_test
}

/// The lines outside of fenced code, without code spans.
fn markdown(text: &str) -> Vec<(usize, String)> {
    let mut is_code = false;
    let mut lines = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
        } else if !is_code {
            lines.push((index + 1, without_code(line)));
        }
    }
    lines
}

/// The comments without their code, and the string literals if they are printed. Literals that
/// contain an escaped quote are read in part.
fn rust(text: &str, is_printed: bool) -> Vec<(usize, String)> {
    let mut is_code = false;
    let mut lines = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let (code, comment) = match line.find("//") {
            Some(at) if line[..at].matches('"').count() % 2 == 0 => line.split_at(at),
            _ => (line, ""),
        };
        if comment.contains("```") {
            is_code = !is_code;
        } else if !is_code {
            lines.push((index + 1, without_code(comment)));
        }
        if is_printed {
            let literals = code.split('"').skip(1).step_by(2);
            lines.extend(literals.map(|literal| (index + 1, without_values(literal))));
        }
    }
    lines
}

/// The names that are defined, as words: `fn nobody_knows` and `struct NobodyKnows`.
fn names(text: &str) -> Vec<(usize, String)> {
    let mut names = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        let tokens: Vec<&str> = code.split_whitespace().collect();
        for pair in tokens.windows(2).filter(|pair| DEFINITIONS.contains(&pair[0])) {
            names.push((index + 1, words_of_name(pair[1])));
        }
    }
    names
}

/// The words of the name at the start of a text, in lower case.
fn words_of_name(text: &str) -> String {
    let name = text.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
    let mut words = String::new();
    let mut is_in_word = false;
    for c in name.chars() {
        if c == '_' || c.is_uppercase() && is_in_word {
            words.push(' ');
        }
        if c != '_' {
            words.extend(c.to_lowercase());
        }
        is_in_word = c.is_lowercase();
    }
    words
}

fn without_code(line: &str) -> String {
    let mut prose: Vec<&str> = line.split('`').step_by(2).collect();
    // An opening mark without a closing one is a span that goes on in the next line.
    if line.matches('`').count() % 2 == 1 {
        prose.pop();
    }
    prose.join(" ` ")
}

/// A literal without code spans and without the values that are formatted into it.
fn without_values(literal: &str) -> String {
    let pieces = literal.split('{').map(|piece| piece.rsplit('}').next().unwrap_or_default());
    without_code(&pieces.collect::<Vec<_>>().join(" "))
}

/// The listed phrases in a line, each with its replacement.
fn phrases_of(line: &str) -> Vec<(&'static str, &'static str)> {
    let words = |text: &str| {
        let is_inside = |c: char| c.is_alphanumeric() || matches!(c, '_' | '\'' | '-');
        let words: Vec<_> =
            text.split(|c: char| !is_inside(c)).filter(|word| !word.is_empty()).collect();
        format!(" {} ", words.join(" ").to_lowercase())
    };
    let mut line = words(line);
    for phrase in ORDINARY {
        line = line.replace(phrase, " ");
    }
    let is_in = |(phrase, _): &(&str, &str)| line.contains(&format!(" {phrase} "));
    PHRASES.into_iter().filter(is_in).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&'static str> {
        let lines = rust(text, true);
        lines.iter().flat_map(|(_, line)| phrases_of(line)).map(|(phrase, _)| phrase).collect()
    }

    #[test]
    fn a_word_of_the_old_dialect_is_found_in_comments_and_printed_texts() {
        assert_eq!(found("/// The request is refused.\nfn f() {}"), ["refused"]);
        assert_eq!(found("let text = \"nobody knows\"; // Mended."), ["mended", "nobody"]);
        assert_eq!(markdown("What it *told*\n").len(), 1);
        assert_eq!(phrases_of("What it *told*")[0].0, "told");
    }

    #[test]
    fn a_word_of_the_old_dialect_is_found_in_names() {
        let of = |text: &str| -> Vec<&'static str> {
            let names = names(text);
            names.iter().flat_map(|(_, name)| phrases_of(name)).map(|(word, _)| word).collect()
        };
        assert_eq!(of("async fn what_is_told_where_a_name_is() {"), ["told", "where a"]);
        assert_eq!(of("    pub(crate) const fn nobody<T>(_: T) {}"), ["nobody"]);
        assert_eq!(of("pub struct SomebodyAsks;\nenum InHand {}"), ["somebody", "in hand"]);
        assert_eq!(of("const MAX_REFUSED: usize = 1;"), ["refused"]);
        assert_eq!(names("\nmod told;")[0].0, 2);
        assert!(of("let told = refused(stands); // fn told()").is_empty());
        assert!(of("fn untold_doorbells() {}").is_empty());
        assert!(of("fn a_connection_refused_by_the_kernel() {}").is_empty());
    }

    #[test]
    fn code_identifiers_and_ordinary_uses_pass() {
        assert!(found("let refused = told(stands);").is_empty());
        assert!(found("println!(\"{refused}: {told:?}\");").is_empty());
        assert!(found("/// Sets `refused`. See [`told`].").is_empty());
        assert!(found("// The kernel answers: connection refused.").is_empty());
        assert!(found("/// ```\n/// // refused\n/// ```").is_empty());
        assert!(markdown("```text\nrefused\n```\n").is_empty());
    }
}
