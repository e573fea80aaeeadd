//! Converts the text after the options of a command's help into sections of its man page.

use clap_mangen::roff::{Roff, roman};

/// Paragraphs are notes, except the examples and the exit status.
pub(super) fn remarks(help: &str) -> Roff {
    let (mut notes, mut examples, mut status) = (Vec::new(), Vec::new(), Vec::new());
    for paragraph in help.split("\n\n") {
        if let Some(text) = paragraph.strip_prefix("Examples:\n") {
            examples.push(text);
        } else if let Some(text) = paragraph.strip_prefix("Exit status: ") {
            status.push(text);
        } else if is_indented(paragraph) && !examples.is_empty() {
            examples.push(paragraph);
        } else {
            notes.push(paragraph);
        }
    }

    let mut roff = Roff::new();
    for (title, paragraphs) in [("NOTES", notes), ("EXAMPLES", examples), ("EXIT STATUS", status)] {
        if paragraphs.is_empty() {
            continue;
        }
        roff.control("SH", [title]);
        for paragraph in paragraphs {
            roff.control("PP", []);
            write(&mut roff, paragraph);
        }
    }
    roff
}

/// Indented lines keep their line breaks; other text is filled.
fn write(roff: &mut Roff, paragraph: &str) {
    let mut keeps_lines = false;
    for line in paragraph.lines() {
        if is_indented(line) != keeps_lines {
            keeps_lines = !keeps_lines;
            roff.control(if keeps_lines { "nf" } else { "fi" }, []);
        }
        roff.text([roman(line)]);
    }
    if keeps_lines {
        roff.control("fi", []);
    }
}

fn is_indented(text: &str) -> bool {
    text.starts_with(' ')
}
